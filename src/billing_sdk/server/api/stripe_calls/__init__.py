"""What Stripe itself calls, or sends a browser to.

It owns the way back from Stripe's page of consent, and where events are sent to. It does not own what follows from it
(use cases).
"""

from __future__ import annotations

from starlette.routing import BaseRoute

from billing_sdk.server.api.stripe_calls import connect, webhooks
from billing_sdk.server.usecases.engine import Engine


def routes(_engine: Engine) -> list[BaseRoute]:
    """Return the routes; requests bring the engine along."""
    return [*connect.routes(), *webhooks.routes()]
