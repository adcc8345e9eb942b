"""Checkout sessions that collect a payment method: mode `setup`, on a hosted page or within a page of one's own."""

from __future__ import annotations

from urllib.parse import quote

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid, missing
from billing_sdk.testing.stripe.money import currency_of
from billing_sdk.testing.stripe.objects.payment_methods import address_of
from billing_sdk.testing.stripe.objects.setup_intents import confirm, new_setup
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

FIELDS = (
    "mode ui_mode success_url cancel_url return_url redirect_on_completion customer customer_email customer_creation",
    "currency allowed_payment_method_types[] locale client_reference_id metadata.* expires_at",
    "billing_address_collection",
    "consent_collection.payment_method_reuse_agreement.position consent_collection.terms_of_service",
    "consent_collection.promotions custom_text.submit.message custom_text.terms_of_service_acceptance.message",
    "custom_text.after_submit.message custom_text.shipping_address.message tax_id_collection.enabled",
    "tax_id_collection.required customer_update.address customer_update.name customer_update.shipping",
    "setup_intent_data.description setup_intent_data.metadata.* setup_intent_data.on_behalf_of",
    "phone_number_collection.enabled automatic_tax.enabled",
)
HOUR, DAY = 3600, 24 * 3600
HOSTED, EMBEDDED = "hosted_page", "embedded_page"


@operation("POST /v1/checkout/sessions", *FIELDS)
def create(call: Call) -> Json:
    """Open a session."""
    if call.needed("mode") != "setup":
        raise invalid("This simulator knows the mode `setup` only.", param="mode")
    ui_mode = call.choice("ui_mode", HOSTED, EMBEDDED) or HOSTED
    _check_urls(call, ui_mode)
    if not call.has("currency") and not call.has("allowed_payment_method_types"):
        raise invalid(
            "In mode `setup`, `currency` or `allowed_payment_method_types` has to be given.", param="currency"
        )
    customer_id = call.text("customer")
    if customer_id is not None:
        call.space.living("customer", customer_id, param="customer")
    session_id = call.state.ids.new("cs_live" if call.space.is_live else "cs_test", 40)
    intent = new_setup(call, customer_id, call.metadata(path="setup_intent_data.metadata"))
    session: Json = {
        **_empty(call),
        "id": session_id,
        "billing_address_collection": call.choice("billing_address_collection", "auto", "required"),
        "cancel_url": call.text("cancel_url"),
        "client_reference_id": call.text("client_reference_id"),
        "client_secret": call.state.ids.secret(f"{session_id}_secret") if ui_mode == EMBEDDED else None,
        "consent_collection": call.tree("consent_collection"),
        "currency": currency_of(call.text("currency") or "usd") if call.has("currency") else None,
        "custom_text": {
            name: call.tree(f"custom_text.{name}")
            for name in ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        },
        "customer": customer_id,
        "customer_email": call.text("customer_email"),
        "expires_at": _expires_at(call),
        "locale": call.text("locale"),
        "metadata": call.metadata(),
        "payment_method_types": [str(each) for each in call.items("allowed_payment_method_types")] or ["card"],
        "redirect_on_completion": (call.text("redirect_on_completion") or "always") if ui_mode == EMBEDDED else None,
        "return_url": call.text("return_url"),
        "setup_intent": intent["id"],
        "success_url": call.text("success_url"),
        "tax_id_collection": {"enabled": call.flag("tax_id_collection.enabled") is True, "required": "never"},
        "ui_mode": ui_mode,
        "url": f"{call.world.base_url}/c/pay/{session_id}" if ui_mode == HOSTED else None,
    }
    call.space.put("checkout_session", session)
    call.state.schedule(session["expires_at"], lambda: _lapse(call, session))
    return session


@operation("GET /v1/checkout/sessions/{id}")
def retrieve(call: Call) -> Json:
    """Return a session."""
    return call.space.get("checkout_session", call.id)


