"""Problem documents as OpenMeter clients read them: of the type `about:blank`, with faults in `extensions`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from billing_sdk.errors import BillingError, InvalidRequest, ServerFault
from billing_sdk.server.storage.outages import DATABASE_AWAY, is_outage
from billing_sdk.server.web import as_billing_error, as_told, database_is_away, error_headers, request_id_of

ErrorHandler: TypeAlias = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def error_answer(request: Request, error: BillingError) -> JSONResponse:
    """Return an error as a problem."""
    error = as_told(request, error)
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": f"urn:request:{request_id_of(request)}",
        "code": error.code,
    }
    if "parameter" in error.facts:
        fault = {"code": error.code, "message": error.detail, "field": str(error.facts["parameter"])}
        document["extensions"] = {"validationErrors": [fault]}
    headers = dict(error_headers(request, error))
    return JSONResponse(document, error.status, headers, media_type="application/problem+json")


def exception_handlers() -> dict[int | type[Exception], ErrorHandler]:
    """Return the handlers that make a problem of every error."""
    return {
        BillingError: _on_error,
        RequestValidationError: _on_error,
        HTTPException: _on_error,
        **dict.fromkeys(DATABASE_AWAY, _on_outage),
        Exception: _on_error,
    }


async def _on_error(request: Request, error: Exception) -> Response:
    match error:
        case BillingError():
            return error_answer(request, error)
        case RequestValidationError():
            fault = error.errors()[0]
            name = ".".join(str(part) for part in fault["loc"][1:]) or "body"
            return error_answer(request, InvalidRequest(f"{name[:128]}: {fault['msg']}", parameter=name[:128]))
        case HTTPException():
            return error_answer(request, as_billing_error(request, error))
        case _:
            return error_answer(request, ServerFault())


async def _on_outage(request: Request, error: Exception) -> Response:
    if not is_outage(error):
        raise error
    return error_answer(request, database_is_away(request, error))
