"""Errors as Stripe's clients know them: one object, `error`, with a type, a code, a message and a parameter.

v2 has types of its own for what a client tells by them, and those of v1 otherwise, for some clients choose a class by
nothing else. What this door refuses in its own words is made by `refused`; errors of the engine get their codes from
the route (`v1`, `v2`), else from the tables below, else keep their own. What to do next stands at the end of the
message, for these clients show nothing else.
Source: Stripe documentation, Errors; Error codes; the published clients of Stripe, which choose a class by these.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import (
    APIError,
    BillingError,
    CardDeclined,
    Conflict,
    Forbidden,
    IdempotencyMismatch,
    InvalidRequest,
    NotFound,
    RateLimited,
    RouteNotFound,
    Unauthenticated,
)
from billing_sdk.server.api.stripe.faults import Fault, fault_of
from billing_sdk.server.api.stripe.ids import in_words
from billing_sdk.server.web import as_told, error_headers, request_id_of
from billing_sdk.server.web.handlers import ErrorHandler, error_handlers

BY_STATUS: Final[Mapping[int, type[APIError]]] = {
    400: InvalidRequest,
    401: Unauthenticated,
    402: CardDeclined,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
}
# A status that this API does not have for what is refused, and the one that stands for it. Clients send again what is
# answered 409, and tell no code then: a state that does not allow something is 400.
INSTEAD: Final = {409: 400, 410: 404, 412: 400, 413: 400, 415: 400, 422: 400, 424: 400}
NOT_AGAIN: Final = {"Stripe-Should-Retry": "false"}
# Facts of the engine's errors that are members of an error here.
SHOWN_FACTS: Final = ("decline_code",)
V1_TYPES: Final = {402: "card_error", 500: "api_error", 501: "api_error", 502: "api_error", 503: "api_error"}
V2_TYPES: Final = {401: "authentication_error", 429: "rate_limit"}
V1_CODES: Final[Mapping[type[BillingError], str]] = {
    NotFound: "resource_missing",
    RouteNotFound: "",
    RateLimited: "rate_limit",
    IdempotencyMismatch: "",
    InvalidRequest: "parameter_invalid",
}
V2_CODES: Final[Mapping[type[BillingError], str]] = {
    NotFound: "not_found",
    RateLimited: "rate_limit",
    IdempotencyMismatch: "idempotency_error",
    InvalidRequest: "parameter_invalid",
}


def refused(
    code: str,
    detail: str,
    *,
    status: int = 400,
    param: str | None = None,
    type: str | None = None,  # noqa: A002 - the member's own name
    remedy: str = "",
    **members: Any,
) -> BillingError:
    """Return an error to raise with a code that only this door has.

    Args:
        code: as Stripe's documentation has it, such as `billing_intent_expired`.
        detail: what is wrong, as a sentence or without its full stop.
        status: one of those in `BY_STATUS`.
        param: the parameter that is wrong, as the client writes it.
        type: where a client tells the error by it; the one that belongs to the status where nothing is said.
        remedy: what to do next, where that is not plain.
        members: further members of the error, such as `decline_code`.
    """
    facts = {"published_code": code, "parameter": param, "published_type": type, "published_members": members}
    return BY_STATUS[status](detail, remedy=remedy, **{name: value for name, value in facts.items() if value})


def error_answer(request: Request, error: BillingError) -> Response:
    """Return an error in the shape of the API that was called."""
    error = as_told(request, error)
    is_v1 = request.app.state.api == "v1"
    status = error.status if "published_code" in error.facts else INSTEAD.get(error.status, error.status)
    code = str(error.facts.get("published_code") or _code_of(request, error))
    param = error.facts.get("parameter")
    if isinstance(error, IdempotencyMismatch):
        status = 400 if is_v1 else 409
    if is_v1 and code == V1_CODES[NotFound]:  # what a path names is missing, or what a parameter names
        status, param = (404, "id") if param is None else (400, param)
    fault = Fault(code, _message_of(request, error, code), param)
    type_ = error.facts.get("published_type") or _type_of(request, error, status)
    members = {name: error.facts[name] for name in SHOWN_FACTS if name in error.facts}
    members |= error.facts.get("published_members", {})
    return _answer(status, fault, type_, members, headers=_headers_of(request, error, status))


def exception_handlers() -> dict[int | type[Exception], ErrorHandler]:
    """Return the handlers that give every error the door's shape."""
    return error_handlers(error_answer, _on_bad_request)


