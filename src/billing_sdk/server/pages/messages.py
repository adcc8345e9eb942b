"""Errors as pages: what is wrong, what to do next, and the way back."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import (
    BillingError,
    GatewayNotConfigured,
    GatewayNotConnected,
    GatewayUnauthorized,
    GatewayUnreachable,
)
from billing_sdk.server import web
from billing_sdk.server.pages.rendering import NOBODY, show
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.errors import wants_html
from billing_sdk.server.words import Phrase, detail_of, phrase, phrase_of, remedy_of, title_of

# What to do next, for people: the catalogue's own words are for whoever writes the program that called.
REMEDIES = {
    "billing_not_enabled": phrase("Nothing is charged while it is off. Go back to the application."),
    "forbidden": phrase("Ask whoever gave you this link, or go back to the application."),
    "invalid_request": phrase("Go back to the application and start again."),
    "method_not_allowed": phrase("Go back to the application and start again."),
    "not_found": phrase("Check the address, or go back to the application."),
    "payload_too_large": phrase("Go back, and send less."),
    "rate_limited": phrase("Wait a minute and try again."),
    "route_not_found": phrase("Check the address, or go back to the application."),
    "unauthenticated": phrase("Go back to the application and sign in again."),
}


# What a customer can do nothing about: whoever runs the server finds the reason in the dashboard and in the log.
OUT_OF_ORDER = (GatewayNotConfigured, GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable)
CLOSED = phrase("Payments are not possible right now")
CLOSED_REMEDY = phrase("Try again in a few minutes. Your plan stays as it is, and nothing is charged twice.")


def page(serve: Callable[[Request, Engine], Response]) -> Callable[..., object]:
    """Make an endpoint whose errors are pages for a browser, and problem documents for anything else."""

    @wraps(serve)
    def guarded(request: Request, engine: Engine) -> Response:
        try:
            return serve(request, engine)
        except BillingError as error:
            if not wants_html(request):
                raise
            return show_error(request, error, application=application_for(engine))

    return web.endpoint(guarded)


def show_error(
    request: Request, error: BillingError, *, application: str, return_url: str = "", is_operator: bool = False
) -> Response:
    """Return an error as a page that says whose application it is about, where that is known.

    Args:
        request: what was asked for.
        error: why it is not there.
        application: whose pages these are.
        return_url: the way back, if there is one.
        is_operator: somebody reads it who can mend what is out of order; others are told that it is.
    """
    error = web.as_told(request, error)
    is_hidden = isinstance(error, OUT_OF_ORDER) and not is_operator
    response = show(
        request,
        "message.html",
        status=error.status,
        application=application,
        headline=CLOSED if is_hidden else title_of(error),
        detail=None if is_hidden else detail_of(error),
        remedy=CLOSED_REMEDY if is_hidden else remedy_for_people(error),
        return_url=return_url,
    )
    response.headers.update(web.error_headers(request, error))
    return response


def remedy_for_people(error: BillingError) -> Phrase:
    """Return what somebody at a page can do about an error, where the catalogue only tells a program what to do."""
    if error.remedy != type(error).default_remedy:
        return remedy_of(error)
    if "retry_after_seconds" in error.facts:
        return phrase("Wait %(time)s and try again.", time=waiting_time(error))
    return REMEDIES.get(error.code) or remedy_of(error)


def waiting_time(error: BillingError) -> Phrase:
    """Return how long to wait before trying again, in whole minutes: "a minute", "3 minutes"."""
    minutes = math.ceil(int(error.facts.get("retry_after_seconds", 60)) / 60)
    return phrase_of("a minute", "%(number)s minutes", max(minutes, 1))


def show_message(
    request: Request, *, headline: Phrase, detail: Phrase, application: str, return_url: str = ""
) -> Response:
    """Return a page that says one thing."""
    return show(
        request,
        "message.html",
        application=application,
        headline=headline,
        detail=detail,
        remedy=None,
        return_url=return_url,
    )


def application_for(engine: Engine, return_url: str | None = None) -> str:
    """Return the name of the application that a way back leads to; without one, of the only one that there is."""
    with engine.read() as tx:
        known = [found for found in tx.applications.list() if found.kind == "web"]
    if return_url:
        known = [found for found in known if found.allows_return_to(return_url)]
    return known[0].name if known and (return_url or len(known) == 1) else NOBODY
