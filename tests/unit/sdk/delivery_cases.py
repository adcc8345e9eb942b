"""One use of every operation that is about what an endpoint has missed, and how it is brought back."""

from __future__ import annotations

from datetime import UTC, datetime

from billing_sdk import Event, WebhookDelivery, WebhookEndpoint
from tests.unit.sdk.operation_cases import OK, Case

DELIVERY_CASES = [
    Case(
        "webhook_endpoints.events",
        lambda c: c.webhook_endpoints.events(starting_after="event_1"),
        ("GET", "/api/v1/events"),
        {
            **OK,
            "has_more": False,
            "events": [{"type": "user.created", "source": "api", "event_id": "event_2", "timestamp": 0, "data": {}}],
        },
        (Event("user.created", "event_2", "api", datetime(1970, 1, 1, tzinfo=UTC), {}),),
        params={"page_size": "200", "starting_after": "event_1"},
    ),
    Case(
        "webhook_endpoints.update",
        lambda c: c.webhook_endpoints.update("webhook_1", is_enabled=True),
        ("PATCH", "/api/v1/webhooks/webhook_1"),
        {**OK, "webhook": {"id": "webhook_1", "is_enabled": False, "disabled_reason": "gone"}},
        WebhookEndpoint("webhook_1", is_enabled=False, disabled_reason="gone"),
        body={"is_enabled": True},
    ),
    Case(
        "webhook_endpoints.deliveries",
        lambda c: c.webhook_endpoints.deliveries("webhook_1", status="dead"),
        ("GET", "/api/v1/webhooks/webhook_1/deliveries"),
        {**OK, "deliveries": [{"id": "delivery_1", "event_id": "event_1", "status": "dead", "attempts": 13}]},
        (WebhookDelivery("delivery_1", "event_1", "dead", 13),),
        params={"page_size": "500", "status": "dead"},
    ),
    Case(
        "webhook_endpoints.replay_all",
        lambda c: c.webhook_endpoints.replay_all("webhook_1", starting_after="event_1"),
        ("POST", "/api/v1/webhooks/webhook_1/replay"),
        {**OK, "count": 7},
        7,
        body={"starting_after": "event_1"},
    ),
]