@operation("GET /v1/checkout/sessions", "customer status", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List sessions, the newest first."""
    found = selected(call, call.space.all("checkout_session"), "customer", "status")
    return listed(found, "/v1/checkout/sessions", call.params)


@operation("POST /v1/checkout/sessions/{id}/expire")
def expire(call: Call) -> Json:
    """Close a session that nobody has completed."""
    session = call.space.get("checkout_session", call.id)
    if session["status"] != "open":
        raise invalid(f'Only Checkout Sessions with a status in ["open"] can be expired; it is {session["status"]}.')
    _lapse(call, session)
    return session


def complete(call: Call, session: Json, method: Json, given: Json, *, is_authenticated: bool) -> str | None:
    """Store the payment method that somebody has typed in.

    Args:
        call: of the page.
        session: an open one.
        method: what was typed in.
        given: name, e-mail and address of the holder.
        is_authenticated: whether the holder has just shown the bank who is there.

    Returns:
        Where the browser goes; None where the bank wants to see the holder first.

    Raises:
        Refusal: the bank says no; the session stays open.
    """
    intent = call.space.get("setup_intent", session["setup_intent"])
    intent["payment_method"] = method["id"]
    confirm(call, intent, is_authenticated=is_authenticated)
    if intent["status"] != "succeeded":
        return None
    details = {"email": given.get("email") or None, "name": given.get("name") or None}
    address = address_of(
        {name: given.get(name) for name in ("line1", "line2", "city", "state", "postal_code", "country")}
    )
    method["billing_details"].update(details, address=address)
    session.update(
        status="complete",
        url=None,
        client_secret=None,
        customer_details={**details, "address": address, "phone": None, "tax_exempt": "none", "tax_ids": []},
    )
    if session["consent_collection"]:
        session["consent"] = {"promotions": None, "terms_of_service": "accepted"}
    call.world.emit(call.space, "checkout.session.completed", session, call=call)
    target = str(session["return_url"] if session["ui_mode"] == EMBEDDED else session["success_url"])
    return target.replace("{CHECKOUT_SESSION_ID}", quote(session["id"]))


def find_open(call: Call, session_id: str) -> Json:
    """Return an open session.

    Raises:
        Refusal: it is complete or has expired.
    """
    session = call.space.find("checkout_session", session_id)
    if session is None:
        raise missing("checkout session", session_id)
    if session["status"] != "open":
        raise invalid("You're all done here: this session is complete or has expired.")
    return session


def _check_urls(call: Call, ui_mode: str) -> None:
    wanted, unwanted = ("success_url", "return_url") if ui_mode == HOSTED else ("return_url", "success_url")
    if call.text(unwanted) or (ui_mode == EMBEDDED and call.text("cancel_url")):
        raise invalid(f"`{unwanted}` can't be given with ui_mode `{ui_mode}`.", param=unwanted)
    needs_none = ui_mode == EMBEDDED and call.text("redirect_on_completion") == "never"
    if not needs_none:
        call.needed(wanted)
    for name in (wanted, "cancel_url"):
        url = call.text(name)
        if url is not None and not url.startswith(("https://", "http://")):
            raise invalid("Not a valid URL", param=name, code="url_invalid")


def _expires_at(call: Call) -> int:
    wanted = call.integer("expires_at")
    if wanted is not None and not call.now + HOUR // 2 <= wanted <= call.now + DAY:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", param="expires_at"
        )
    return wanted or call.now + DAY


def _lapse(call: Call, session: Json) -> None:
    if session["status"] == "open":
        session.update(status="expired", url=None, client_secret=None)
        call.world.emit(call.space, "checkout.session.expired", session)


def _empty(call: Call) -> Json:
    return {
        "object": "checkout.session",
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": None,
        "amount_total": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "collected_information": None,
        "consent": None,
        "created": call.now,
        "currency_conversion": None,
        "custom_fields": [],
        "customer_creation": None,
        "customer_details": None,
        "discounts": None,
        "invoice": None,
        "invoice_creation": None,
        "livemode": call.space.is_live,
        "mode": "setup",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_status": "no_payment_required",
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "total_details": None,
        "wallet_options": None,
    }
