"""The types of event about credit for usage; their shape is this project's own, since Kinde has no such credit."""

from __future__ import annotations

from billing_sdk.server.outbox.event_type import TEXT, TIME, WHOLE, EventType, billing_event, nullable, object_of

CATEGORY = {"enum": ["paid", "promotional"]}
STATUS = {"enum": ["awaiting_payment", "granted", "expired", "voided"]}
GRANT = object_of(
    id=TEXT,
    name=TEXT,
    amount_minor=WHOLE,
    left_minor=WHOLE,
    currency=TEXT,
    category=CATEGORY,
    status=STATUS,
    source={"enum": ["manual", "service_action", "top_up"]},
    effective_on=TIME,
    expires_on=nullable(TIME),
    agreement_id=nullable(TEXT),
)
GRANT_EXAMPLE = {
    "id": "grant_0193e0a1b2c3d4e5f60718293a4b5c73",
    "name": "Monthly credit",
    "amount_minor": 1_000,
    "left_minor": 1_000,
    "currency": "USD",
    "category": "promotional",
    "status": "granted",
    "source": "service_action",
    "effective_on": "2026-01-31T09:00:00.000Z",
    "expires_on": "2026-02-28T09:00:00.000Z",
    "agreement_id": "agreement_0193e0a1b2c3d4e5f60718293a4b5c6f",
}
BALANCE = object_of(currency=TEXT, ledger_minor=WHOLE, pending_minor=WHOLE, available_minor=WHOLE)
LOW_EXAMPLE = {"currency": "USD", "ledger_minor": 1_000, "pending_minor": 920, "available_minor": 80}
USED_UP_EXAMPLE = {**LOW_EXAMPLE, "pending_minor": 1_000, "available_minor": 0}

CREDIT_EVENT_TYPES: tuple[EventType, ...] = (
    billing_event(
        "customer.credit_granted",
        "Credit granted",
        "A customer was granted credit for usage, or has paid for it.",
        is_extension=True,
        grant=(GRANT, GRANT_EXAMPLE),
    ),
    billing_event(
        "customer.credit_expired",
        "Credit expired",
        "Credit has ended before it was used up, all of it or what no usage needs that is billed later.",
        is_extension=True,
        grant=(GRANT, {**GRANT_EXAMPLE, "left_minor": 0, "status": "expired"}),
        expired_minor=(WHOLE, 350),
    ),
    billing_event(
        "customer.credit_voided",
        "Credit voided",
        "Credit was taken back of which nothing had been used.",
        is_extension=True,
        grant=(GRANT, {**GRANT_EXAMPLE, "left_minor": 0, "status": "voided"}),
    ),
    billing_event(
        "customer.credit_low",
        "Credit low",
        "Less credit is available than the customer's threshold.",
        is_extension=True,
        credit=(BALANCE, LOW_EXAMPLE),
    ),
    billing_event(
        "customer.credit_used_up",
        "Credit used up",
        "No credit is available any more to a customer who has a threshold.",
        is_extension=True,
        credit=(BALANCE, USED_UP_EXAMPLE),
    ),
    billing_event(
        "customer.top_up_stopped",
        "Top-up stopped",
        "Credit was to be bought because it ran low, and the card was declined or is missing; nothing more is bought.",
        is_extension=True,
        credit=(BALANCE, LOW_EXAMPLE),
    ),
)
