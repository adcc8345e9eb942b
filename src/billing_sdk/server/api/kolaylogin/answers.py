"""What the door answers: the state of billing, and errors in an envelope of two fields.

The KolayLogin contract fixes an error's status and code; the envelope around them is this project's own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import JSONResponse

from billing_sdk.errors import BillingError, InvalidRequest
from billing_sdk.server.domain.workspace import GatewayKind, Workspace
from billing_sdk.server.web import as_told, error_headers
from billing_sdk.server.web.handlers import error_handlers


class EnableBody(BaseModel):
    """What billing is enabled with."""

    model_config = ConfigDict(extra="forbid", strict=True)

    gateway: GatewayKind = "managed"


class BillingStatus(BaseModel):
    """Whether billing is on, since when, and by which gateway money is collected.

    The gateway that was chosen last is null while billing is off.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True)

    billing_enabled: bool
    billing_enabled_at: datetime | None
    billing_gateway: GatewayKind | None

    @classmethod
    def of(cls, workspace: Workspace) -> BillingStatus:
        """Show the workspace in the door's words."""
        return cls(
            billing_enabled=workspace.is_billing_enabled,
            billing_enabled_at=workspace.billing_enabled_at,
            billing_gateway=workspace.gateway if workspace.is_billing_enabled else None,
        )


class ErrorView(BaseModel):
    """What is wrong; some codes have facts of their own besides."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str = Field(description="What is wrong, and what to do next.")


class ErrorAnswer(BaseModel):
    """Every refusal of this door."""

    error: ErrorView


REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": description}
    for status, description in {
        400: "The request is malformed, the gateway is not set up, or billing is in use and can't be disabled.",
        401: "There is no dashboard token, or not a valid one.",
        404: "There is no such thing.",
        405: "The path does not take this method.",
        409: "No account is linked that can take charges, or a charge at the present gateway is not settled.",
        413: "The body is too large.",
        415: "The body is not JSON.",
        422: "The idempotency key was used for another request.",
        429: "Too many requests.",
    }.items()
}


def error_answer(request: Request, error: BillingError) -> JSONResponse:
    """Return an error in the envelope."""
    told = as_told(request, error)
    view = {"code": told.code, "message": str(told), **told.facts}
    return JSONResponse({"error": view}, told.status, error_headers(request, told))


def _bad_field(error: RequestValidationError) -> InvalidRequest:
    """Name the first field that is wrong, without repeating what was sent."""
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"][1:])[:128] or "body"
    reason = "is not a known field" if problem["type"] == "extra_forbidden" else problem["msg"]
    return InvalidRequest(f"{name}: {reason[:1].lower()}{reason[1:]}", parameter=name)


def _on_bad_request(request: Request, error: RequestValidationError) -> JSONResponse:
    return error_answer(request, _bad_field(error))


EXCEPTION_HANDLERS = error_handlers(error_answer, _on_bad_request)
