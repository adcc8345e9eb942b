"""Payments behind invoices: a payment intent, a charge for each attempt, and what the bank answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.cards import ACCOUNTS, TestCard, message_of
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.objects.disputes import dispute
from billing_sdk.testing.stripe.objects.payment_methods import card_of, declined
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

if TYPE_CHECKING:
    from collections.abc import Callable

DEBIT_SECONDS = 5 * 24 * 3600
BLOCKED = {
    "network_status": "declined_by_network",
    "reason": "generic_decline",
    "risk_level": "normal",
    "seller_message": "The bank did not return any further details with this decline.",
    "type": "issuer_declined",
}


@operation("GET /v1/payment_intents/{id}", "client_secret")
def retrieve(call: Call) -> Json:
    """Return a payment intent."""
    return call.space.get("payment_intent", call.id)


@operation("GET /v1/payment_intents", "customer", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List payment intents, the newest first."""
    found = selected(call, call.space.all("payment_intent"), "customer")
    return listed(found, "/v1/payment_intents", call.params)


@operation("GET /v1/charges/{id}")
def retrieve_charge(call: Call) -> Json:
    """Return a charge: one attempt to take a payment."""
    return call.space.get("charge", call.id)


@operation("GET /v1/radar/early_fraud_warnings/{id}")
def retrieve_warning(call: Call) -> Json:
    """Return a bank's warning that a payment may be a fraud."""
    return call.space.get("early_fraud_warning", call.id)


@operation("GET /v1/charges", "customer payment_intent", *PAGE, *CREATED)
def list_charges(call: Call) -> Json:
    """List charges, the newest first."""
    found = selected(call, call.space.all("charge"), "customer", "payment_intent")
    return listed(found, "/v1/charges", call.params)


@operation("GET /v1/invoice_payments", "invoice status payment.type payment.payment_intent", *PAGE, *CREATED)
def list_invoice_payments(call: Call) -> Json:
    """List which payments are for which invoices."""
    found = selected(call, call.space.all("invoice_payment"), "invoice", "status")
    wanted = call.text("payment.payment_intent")
    return listed(
        [item for item in found if wanted is None or item["payment"].get("payment_intent") == wanted],
        "/v1/invoice_payments",
        call.params,
    )


def new_intent(call: Call, *, amount: int, currency: str, customer: str, metadata: Json, fee: int | None) -> Json:
    """Make a payment intent that has no payment method yet."""
    intent_id = call.state.ids.new("pi")
    intent: Json = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": fee,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": call.state.ids.secret(f"{intent_id}_secret"),
        "confirmation_method": "automatic",
        "created": call.now,
        "currency": currency,
        "customer": customer,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": call.space.is_live,
        "metadata": metadata,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": None,
        "payment_method_types": ["card", "sepa_debit"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    return call.space.put("payment_intent", intent)


def attempt(call: Call, intent: Json, method: Json, *, is_authenticated: bool, settle: Callable[[Json], None]) -> None:
    """Try to take a payment.

    Args:
        call: the request that asks for it.
        intent: says how much.
        method: what is charged.
        is_authenticated: whether the holder has just shown the bank who is there.
        settle: told about the intent when a payment that takes days has come to its end.

    Raises:
        Refusal: the bank says no, or wants to see the holder; the intent says so as well.
    """
    intent["payment_method"] = method["id"]
    card = card_of(call, method)
    if card is None:
        _debit(call, intent, method, settle)
        return
    decline = _decline(call, card, method, is_authenticated=is_authenticated)
    if decline is not None:
        _fail(call, intent, method, *decline)
    charge = _charge(call, intent, method)
    charge.update(status="succeeded", paid=True, captured=True, amount_captured=intent["amount"])
    succeed(call, intent, charge)
    if card.disputed_as is not None:
        dispute(call, charge, card.disputed_as, is_inquiry=card.is_inquiry)
    if card.is_early_warning:
        _warn(call, charge)


def needs_authentication(call: Call, method: Json) -> bool:
    """Tell whether the bank wants to see the holder of a card before it pays."""
    card = card_of(call, method)
    if card is None:
        return False
    return card.authentication == "always" or (
        card.authentication == "unless_set_up" and not method.get("_is_set_up", False)
    )


def succeed(call: Call, intent: Json, charge: Json) -> None:
    """Note that a payment has come in."""
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
        processing=None,
    )
    call.world.emit(call.space, "charge.succeeded", charge, call=call)
    call.world.emit(call.space, "payment_intent.succeeded", intent, call=call)


