"""The types of event about the workspace itself: billing was switched on or off, or goes on with another gateway.

All are extensions of this project, and belong to no customer.
"""

from __future__ import annotations

from typing import Any

from billing_sdk.server.outbox.event_type import TEXT, TIME, TRUTH, EventType, nullable, object_of

BILLING = object_of(is_enabled=TRUTH, enabled_on=nullable(TIME), gateway=nullable(TEXT))
ON_EXAMPLE = {"is_enabled": True, "enabled_on": "2026-01-31T09:00:00.000Z", "gateway": "managed"}
SWITCHED_EXAMPLE = {**ON_EXAMPLE, "gateway": "stripe_platform"}
OFF_EXAMPLE = {"is_enabled": False, "enabled_on": None, "gateway": "managed"}


def _about(code: str, name: str, example: dict[str, Any], when: str) -> EventType:
    schema, shown = object_of(billing=BILLING), {"billing": example}
    return EventType(code, name, "workspace", schema, shown, when, is_extension=True)


WORKSPACE_EVENT_TYPES: tuple[EventType, ...] = (
    _about("billing.enabled", "Billing enabled", ON_EXAMPLE, "An operator has enabled billing with a gateway."),
    _about("billing.disabled", "Billing disabled", OFF_EXAMPLE, "An operator has disabled billing."),
    _about(
        "billing.gateway_changed",
        "Gateway changed",
        SWITCHED_EXAMPLE,
        "Billing goes on with another gateway, with which customers add their payment methods anew.",
    ),
)
