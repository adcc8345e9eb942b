"""Credit notes: what is owed for an open invoice is lowered, down to nothing."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.objects import invoice_steps as steps
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed


@operation("POST /v1/credit_notes", "amount memo reason metadata.* email_type", "invoice")
def create(call: Call) -> Json:
    """Lower what is owed for an open invoice; one that was paid already needs a refund, which this does not make."""
    invoice = call.space.get("invoice", call.needed("invoice"), param="invoice")
    if invoice["status"] != "open":
        raise invalid(f"A credit note can't be made for an invoice that is {invoice['status']}.", param="invoice")
    amount = call.integer("amount")
    if amount is None or amount <= 0:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if amount > invoice["amount_remaining"]:
        raise invalid("The sum of credit notes is more than what is left of the invoice.", param="amount")
    note: Json = {
        "id": call.state.ids.new("cn"),
        "object": "credit_note",
        "amount": amount,
        "created": call.now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "invoice": invoice["id"],
        "livemode": call.space.is_live,
        "memo": call.text("memo"),
        "metadata": call.metadata(),
        "pre_payment_amount": amount,
        "post_payment_amount": 0,
        "reason": call.choice("reason", "duplicate", "fraudulent", "order_change", "product_unsatisfactory"),
        "status": "issued",
        "total": amount,
        "type": "pre_payment",
        "voided_at": None,
    }
    call.space.put("credit_note", note)
    call.world.emit(call.space, "credit_note.created", note, call=call)
    steps.lower(call, invoice, amount)
    return note


@operation("GET /v1/credit_notes", "invoice customer", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List credit notes, the newest first."""
    found = selected(call, call.space.all("credit_note"), "invoice", "customer")
    return listed(found, "/v1/credit_notes", call.params)