def require_action(call: Call, intent: Json, method: Json, url: str) -> None:
    """Have the payment wait until the holder has been seen."""
    intent.update(
        status="requires_action",
        payment_method=method["id"],
        next_action={"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": None}},
    )
    call.world.emit(call.space, "payment_intent.requires_action", intent, call=call)


def cancel(call: Call, intent: Json) -> None:
    """Give a payment up that has not come in."""
    if intent["status"] == "processing":
        raise invalid(
            "You cannot void an invoice while its payment is processing.", code="payment_intent_unexpected_state"
        )
    intent.update(status="canceled", canceled_at=call.now, cancellation_reason="void_invoice")
    call.world.emit(call.space, "payment_intent.canceled", intent, call=call)


def _decline(call: Call, card: TestCard, method: Json, *, is_authenticated: bool) -> tuple[str, str] | None:
    if call.declines_as is not None:
        return "card_declined", call.declines_as
    if not is_authenticated and needs_authentication(call, method):
        return "authentication_required", "authentication_required"
    return card.declines


def _fail(call: Call, intent: Json, method: Json, code: str, decline_code: str) -> None:
    charge = _charge(call, intent, method)
    charge.update(
        status="failed",
        failure_code=code,
        failure_message=message_of(decline_code),
        outcome={**BLOCKED, "reason": decline_code},
    )
    refusal = declined(code, decline_code, charge=charge["id"])
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge["id"],
        last_payment_error={**refusal.error, "payment_method": dict(method)},
        next_action=None,
        processing=None,
    )
    refusal.error["payment_intent"] = dict(intent)
    refusal.error["payment_method"] = dict(method)
    call.world.emit(call.space, "charge.failed", charge, call=call)
    call.world.emit(call.space, "payment_intent.payment_failed", intent, call=call)
    raise refusal


def _debit(call: Call, intent: Json, method: Json, settle: Callable[[Json], None]) -> None:
    charge = _charge(call, intent, method)
    charge["status"] = "pending"
    intent.update(status="processing", latest_charge=charge["id"], next_action=None, last_payment_error=None)
    call.world.emit(call.space, "charge.pending", charge, call=call)
    call.world.emit(call.space, "payment_intent.processing", intent, call=call)
    is_paid = ACCOUNTS[call.space.numbers[method["id"]]]

    def conclude() -> None:
        if intent["status"] != "processing":
            return
        if is_paid:
            charge.update(status="succeeded", paid=True, captured=True, amount_captured=intent["amount"])
            succeed(call, intent, charge)
        else:
            charge.update(
                status="failed", failure_code="insufficient_funds", failure_message="The account has no cover."
            )
            intent.update(
                status="requires_payment_method",
                last_payment_error={
                    "type": "card_error",
                    "code": "insufficient_funds",
                    "message": "The account has no cover.",
                },
            )
            call.world.emit(call.space, "charge.failed", charge)
            call.world.emit(call.space, "payment_intent.payment_failed", intent)
        settle(intent)

    call.state.schedule(call.now + DEBIT_SECONDS, conclude)


def _charge(call: Call, intent: Json, method: Json) -> Json:
    card: Any = method.get("card") or {}
    details = {name: card.get(name) for name in ("brand", "country", "exp_month", "exp_year", "fingerprint", "last4")}
    charge: Json = {
        "id": call.state.ids.new("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": intent["application_fee_amount"],
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": None,
        "captured": False,
        "created": call.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": call.space.is_live,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "type": "authorized",
        },
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": method["type"], method["type"]: details},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
    }
    return call.space.put("charge", charge)


def _warn(call: Call, charge: Json) -> None:
    warning: Json = {
        "id": call.state.ids.new("issfr"),
        "object": "radar.early_fraud_warning",
        "actionable": True,
        "charge": charge["id"],
        "created": call.now,
        "fraud_type": "made_with_stolen_card",
        "livemode": call.space.is_live,
        "payment_intent": charge["payment_intent"],
    }
    call.space.put("early_fraud_warning", warning)
    call.world.emit(call.space, "radar.early_fraud_warning.created", warning, call=call)
