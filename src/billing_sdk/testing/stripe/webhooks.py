"""Deliveries of events to webhook endpoints, signed as Stripe signs them (Stripe documentation, "Webhooks")."""

from __future__ import annotations

from dataclasses import dataclass, field

from billing_sdk.testing.stripe.errors import Json
from billing_sdk.testing.stripe.state import Space, State


@dataclass(slots=True)
class Webhooks:
    """What is still to be delivered."""

    waiting: list[Json] = field(default_factory=list)

    def queue(self, state: State, space: Space, event: Json) -> None:
        """Have an event delivered to each endpoint that wants it."""
