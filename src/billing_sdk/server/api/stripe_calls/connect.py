"""The way back from Stripe's page on which the owner of an account agrees to link it.

Source: Stripe documentation, "Using OAuth with Standard accounts": `code` and `state`, or `error` and `state`.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import APIError, InvalidOAuthState
from billing_sdk.server import web
from billing_sdk.server.usecases.connect_account import RETURN_PATH, finish_connecting, give_up_connecting
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.errors import wants_html

DASHBOARD = "/dashboard"


def routes() -> list[BaseRoute]:
    """Return the route."""
    return [Route(RETURN_PATH, web.endpoint(come_back), methods=["GET"])]


def come_back(request: Request, engine: Engine) -> Response:
    """Link the account whose owner has agreed, and go back to the dashboard, where it says what came of it.

    Raises:
        APIError: as `_came_of`, to what is no browser.
    """
    try:
        note = _came_of(request, engine)
    except APIError as error:
        if not wants_html(request):
            raise
        return RedirectResponse(f"{DASHBOARD}?refused={error.code}", 303)
    return RedirectResponse(f"{DASHBOARD}?done={note}", 303)


def _came_of(request: Request, engine: Engine) -> str:
    """Return what has come of the visit: the account is linked, or its owner has not agreed.

    Raises:
        InvalidOAuthState: nobody was sent away from here with this state.
        GatewayRefused, StripeKeyMismatch, GatewayUnauthorized, GatewayUnreachable: the account was not linked.
    """
    fields = web.query_of(request)
    state, code = fields.get("state", ""), fields.get("code", "")
    if not state or not (code or fields.get("error")):
        raise InvalidOAuthState("that is no way back from Stripe")
    if code:
        finish_connecting(engine, code=code, state=state)
        return "connected"
    give_up_connecting(engine, state=state)
    return "not_connected"
