"""The types of event about what corrects an invoice; their shape is this project's own."""

from __future__ import annotations

from typing import Any

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
DISPUTE = object_of(
    id=TEXT,
    kind={"enum": ["dispute", "inquiry", "fraud_warning"]},
    amount_minor=WHOLE,
    currency=TEXT,
    reason=TEXT,
    status={"enum": ["needs_response", "under_review", "won", "lost", "closed"]},
    evidence_due_on=nullable(TIME),
)
DISPUTE_EXAMPLE = {
    "id": "dispute_0193e0a1b2c3d4e5f60718293a4b5c76",
    "kind": "dispute",
    "amount_minor": 2_900,
    "currency": "USD",
    "reason": "fraudulent",
    "status": "needs_response",
    "evidence_due_on": "2026-02-17T09:00:00.000Z",
}
LOST_EXAMPLE = {**DISPUTE_EXAMPLE, "status": "lost"}
WARNING_EXAMPLE = {**DISPUTE_EXAMPLE, "kind": "fraud_warning", "reason": "fraudulent", "evidence_due_on": None}
PAYMENT = object_of(id=TEXT)
PAYMENT_EXAMPLE = {"id": "payment_0193e0a1b2c3d4e5f60718293a4b5c77"}


def _about_a_dispute(name: str, title: str, description: str, example: dict[str, Any]) -> EventType:
    return billing_event(
        name,
        title,
        description,
        is_extension=True,
        dispute=(DISPUTE, example),
        payment=(PAYMENT, PAYMENT_EXAMPLE),
        invoice=(nullable(INVOICE), INVOICE_EXAMPLE),
    )


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
    _about_a_dispute(
        "customer.payment_disputed",
        "Payment disputed",
        "A bank asks for a payment back, or asks about it; a dispute has taken the money, an inquiry has not.",
        DISPUTE_EXAMPLE,
    ),
    _about_a_dispute(
        "customer.payment_dispute_closed",
        "Payment dispute closed",
        "A dispute was won, and the money is back, or it was lost; an inquiry has ended.",
        LOST_EXAMPLE,
    ),
    _about_a_dispute(
        "customer.payment_fraud_warned",
        "Payment warned of as fraud",
        "A bank tells that a payment may be a fraud; no money has moved.",
        WARNING_EXAMPLE,
    ),
)