def edge_answer(api: str) -> Callable[[Request, BillingError], Response]:
    """Return what shows an error that comes before the door is reached, as that API would."""
    app = SimpleNamespace(state=SimpleNamespace(api=api))

    def show(request: Request, error: BillingError) -> Response:
        answer = error_answer(Request({**request.scope, "app": app}), error)
        answer.headers["Request-Id"] = request_id_of(request)
        return answer

    return show


def _on_bad_request(request: Request, error: RequestValidationError) -> Response:
    fault = fault_of(error, is_v1=request.app.state.api == "v1")
    return _answer(400, fault, _type_of(request, InvalidRequest(), 400), {}, headers=NOT_AGAIN)


def _answer(
    status: int,
    fault: Fault,
    type_: str | None,
    members: Mapping[str, Any],
    *,
    headers: Mapping[str, str],
) -> Response:
    told: dict[str, Any] = {
        "type": type_,
        "code": fault.code or None,
        "message": fault.message,
        "param": fault.param,
        **members,
    }
    document = {"error": {name: value for name, value in told.items() if value is not None}}
    return Response(json.dumps(document), status, dict(headers), media_type="application/json")


def _message_of(request: Request, error: BillingError, code: str) -> str:
    """Return what is wrong and what to do next, with ids as clients know them; it begins like a sentence."""
    detail = error.detail if error.detail.endswith((".", "?", "!")) else f"{error.detail}."
    if detail.partition(" ")[0].isalpha():  # or else it is a name, which stays as it is written
        detail = f"{detail[:1].upper()}{detail[1:]}"
    engine = getattr(request.app.state, "engine", None)
    is_live = engine is not None and engine.settings.environment == "live"
    is_v1 = request.app.state.api == "v1"
    return in_words(f"{detail} {error.remedy}".strip(), is_v1=is_v1, is_live=is_live, code=code)


def _code_of(request: Request, error: BillingError) -> str:
    """Return the code that the route has for an error, or else the door, or else the error itself.

    In v2 a thing that a parameter names has the code of its own kind, whatever the route is about.
    """
    is_v1 = request.app.state.api == "v1"
    of_kind = f"{error.facts['entity']}_not_found" if not is_v1 and "entity" in error.facts else None
    if of_kind is not None and "parameter" in error.facts:
        return of_kind
    of_route: Mapping[str, str] = (getattr(request.scope.get("route"), "openapi_extra", None) or {}).get("x-codes", {})
    found = next((of_route[one.__name__] for one in type(error).__mro__ if one.__name__ in of_route), of_kind)
    return found or (V1_CODES if is_v1 else V2_CODES).get(type(error), error.code)


def _type_of(request: Request, error: BillingError, status: int) -> str:
    if isinstance(error, IdempotencyMismatch):
        return "idempotency_error"
    if request.app.state.api == "v1":
        return V1_TYPES.get(status, "invalid_request_error")
    return V2_TYPES.get(status, V1_TYPES.get(status, "invalid_request_error"))


def _headers_of(request: Request, error: BillingError, status: int) -> dict[str, str]:
    """Return the headers of an error; whether to send again is said where it is certain."""
    headers = error_headers(request, error)
    if isinstance(error, IdempotencyMismatch) or status in (400, 401, 402, 403, 404):
        headers |= NOT_AGAIN
    elif status in (429, 503):
        headers["Stripe-Should-Retry"] = "true"
    return headers
