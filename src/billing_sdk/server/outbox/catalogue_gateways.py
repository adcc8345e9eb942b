"""The types of event that begin with a payment processor or a bank; their shape is this project's own."""

from __future__ import annotations

from billing_sdk.server.outbox.event_type import TEXT, WHOLE, EventType, billing_event, nullable, object_of

INVOICE = object_of(id=TEXT, number=TEXT)
INVOICE_EXAMPLE = {"id": "invoice_0193e0a1b2c3d4e5f60718293a4b5c71", "number": "INV-000001"}
TO_CONFIRM = object_of(
    id=TEXT, amount_minor=WHOLE, currency=TEXT, status={"enum": ["requires_action"]}, decline_code=nullable(TEXT)
)
TO_CONFIRM_EXAMPLE = {
    "id": "charge_0193e0a1b2c3d4e5f60718293a4b5c90",
    "amount_minor": 2_900,
    "currency": "USD",
    "status": "requires_action",
    "decline_code": None,
}

GATEWAY_EVENT_TYPES: tuple[EventType, ...] = (
    billing_event(
        "customer.payment_action_required",
        "Payment action required",
        "A payment waits until its payer confirms it with the bank.",
        is_extension=True,
        payment=(TO_CONFIRM, TO_CONFIRM_EXAMPLE),
        invoice=(nullable(INVOICE), INVOICE_EXAMPLE),
        url=(nullable(TEXT), "https://billing.example.com/managed/authenticate/0193e0a1"),
    ),
)
