"""The types of event about what corrects an invoice; their shape is this project's own."""

from __future__ import annotations

from billing_sdk.server.outbox.event_type import TEXT, TIME, WHOLE, EventType, billing_event, nullable, object_of

INVOICE = object_of(id=TEXT, number=TEXT)
INVOICE_EXAMPLE = {"id": "invoice_0193e0a1b2c3d4e5f60718293a4b5c71", "number": "INV-000001"}
VOIDED = object_of(id=TEXT, number=TEXT, status={"enum": ["void"]}, total_minor=WHOLE, currency=TEXT)
VOIDED_EXAMPLE = {**INVOICE_EXAMPLE, "status": "void", "total_minor": 2_900, "currency": "USD"}
NOTE = object_of(
    id=TEXT,
    number=TEXT,
    amount_minor=WHOLE,
    currency=TEXT,
    balance_minor=WHOLE,
    destination={"enum": ["invoice", "refund", "balance", "credit"]},
    reason=TEXT,
    issued_on=TIME,
)
NOTE_EXAMPLE = {
    "id": "note_0193e0a1b2c3d4e5f60718293a4b5c74",
    "number": "CN-000001",
    "amount_minor": 1_000,
    "currency": "USD",
    "balance_minor": 0,
    "destination": "refund",
    "reason": "ordered by mistake",
    "issued_on": "2026-02-10T09:00:00.000Z",
}
REFUND = object_of(
    id=TEXT,
    credit_note_id=TEXT,
    amount_minor=WHOLE,
    currency=TEXT,
    status={"enum": ["succeeded", "failed"]},
    decline_code=nullable(TEXT),
)
REFUND_EXAMPLE = {
    "id": "refund_0193e0a1b2c3d4e5f60718293a4b5c75",
    "credit_note_id": NOTE_EXAMPLE["id"],
    "amount_minor": 1_000,
    "currency": "USD",
    "status": "succeeded",
    "decline_code": None,
}
FAILED_EXAMPLE = {**REFUND_EXAMPLE, "status": "failed", "decline_code": "expired_or_canceled_card"}

CORRECTION_EVENT_TYPES: tuple[EventType, ...] = (
    billing_event(
        "customer.credit_note_issued",
        "Credit note issued",
        "Some or all of an invoice was taken back.",
        is_extension=True,
        credit_note=(NOTE, NOTE_EXAMPLE),
        invoice=(INVOICE, INVOICE_EXAMPLE),
    ),
    billing_event(
        "customer.refund_succeeded",
        "Refund succeeded",
        "Money was paid back.",
        is_extension=True,
        refund=(REFUND, REFUND_EXAMPLE),
        invoice=(INVOICE, INVOICE_EXAMPLE),
    ),
    billing_event(
        "customer.refund_failed",
        "Refund failed",
        "Money could not be paid back; it is on the customer's balance.",
        is_extension=True,
        refund=(REFUND, FAILED_EXAMPLE),
        invoice=(INVOICE, INVOICE_EXAMPLE),
    ),
    billing_event(
        "customer.invoice_voided",
        "Invoice voided",
        "An invoice was made void, and asks for nothing any more.",
        is_extension=True,
        invoice=(VOIDED, VOIDED_EXAMPLE),
    ),
)
