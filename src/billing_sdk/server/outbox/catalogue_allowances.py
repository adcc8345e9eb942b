"""The types of event about how much customers may use; Kinde has none of them."""

from __future__ import annotations

from billing_sdk.server.outbox.event_type import (
    DECIMAL,
    TEXT,
    TIME,
    TRUTH,
    EventType,
    billing_event,
    nullable,
    object_of,
)

THRESHOLD = object_of(
    feature_code=TEXT,
    threshold=TEXT,
    limit=nullable(DECIMAL),
    used=DECIMAL,
    period_start=TIME,
    period_end=TIME,
)
THRESHOLD_EXAMPLE = {
    "feature_code": "ai_tokens",
    "threshold": "80%",
    "limit": "100000",
    "used": "80250.5",
    "period_start": "2026-01-31T09:00:00.000Z",
    "period_end": "2026-02-28T09:00:00.000Z",
}
ACCESS = object_of(
    feature_code=TEXT,
    agreement_id=TEXT,
    has_access=TRUTH,
    limit=nullable(DECIMAL),
    used=DECIMAL,
    remaining=nullable(DECIMAL),
    resets_on=TIME,
)
ACCESS_EXAMPLE = {
    "feature_code": "ai_tokens",
    "agreement_id": "agreement_0193e0a1b2c3d4e5f60718293a4b5c6f",
    "has_access": False,
    "limit": "100000",
    "used": "100000",
    "remaining": "0",
    "resets_on": "2026-02-28T09:00:00.000Z",
}

ALLOWANCE_EVENT_TYPES: tuple[EventType, ...] = (
    billing_event(
        "customer.usage_threshold_reached",
        "Usage threshold reached",
        "As much of a feature was used in a usage period as the customer is to be told of; once for each threshold.",
        is_extension=True,
        threshold=(THRESHOLD, THRESHOLD_EXAMPLE),
    ),
    billing_event(
        "customer.entitlement_changed",
        "Entitlement changed",
        "A hard limit was reached, so that no more of a feature can be used; or it can be used again.",
        is_extension=True,
        access=(ACCESS, ACCESS_EXAMPLE),
    ),
)
