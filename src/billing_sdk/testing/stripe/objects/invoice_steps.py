"""What happens to an invoice after its draft: finalising, collecting, and the hour that Stripe lets pass by itself."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, Refusal, invalid
from billing_sdk.testing.stripe.money import check_charge
from billing_sdk.testing.stripe.objects.invoice_shape import add_up, lines_of
from billing_sdk.testing.stripe.objects.payments import (
    attempt,
    cancel,
    needs_authentication,
    new_intent,
    require_action,
)
from billing_sdk.testing.stripe.objects.tax import tax_lines

HOUR_SECONDS = 3600


def finalize(call: Call, invoice: Json) -> None:
    """Finalise a draft.

    Raises:
        Refusal: it has no lines, or its tax could not be computed.
    """
    lines = lines_of(call, invoice)
    if not lines:
        raise invalid("You can't finalize an invoice without line items.", code="invoice_no_customer_line_items")
    customer = call.space.get("customer", invoice["customer"])
    tax_lines(call, invoice, lines)
    add_up(call, invoice)
    if invoice["automatic_tax"]["status"] == "requires_location_inputs":
        error = {
            "type": "invalid_request_error",
            "code": "customer_tax_location_invalid",
            "message": "The customer's location isn't recognized. Set a valid customer address in order to "
            "automatically calculate tax.",
        }
        invoice["last_finalization_error"] = error
        call.world.emit(call.space, "invoice.finalization_failed", invoice, call=call)
        raise invalid(error["message"], code=error["code"])
    _number(invoice, customer)
    customer["currency"] = customer["currency"] or invoice["currency"]
    invoice.update(
        status="open",
        effective_at=invoice["effective_at"] or call.now,
        automatically_finalizes_at=None,
        last_finalization_error=None,
        hosted_invoice_url=f"{call.world.base_url}/i/{invoice['id']}",
        invoice_pdf=f"{call.world.base_url}/i/{invoice['id']}/pdf",
    )
    invoice["status_transitions"]["finalized_at"] = call.now
    _balance(invoice, customer)
    call.world.emit(call.space, "invoice.finalized", invoice, call=call)
    if invoice["amount_due"] == 0:
        _paid(call, invoice, None)
        return
    _expect_payment(call, invoice)
    if invoice["due_date"] is not None:
        call.state.schedule(invoice["due_date"], lambda: _overdue(call, invoice))


def collect(call: Call, invoice: Json, token: str | None, *, off_session: bool, is_authenticated: bool = False) -> None:
    """Try to take the payment of an open invoice.

    Raises:
        Refusal: the bank says no, the holder has to be seen, there is nothing to charge, or too little.
    """
    method = _method(call, invoice, token)
    check_charge(invoice["amount_remaining"], invoice["currency"])
    intent = _intent(call, invoice)
    if (intent["application_fee_amount"] or 0) > intent["amount"]:
        raise invalid(
            "The application fee can't be more than the amount of the charge.", param="application_fee_amount"
        )
    if intent["status"] == "processing":
        raise invalid("The payment of this invoice is being processed.", code="payment_intent_unexpected_state")
    invoice["attempted"] = True
    invoice["attempt_count"] += 1
    waits = needs_authentication(call, method) and not is_authenticated and call.declines_as is None
    if waits and not off_session:
        _wait_for_holder(call, invoice, intent, method)
    try:
        attempt(
            call,
            intent,
            method,
            is_authenticated=is_authenticated,
            settle=lambda settled: _settled(call, invoice, settled),
        )
    except Refusal:
        if waits:
            call.world.emit(call.space, "invoice.payment_action_required", invoice, call=call)
        call.world.emit(call.space, "invoice.payment_failed", invoice, call=call)
        raise
    if intent["status"] == "succeeded":
        _paid(call, invoice, intent)


def fail_authentication(call: Call, invoice: Json, intent: Json) -> None:
    """Note that the holder could not show the bank who is there."""
    error = {
        "type": "card_error",
        "code": "payment_intent_authentication_failure",
        "message": "The provided payment method has failed authentication.",
    }
    intent.update(status="requires_payment_method", payment_method=None, next_action=None, last_payment_error=error)
    call.world.emit(call.space, "payment_intent.payment_failed", intent, call=call)
    call.world.emit(call.space, "invoice.payment_failed", invoice, call=call)


def share(call: Call, invoice: Json, fee: int) -> None:
    """Note what the platform keeps of an invoice, and of the payment that is expected for it."""
    invoice["_fee"] = fee
    for payment in invoice["payments"]["data"]:
        if payment["status"] == "open":
            call.space.get("payment_intent", payment["payment"]["payment_intent"])["application_fee_amount"] = fee


def settle_outside(call: Call, invoice: Json) -> None:
    """Note that an invoice was paid by other means."""
    give_up(call, invoice)
    invoice["amount_paid_off_stripe"] = invoice["amount_due"]
    _paid(call, invoice, None)


def lower(call: Call, invoice: Json, amount: int) -> None:
    """Take something off what is owed for an open invoice, which is paid where nothing is left."""
    invoice["pre_payment_credit_notes_amount"] += amount
    invoice["amount_due"] -= amount
    invoice["amount_remaining"] -= amount
    if not invoice["amount_remaining"]:
        give_up(call, invoice)
        _paid(call, invoice, None)
        return
    for payment in invoice["payments"]["data"]:
        if payment["status"] == "open":
            payment["amount_requested"] = invoice["amount_remaining"]
            call.space.get("payment_intent", payment["payment"]["payment_intent"])["amount"] = payment[
                "amount_requested"
            ]
    call.world.emit(call.space, "invoice.updated", invoice, before={}, call=call)


def give_up(call: Call, invoice: Json) -> None:
    """Expect no payment of an invoice any more."""
    for payment in invoice["payments"]["data"]:
        if payment["status"] == "open":
            cancel(call, call.space.get("payment_intent", payment["payment"]["payment_intent"]))
            payment["status"] = "canceled"
            payment["status_transitions"]["canceled_at"] = call.now


def own_method(call: Call, customer_id: str, token: str, param: str) -> Json:
    """Return a payment method, which has to be this customer's.

    Raises:
        Refusal: it is not.
    """
    method = call.space.get("payment_method", token, param=param)
    if method["customer"] != customer_id:
        raise invalid(
            f"The customer does not have a payment method with the ID {token}. "
            "The payment method must be attached to the customer.",
            param=param,
            code="resource_missing",
        )
    return method


def advance_later(call: Call, invoice: Json) -> None:
    """Have an invoice with `auto_advance` finalised and charged by itself, an hour from now."""
    if not invoice["auto_advance"] or invoice["status"] not in ("draft", "open"):
        invoice["automatically_finalizes_at"] = None
        return
    at = invoice["created"] + HOUR_SECONDS if invoice["status"] == "draft" else call.now
    at = max(at, call.now + 1)
    if invoice["status"] == "draft":
        invoice["automatically_finalizes_at"] = at
    invoice["_advances_at"] = at
    by_itself = replace(call, params={}, request_id="", idempotency_key=None, declines_as=None)
    call.state.schedule(at, lambda: _advance(by_itself, invoice, at))


def _advance(call: Call, invoice: Json, at: int) -> None:
    is_still_there = call.space.find("invoice", invoice["id"]) is not None
    if not is_still_there or not invoice["auto_advance"] or invoice["_advances_at"] != at:
        return
    try:
        if invoice["status"] == "draft":
            finalize(call, invoice)
        if invoice["status"] == "open" and invoice["collection_method"] == "send_invoice":
            call.world.emit(call.space, "invoice.sent", invoice)
        elif invoice["status"] == "open" and not invoice["attempted"]:
            collect(call, invoice, None, off_session=True)
    except Refusal:
        # The events have told; smart retries are off, so nothing else happens by itself.
        return


def _number(invoice: Json, customer: Json) -> None:
    if invoice["number"] is None:
        invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}"
        customer["next_invoice_sequence"] += 1


def _balance(invoice: Json, customer: Json) -> None:
    # Below zero the customer has something to his credit; what is due comes after that.
    customer["balance"] = invoice["starting_balance"] + invoice["total"] - invoice["amount_due"]
    invoice["ending_balance"] = customer["balance"]


def _expect_payment(call: Call, invoice: Json) -> None:
    intent = new_intent(
        call,
        amount=invoice["amount_remaining"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        metadata={},
        fee=invoice.get("_fee"),
    )
    payment: Json = {
        "id": call.state.ids.new("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_remaining"],
        "created": call.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": call.space.is_live,
        "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }
    call.space.put("invoice_payment", payment)
    invoice["payments"]["data"].append(payment)
    invoice["confirmation_secret"] = {"client_secret": intent["client_secret"], "type": "payment_intent"}


def _method(call: Call, invoice: Json, token: str | None) -> Json:
    customer = call.space.living("customer", invoice["customer"], param="customer")
    chosen = token or invoice["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    if chosen is None:
        raise invalid("Cannot charge a customer that has no active card", param="card", code="missing")
    return own_method(call, customer["id"], chosen, "payment_method")


def _intent(call: Call, invoice: Json) -> Json:
    open_ones = [each for each in invoice["payments"]["data"] if each["status"] == "open"]
    if not open_ones:
        _expect_payment(call, invoice)
        open_ones = invoice["payments"]["data"][-1:]
    return call.space.get("payment_intent", open_ones[-1]["payment"]["payment_intent"])


def _wait_for_holder(call: Call, invoice: Json, intent: Json, method: Json) -> None:
    require_action(call, intent, method, f"{invoice['hosted_invoice_url']}/authenticate")
    call.world.emit(call.space, "invoice.payment_action_required", invoice, call=call)
    raise Refusal(
        402,
        "card_error",
        "This payment requires additional user action before it can be completed successfully.",
        code="invoice_payment_intent_requires_action",
        payment_intent=dict(intent),
    )


def _settled(call: Call, invoice: Json, intent: Json) -> None:
    if intent["status"] == "succeeded":
        _paid(call, invoice, intent)
    else:
        call.world.emit(call.space, "invoice.payment_failed", invoice)


def _paid(call: Call, invoice: Json, intent: Json | None) -> None:
    invoice.update(status="paid", amount_paid=invoice["amount_due"], amount_remaining=0, attempted=True)
    invoice["status_transitions"]["paid_at"] = call.now
    for payment in invoice["payments"]["data"]:
        if intent is not None and payment["payment"]["payment_intent"] == intent["id"]:
            payment.update(status="paid", amount_paid=intent["amount"])
            payment["status_transitions"]["paid_at"] = call.now
            call.world.emit(call.space, "invoice_payment.paid", payment, call=call)
    call.world.emit(call.space, "invoice.updated", invoice, before={"status": "open"}, call=call)
    call.world.emit(call.space, "invoice.paid", invoice, call=call)
    if intent is not None:
        call.world.emit(call.space, "invoice.payment_succeeded", invoice, call=call)


def _overdue(call: Call, invoice: Json) -> None:
    if invoice["status"] == "open":
        call.world.emit(call.space, "invoice.overdue", invoice)
