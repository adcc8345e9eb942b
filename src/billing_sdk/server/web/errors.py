"""Errors as answers: a page for a browser, a problem document (RFC 9457) for a program."""

from __future__ import annotations

import logging
from html import escape
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Match
from starlette.types import ExceptionHandler

from billing_sdk.errors import (
    BillingError,
    InvalidRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    RouteNotFound,
    ServerBusy,
    ServerFault,
    UnsupportedMediaType,
)
from billing_sdk.server.storage.outages import is_outage
from billing_sdk.server.web.credentials import has_bearer_token
from billing_sdk.server.web.outages import database_is_away
from billing_sdk.server.web.plain_page import plain_page
from billing_sdk.server.web.request_id import request_id_of
from billing_sdk.server.words import detail_of, remedy_for_people, title_of

logger = logging.getLogger("billing_sdk.server")

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")

BY_STATUS: dict[int, type[BillingError]] = {
    404: RouteNotFound,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
}

REFERENCE = '<p class="soft small">Error {code}, request {request_id}</p>'


def render_error(request: Request, error: BillingError) -> Response:
    """Return the answer that tells the caller what is wrong and what to do next."""
    error = as_told(request, error)
    headers = error_headers(request, error)
    if wants_html(request):
        return HTMLResponse(_page(request, error), error.status, headers)
    document = {**error.problem(), "request_id": request_id_of(request)}
    return JSONResponse(document, error.status, headers, media_type="application/problem+json")


def as_told(request: Request, error: BillingError) -> BillingError:
    """Return an error as a caller may know it: what is wrong inside the server is logged, and told to nobody."""
    if error.status < 500 or isinstance(error, (ServerBusy, ServerFault)):
        return error
    logger.error("request %s failed", request_id_of(request), exc_info=error)
    return ServerFault()


def wants_html(request: Request) -> bool:
    """Tell whether a browser is asking, not a program."""
    return "text/html" in request.headers.get("accept", "")


def error_headers(request: Request, error: BillingError) -> dict[str, str]:
    """Return the headers that belong to an error: Retry-After, and WWW-Authenticate (RFC 9110, section 11.6.1).

    Whoever sent a token hears that it was the token, and whoever sent none hears no error (RFC 6750, section 3.1).
    """
    headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if has_bearer_token(request) else "Bearer"
    if "retry_after_seconds" in error.facts:
        headers["Retry-After"] = str(error.facts["retry_after_seconds"])
    if "allow" in error.facts:
        headers["Allow"] = str(error.facts["allow"])
    return headers


def as_billing_error(request: Request, error: HTTPException) -> BillingError:
    """Return the catalogue's word for what the framework refused."""
    if isinstance(error.__cause__, BillingError):
        return error.__cause__
    if error.status_code >= 500:
        return ServerFault()
    if error.status_code == 405:
        return MethodNotAllowed(allow=", ".join(_methods_of(request)))
    return BY_STATUS.get(error.status_code, InvalidRequest)()


def _methods_of(request: Request) -> list[str]:
    """Return the methods that some route takes with this path; the framework names those of the first route only."""
    # Most routes have other paths, whatever the method.
    here = [route for route in request.app.routes if route.matches({**request.scope})[0] is not Match.NONE]
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in here)
    ]


def exception_handlers() -> dict[Any, ExceptionHandler]:
    """Return the handlers for the errors that a route outside the enveloped doors may raise."""
    return {BillingError: _on_billing_error, HTTPException: _on_http_exception}


async def _on_billing_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, BillingError)  # noqa: S101 - registered for this class
    return render_error(request, error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    return render_error(request, as_billing_error(request, error))


def unexpected_error(request: Request, error: Exception) -> BillingError:
    """Log what nobody expected under its request id, and return what is told of it: not a word about its inside."""
    if is_outage(error):
        return database_is_away(request, error)
    logger.error("request %s failed", request_id_of(request), exc_info=error)
    return ServerFault()


def _page(request: Request, error: BillingError) -> str:
    reference = REFERENCE.format(code=escape(error.code), request_id=escape(request_id_of(request)))
    return plain_page(request, title_of(error), detail_of(error), remedy_for_people(error), markup=reference)
