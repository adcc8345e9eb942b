"""Problem documents as OpenMeter clients read them: of the type `about:blank`, with faults in `extensions`."""

from __future__ import annotations

from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from billing_sdk.errors import BillingError, InvalidRequest
from billing_sdk.server.web import as_told, error_headers, request_id_of
from billing_sdk.server.web.handlers import ErrorHandler, error_handlers


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
    return error_handlers(error_answer, _on_bad_request)


def _on_bad_request(request: Request, error: RequestValidationError) -> JSONResponse:
    fault = error.errors()[0]
    name = ".".join(str(part) for part in fault["loc"][1:]) or "body"
    return error_answer(request, InvalidRequest(f"{name[:128]}: {fault['msg']}", parameter=name[:128]))
