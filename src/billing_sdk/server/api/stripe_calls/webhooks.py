"""Where Stripe sends its events.

What is answered with 2xx is not sent again; anything else is, over three days. The body of an answer is for whoever
looks at the delivery in Stripe's dashboard.
Source: Stripe documentation, "Receive Stripe events in your webhook endpoint".
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import PayloadTooLarge, WebhookRefused
from billing_sdk.server import web
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.take_gateway_event import take_gateway_event

PATH: Final = "/stripe/webhooks/{app_id}"
LONGEST_BODY: Final = 512 * 1024


def routes() -> list[BaseRoute]:
    """Return the route."""
    return [Route(PATH, web.endpoint(take_event), methods=["POST"])]


def take_event(request: Request, engine: Engine) -> Response:
    """Take an event, and say what became of it.

    Raises:
        PayloadTooLarge: no event is that large.
        NotFound: no app takes events here.
        WebhookRefused: it is not the app's; whoever sends many of these has to wait.
        GatewayUnreachable: it could not be handled, and has to be sent again.
    """
    body = web.body_of(request)
    if len(body) > LONGEST_BODY:
        raise PayloadTooLarge(f"an event has at most {LONGEST_BODY} bytes")
    try:
        outcome = take_gateway_event(
            engine,
            app_id=request.path_params["app_id"],
            body=body,
            signature=request.headers.get("stripe-signature", ""),
        )
    except WebhookRefused:
        engine.admit("refused", web.address_of(request, engine.settings))
        raise
    return JSONResponse({"received": True, "outcome": outcome})
