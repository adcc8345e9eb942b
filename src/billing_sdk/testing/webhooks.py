"""Signed webhook bodies, as the server itself would send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from billing_sdk.testing.server import BillingServer

AUDIENCE = "webhook_test"


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """A request to post to your application: its body and its headers."""

    body: str = field(repr=False)
    webhook_id: str
    event_id: str

    @property
    def headers(self) -> dict[str, str]:
        """What the server sends along."""
        return {"content-type": "application/jwt", "webhook-id": self.webhook_id}


@dataclass(frozen=True, slots=True)
class WebhookSigner:
    """Signs events with the key that the server publishes, so that your application accepts them."""

    server: BillingServer

    def __call__(self, event_type: str, *, audience: str = AUDIENCE, **data: Any) -> SignedWebhook:
        """Return a webhook of a type, with the data of the type's example and what you change in it.

        Args:
            event_type: such as `customer.plan_changed`.
            audience: the endpoint id that it is meant for.
            data: members of the event's data that differ from the example.

        Raises:
            InvalidRequest: there is no such type.
        """
        # Imported here for the same reason as in billing_server.
        from billing_sdk.server.domain.events import Event
        from billing_sdk.server.ids import new_id
        from billing_sdk.server.outbox.catalogue import event_type_for
        from billing_sdk.server.outbox.letter import sign_event
        from billing_sdk.server.usecases.signing_keys import current_key

        engine = self.server.engine
        example: Mapping[str, Any] = event_type_for(event_type).example
        event = Event(new_id("event"), event_type, "user", engine.now(), {**example, **data})
        body = sign_event(
            event,
            key=current_key(engine),
            issuer=self.server.base_url,
            audience=audience,
            at=engine.now(),
            lifetime_seconds=engine.settings.webhook_token_seconds,
        )
        return SignedWebhook(body, new_id("delivery"), event.id)
