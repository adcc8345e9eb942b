"""The envelopes: what every body that comes in and every answer that goes out has in common."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from billing_sdk.errors import (
    BillingError,
    CustomerExists,
    InvalidRequest,
    RouteNotFound,
)
from billing_sdk.server.web import (
    as_told,
    error_headers,
    request_id_of,
)
from billing_sdk.server.web.handlers import ErrorHandler, error_handlers
from billing_sdk.server.web.operations import asked_often
from billing_sdk.server.web.strict_route import StrictRoute as StrictRoute

T = TypeVar("T")

# Codes that the published API has already given a name.
PUBLISHED_CODES: dict[type[BillingError], str] = {CustomerExists: "BILLING_CUSTOMER_EXISTS"}


class ErrorEntry(BaseModel):
    """One thing that is wrong; some codes have facts of their own besides."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str


class ErrorAnswer(BaseModel):
    """Every refusal; `errors` is an object where the route does not exist, as published."""

    errors: list[ErrorEntry] | ErrorEntry
    request_id: str


REFUSED_ANYWHERE = {
    400: "The request is malformed; one entry for each bad field.",
    401: "There is no token, or not one that this API takes.",
    403: "The token does not allow this, the message names the scope that does; or billing is off.",
    404: "There is no such thing.",
    405: "The path does not take this method.",
    413: "The body is too large.",
    429: "Too many requests; the RateLimit-Reset header says for how many seconds to wait.",
}
REFUSED_WHERE_SOMETHING_CHANGES = {
    402: "The change is to be paid for, and can't be.",
    409: "The change does not fit the present state.",
    415: "The body is not JSON.",
    422: "The idempotency key was used for another request.",
}


def refusals(*groups: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return what a route's documentation, which has `ErrorAnswer`, says of the refusals that it may answer with."""
    return {
        status: {
            "description": description,
            "content": {
                # What the server refuses before a request has come to the door (RFC 9457).
                "application/problem+json": {"schema": {"type": "object"}},
                "application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorAnswer.__name__}"}},
            },
        }
        for group in groups
        for status, description in sorted(group.items())
    }


class Body(BaseModel):
    """A body that a client sends: unknown fields are refused, and nothing is converted on the quiet."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Answer(BaseModel):
    """A success of the Management API."""

    code: str = "OK"
    message: str = "Success"


class Metadata(BaseModel):
    """Where a list of the Account API goes on."""

    has_more: bool
    next_page_starting_after: str | None


class Listed(BaseModel, Generic[T]):
    """A list of the Account API."""

    data: T
    metadata: Metadata


class Single(BaseModel, Generic[T]):
    """One thing of the Account API."""

    data: T
    metadata: dict[str, Any] = {}


@asked_often
async def known_parameters(request: Request) -> None:
    """Let a query pass whose parameters the operation has: one that is dropped in silence would give other figures.

    It is for what this door has of its own. Published operations take no notice of what they don't know.

    Raises:
        InvalidRequest: the operation does not have one of them.
    """
    waiting: list[Dependant] = [request.scope["route"].dependant]
    known: set[str] = set()
    while waiting:
        found = waiting.pop()
        known.update(field.alias for field in found.query_params)
        waiting += found.dependencies
    for name in request.query_params:
        if name not in known:
            raise InvalidRequest(f"the operation has no query parameter {name[:64]!r}", parameter=name[:64])


def exception_handlers() -> dict[int | type[Exception], ErrorHandler]:
    """Return the handlers that put every error into the envelope."""
    return error_handlers(error_answer, _on_bad_fields)


def error_answer(request: Request, found: BillingError) -> JSONResponse:
    """Return an error in the envelope."""
    found = as_told(request, found)
    if isinstance(found, RouteNotFound):
        # Published as an object where every other error is a list.
        return _answer(request, found, {"code": "ROUTE_NOT_FOUND", "message": "The requested API route does not exist"})
    return _answer(request, found, [entry_of(found)])


def entry_of(found: BillingError) -> dict[str, Any]:
    """Return an error as one entry of a list of them."""
    return {
        "code": PUBLISHED_CODES.get(type(found), found.code.upper()),
        "message": str(found),
        # Extensions: the two halves of the message, so that a client can tell them apart again.
        "detail": found.detail,
        "remedy": found.remedy,
        **found.facts,
    }


def _on_bad_fields(request: Request, error: RequestValidationError) -> Response:
    entries = [{"code": "INVALID_REQUEST", **_bad_field(problem)} for problem in error.errors()]
    return _answer(request, InvalidRequest(), entries)


def _bad_field(problem: dict[str, Any]) -> dict[str, str]:
    """Name the field and what is wrong with it, without repeating what was sent."""
    name = ".".join(str(part) for part in problem["loc"][1:])[:128] or "body"
    reason = "is not a known field" if problem["type"] == "extra_forbidden" else problem["msg"]
    return {"message": f"{name}: {reason[:1].lower()}{reason[1:]}", "parameter": name}


def _answer(request: Request, error: BillingError, errors: Any) -> JSONResponse:
    headers = error_headers(request, error)
    if "Retry-After" in headers:
        headers["RateLimit-Reset"] = headers["Retry-After"]
    return JSONResponse({"errors": errors, "request_id": request_id_of(request)}, error.status, headers)
