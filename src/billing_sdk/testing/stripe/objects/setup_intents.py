"""Setup intents: a payment method is made ready to be charged later."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, Refusal, invalid
from billing_sdk.testing.stripe.objects.payment_methods import attach, card_of, declined, method_of
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

FIELDS = (
    "customer usage payment_method confirm description metadata.* allowed_payment_method_types[] return_url"
    " automatic_payment_methods.enabled automatic_payment_methods.allow_redirects"
)


@operation("POST /v1/setup_intents", FIELDS)
def create(call: Call) -> Json:
    """Make a setup intent, and confirm it at once if asked to."""
    customer_id = call.text("customer")
    if customer_id is not None:
        call.space.living("customer", customer_id, param="customer")
    intent = new_setup(call, customer_id, call.metadata())
    intent["usage"] = call.choice("usage", "off_session", "on_session") or "off_session"
    token = call.text("payment_method")
    if token is not None:
        intent.update(
            payment_method=method_of(call, token, param="payment_method")["id"], status="requires_confirmation"
        )
    if call.flag("confirm"):
        confirm(call, intent, is_authenticated=False)
    return intent


@operation("POST /v1/setup_intents/{id}/confirm", "payment_method return_url")
def confirm_one(call: Call) -> Json:
    """Confirm a setup intent with a payment method."""
    intent = call.space.get("setup_intent", call.id)
    token = call.text("payment_method")
    if token is not None:
        intent["payment_method"] = method_of(call, token, param="payment_method")["id"]
    confirm(call, intent, is_authenticated=False)
    return intent


@operation("POST /v1/setup_intents/{id}/cancel", "cancellation_reason")
def cancel(call: Call) -> Json:
    """Give a setup intent up."""
    intent = call.space.get("setup_intent", call.id)
    if intent["status"] in ("succeeded", "canceled"):
        raise invalid(f"You cannot cancel this SetupIntent because it has a status of {intent['status']}.")
    intent.update(status="canceled", cancellation_reason=call.text("cancellation_reason"))
    call.world.emit(call.space, "setup_intent.canceled", intent, call=call)
    return intent


@operation("GET /v1/setup_intents/{id}", "client_secret")
def retrieve(call: Call) -> Json:
    """Return a setup intent."""
    return call.space.get("setup_intent", call.id)


@operation("GET /v1/setup_intents", "customer payment_method", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List setup intents, the newest first."""
    found = selected(call, call.space.all("setup_intent"), "customer", "payment_method")
    return listed(found, "/v1/setup_intents", call.params)


def new_setup(call: Call, customer_id: str | None, metadata: Json) -> Json:
    """Make a setup intent without a payment method."""
    intent_id = call.state.ids.new("seti")
    intent: Json = {
        "id": intent_id,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "cancellation_reason": None,
        "client_secret": call.state.ids.secret(f"{intent_id}_secret"),
        "created": call.now,
        "customer": customer_id,
        "description": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": call.space.is_live,
        "mandate": None,
        "metadata": metadata,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card", "sepa_debit"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
    call.space.put("setup_intent", intent)
    call.world.emit(call.space, "setup_intent.created", intent, call=call)
    return intent


def confirm(call: Call, intent: Json, *, is_authenticated: bool) -> None:
    """Make the payment method ready.

    Raises:
        Refusal: there is none, or the bank says no.
    """
    if intent["status"] in ("succeeded", "canceled") or intent["payment_method"] is None:
        raise invalid(
            f"You cannot confirm this SetupIntent because it has a status of {intent['status']}.",
            code="setup_intent_unexpected_state",
        )
    method = call.space.get("payment_method", intent["payment_method"])
    card = card_of(call, method)
    if card is not None and card.authentication in ("unless_set_up", "always") and not is_authenticated:
        intent.update(
            status="requires_action",
            next_action={
                "type": "redirect_to_url",
                "redirect_to_url": {"url": f"{call.world.base_url}/s/{intent['id']}", "return_url": None},
            },
        )
        call.world.emit(call.space, "setup_intent.requires_action", intent, call=call)
        return
    try:
        if card is not None and card.declines is not None and card.declines_at_once:
            raise declined(*card.declines)
        if intent["customer"] is not None:
            attach(call, method, call.space.living("customer", intent["customer"], param="customer"))
    except Refusal as refusal:
        fail(call, intent, refusal)
        raise
    method["_is_set_up"] = True
    intent.update(status="succeeded", next_action=None, last_setup_error=None)
    call.world.emit(call.space, "setup_intent.succeeded", intent, call=call)


def fail(call: Call, intent: Json, refusal: Refusal) -> None:
    """Note that a payment method could not be made ready."""
    intent.update(
        status="requires_payment_method", payment_method=None, next_action=None, last_setup_error=dict(refusal.error)
    )
    call.world.emit(call.space, "setup_intent.setup_failed", intent, call=call)
