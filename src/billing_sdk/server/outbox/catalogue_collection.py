"""The types of event about invoices that are sent, or not paid; their shape is this project's own."""

from __future__ import annotations

from billing_sdk.server.outbox.event_type import TEXT, TIME, WHOLE, EventType, billing_event, nullable, object_of

BILL = object_of(
    id=TEXT,
    number=TEXT,
    status={"enum": ["issued", "overdue", "paid", "uncollectible", "void"]},
    total_minor=WHOLE,
    currency=TEXT,
    due_on=TIME,
)
BILL_EXAMPLE = {
    "id": "invoice_0193e0a1b2c3d4e5f60718293a4b5c71",
    "number": "INV-000001",
    "status": "issued",
    "total_minor": 2_900,
    "currency": "USD",
    "due_on": "2026-03-02T09:00:00.000Z",
}
DUNNING = object_of(
    started_on=TIME,
    failures=WHOLE,
    next_attempt_on=nullable(TIME),
    grace_ends_on=TIME,
    at_end={"enum": ["cancel", "pause", "mark_uncollectible"]},
    ended_on=nullable(TIME),
    outcome={"enum": ["paid", "not_owed", "cancelled", "paused", "uncollectible", None]},
)
STARTED_EXAMPLE = {
    "started_on": "2026-03-02T09:00:00.000Z",
    "failures": 1,
    "next_attempt_on": "2026-03-05T09:00:00.000Z",
    "grace_ends_on": "2026-03-16T09:00:00.000Z",
    "at_end": "cancel",
    "ended_on": None,
    "outcome": None,
}
ENDED_EXAMPLE = {
    **STARTED_EXAMPLE,
    "failures": 2,
    "next_attempt_on": None,
    "ended_on": "2026-03-10T09:00:00.000Z",
    "outcome": "paid",
}

COLLECTION_EVENT_TYPES: tuple[EventType, ...] = (
    billing_event(
        "customer.invoice_overdue",
        "Invoice overdue",
        "An invoice should have been paid by now: its due date has passed, or there is no card to take it from.",
        invoice=(BILL, {**BILL_EXAMPLE, "status": "overdue"}),
    ),
    billing_event(
        "customer.invoice_issued",
        "Invoice issued",
        "An invoice was issued, and has its number: nothing that it says changes any more.",
        is_extension=True,
        invoice=(BILL, BILL_EXAMPLE),
    ),
    billing_event(
        "customer.invoice_uncollectible",
        "Invoice uncollectible",
        "An invoice was given up: nobody expects it to be paid any more.",
        is_extension=True,
        invoice=(BILL, {**BILL_EXAMPLE, "status": "uncollectible"}),
    ),
    billing_event(
        "customer.dunning_started",
        "Dunning started",
        "An invoice was not paid; `dunning` says when it is tried again, and until when access stays.",
        is_extension=True,
        invoice=(BILL, BILL_EXAMPLE),
        dunning=(DUNNING, STARTED_EXAMPLE),
    ),
    billing_event(
        "customer.dunning_ended",
        "Dunning ended",
        "An invoice is paid at last, or owed no more, or nothing has helped.",
        is_extension=True,
        invoice=(BILL, {**BILL_EXAMPLE, "status": "paid"}),
        dunning=(DUNNING, ENDED_EXAMPLE),
    ),
)
