"""Refunds of payments, whole or in part."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.objects.payment_methods import card_of
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

BANK_SECONDS = 24 * 3600


@operation(
    "POST /v1/refunds",
    "amount charge payment_intent reason metadata.* refund_application_fee reverse_transfer currency",
)
def create(call: Call) -> Json:
    """Pay back a payment."""
    charge = _charge(call)
    rest = charge["amount_captured"] - charge["amount_refunded"]
    if rest == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = call.integer("amount") if call.has("amount") else rest
    if amount is None or amount <= 0:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if amount > rest:
        raise invalid(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({rest})", param="amount")
    if charge["disputed"]:
        raise invalid(f"Charge {charge['id']} has been charged back.", code="charge_disputed")
    card = card_of(call, call.space.get("payment_method", charge["payment_method"]))
    ends = card.refunds if card else "later"
    refund: Json = {
        "id": call.state.ids.new("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "metadata": call.metadata(),
        "payment_intent": charge["payment_intent"],
        "reason": call.choice("reason", "duplicate", "fraudulent", "requested_by_customer"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if ends == "later" else "succeeded",
        "transfer_reversal": None,
    }
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    call.space.put("refund", refund)
    call.world.emit(call.space, "refund.created", refund, call=call)
    call.world.emit(call.space, "charge.refunded", charge, before={"amount_refunded": 0}, call=call)
    if ends != "at_once":
        call.state.schedule(call.now + BANK_SECONDS, lambda: _end(call, refund, charge, fails=ends == "fails"))
    return refund


@operation("GET /v1/refunds/{id}")
def retrieve(call: Call) -> Json:
    """Return a refund."""
    return call.space.get("refund", call.id)


@operation("GET /v1/refunds", "charge payment_intent", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List refunds, the newest first."""
    found = selected(call, call.space.all("refund"), "charge", "payment_intent")
    return listed(found, "/v1/refunds", call.params)


@operation("POST /v1/refunds/{id}", "metadata.*")
def update(call: Call) -> Json:
    """Change the metadata of a refund."""
    refund = call.space.get("refund", call.id)
    refund["metadata"] = call.metadata(refund["metadata"])
    return refund


def _charge(call: Call) -> Json:
    intent_id = call.text("payment_intent")
    if (intent_id is None) == (call.text("charge") is None):
        raise invalid("One of these parameters is needed: charge, payment_intent.", code="parameter_missing")
    if intent_id is not None:
        intent = call.space.get("payment_intent", intent_id, param="payment_intent")
        if intent["status"] != "succeeded":
            raise invalid(
                f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.",
                code="payment_intent_unexpected_state",
            )
        return call.space.get("charge", intent["latest_charge"])
    charge = call.space.get("charge", call.needed("charge"), param="charge")
    if charge["status"] != "succeeded":
        raise invalid("This charge has not succeeded.", param="charge", code="charge_not_refundable")
    return charge


def _end(call: Call, refund: Json, charge: Json, *, fails: bool) -> None:
    if not fails:
        refund["status"] = "succeeded"
        call.world.emit(call.space, "refund.updated", refund, before={"status": "pending"})
        return
    refund.update(status="failed", failure_reason="expired_or_canceled_card")
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    call.world.emit(call.space, "refund.failed", refund)
