"""Errors as pages: what is wrong, what to do next, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from urllib.parse import urlsplit

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
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.domain.identity.application import origin_of
from billing_sdk.server.pages.rendering import NOBODY, PLAIN, show
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.errors import wants_html
from billing_sdk.server.words import Phrase, detail_of, phrase, remedy_for_people, title_of

# What a customer can do nothing about: whoever runs the server finds the reason in the dashboard and in the log.
OUT_OF_ORDER = (GatewayNotConfigured, GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable)
SERVER_FAULT = 500
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
    request: Request,
    error: BillingError,
    *,
    application: str,
    return_url: str = "",
    chosen_language: str | None = None,
    is_operator: bool = False,
) -> Response:
    """Return an error as a page that says whose application it is about, where that is known.

    Args:
        request: what was asked for.
        error: why it is not there.
        application: whose pages these are.
        return_url: the way back, if there is one.
        chosen_language: what the application asked for when it sent the visitor.
        is_operator: somebody reads it who can mend what is out of order; others are told that it is.
    """
    error = web.as_told(request, error)
    is_hidden = isinstance(error, OUT_OF_ORDER) and not is_operator
    response = show(
        request,
        "message.html",
        status=error.status,
        chosen_language=chosen_language,
        application=application,
        headline=CLOSED if is_hidden else title_of(error),
        detail=None if is_hidden else detail_of(error),
        remedy=CLOSED_REMEDY if is_hidden else remedy_for_people(error),
        return_url=return_url,
        return_label=None,
        # Where something is broken, the brand may be what can't be read.
        brand=PLAIN if error.status >= SERVER_FAULT else None,
    )
    response.headers.update(web.error_headers(request, error))
    return response


def show_message(
    request: Request,
    *,
    headline: Phrase,
    detail: Phrase,
    application: str,
    return_url: str = "",
    return_label: Phrase | None = None,
    chosen_language: str | None = None,
    written_in: Sequence[str] = (),
    status: int = 200,
) -> Response:
    """Return a page that says one thing; without a label of its own the way back leads to the application."""
    return show(
        request,
        "message.html",
        status=status,
        chosen_language=chosen_language,
        written_in=written_in,
        application=application,
        headline=headline,
        detail=detail,
        remedy=None,
        return_url=return_url,
        return_label=return_label,
    )


def application_for(engine: Engine, return_url: str | None = None) -> str:
    """Return the name of the application that a way back leads to; without one, of the only one that there is."""
    known = _known(engine)
    if return_url:
        known = [found for found in known if found.allows_return_to(return_url)]
    return known[0].name if known and (return_url or len(known) == 1) else NOBODY


def way_on(engine: Engine) -> str:
    """Return where the only application begins that there is, by its registered addresses; empty if nobody knows."""
    known = _known(engine)
    addresses = [uri for uri in known[0].redirect_uris if origin_of(uri)] if len(known) == 1 else []
    return "{0.scheme}://{0.netloc}/".format(urlsplit(addresses[0])) if addresses else ""


def _known(engine: Engine) -> list[Application]:
    with engine.read() as tx:
        return [found for found in tx.applications.list() if found.kind == "web"]
