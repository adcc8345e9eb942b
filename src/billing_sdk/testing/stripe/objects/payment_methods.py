"""Payment methods: cards and bank accounts, made of test tokens here and of test numbers on the hosted pages."""

from __future__ import annotations

from typing import Any

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.cards import ACCOUNTS, BY_NUMBER, BY_TOKEN, TestCard, fingerprint_of, message_of
from billing_sdk.testing.stripe.errors import Json, Refusal, invalid
from billing_sdk.testing.stripe.operations import ADDRESS, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

DETAILS = ("billing_details.email", "billing_details.name", "billing_details.phone", "billing_details.tax_id")
WHERE = tuple(f"billing_details.{name}" for name in ADDRESS)


@operation(
    "POST /v1/payment_methods",
    "type card.token card.number card.exp_month card.exp_year card.cvc sepa_debit.iban metadata.* allow_redisplay",
    *DETAILS,
    *WHERE,
)
def create(call: Call) -> Json:
    """Make a payment method; a card by its token only, as most accounts may."""
    kind = call.choice("type", "card", "sepa_debit")
    if kind == "sepa_debit":
        made = make_account(call, call.needed("sepa_debit.iban"))
    else:
        if call.has("card.number"):
            raise Refusal(
                402,
                "card_error",
                "Sending credit card numbers directly to the Stripe API is generally unsafe. "
                "Use test tokens that map to the test card you are using.",
                is_kept=False,
            )
        made = make_card(call, _card_of_token(call.needed("card.token")).number)
    made["metadata"] = call.metadata()
    _detail(call, made)
    return made


@operation("POST /v1/payment_methods/{id}", "metadata.* allow_redisplay card.exp_month card.exp_year", *DETAILS, *WHERE)
def update(call: Call) -> Json:
    """Change what is known about the holder."""
    method = call.space.get("payment_method", call.id)
    if method["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    for name in ("exp_month", "exp_year"):
        value = call.integer(f"card.{name}")
        if value is not None:
            method["card"][name] = value
    method["metadata"] = call.metadata(method["metadata"])
    _detail(call, method)
    call.world.emit(call.space, "payment_method.updated", method, call=call)
    return method


@operation("POST /v1/payment_methods/{id}/attach", "customer")
def attach_one(call: Call) -> Json:
    """Attach a payment method to a customer."""
    customer = call.space.living("customer", call.needed("customer"), param="customer")
    return attach(call, method_of(call, call.id), customer)


@operation("POST /v1/payment_methods/{id}/detach")
def detach(call: Call) -> Json:
    """Take a payment method away from its customer, for good."""
    method = call.space.get("payment_method", call.id)
    if method["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    customer = call.space.get("customer", method["customer"])
    if customer["invoice_settings"]["default_payment_method"] == method["id"]:
        customer["invoice_settings"]["default_payment_method"] = None
    call.world.emit(
        call.space,
        "payment_method.detached",
        {**method, "customer": None},
        before={"customer": method["customer"]},
        call=call,
    )
    method["customer"] = None
    method["_was_attached"] = True
    return method


@operation("GET /v1/payment_methods/{id}")
def retrieve(call: Call) -> Json:
    """Return a payment method."""
    return call.space.get("payment_method", call.id)


@operation("GET /v1/payment_methods", "customer type allow_redisplay", *PAGE)
def list_all(call: Call) -> Json:
    """List payment methods, of one customer if it is named."""
    found = selected(call, call.space.all("payment_method"), "customer", "type")
    return listed([item for item in found if item["customer"]], "/v1/payment_methods", call.params)


@operation("GET /v1/customers/{id}/payment_methods", "type allow_redisplay", *PAGE)
def list_of_customer(call: Call) -> Json:
    """List the payment methods of a customer."""
    customer = call.space.living("customer", call.id)
    found = selected(call, call.space.all("payment_method"), "type")
    return listed(
        [item for item in found if item["customer"] == customer["id"]],
        f"/v1/customers/{call.id}/payment_methods",
        call.params,
    )


@operation("GET /v1/customers/{id}/payment_methods/{method}")
def retrieve_of_customer(call: Call) -> Json:
    """Return a payment method of a customer."""
    method = call.space.get("payment_method", call.inner_id)
    if method["customer"] != call.id:
        raise invalid(f"No such payment method: '{call.inner_id}'", param="id", code="resource_missing", status=404)
    return method


def method_of(call: Call, token: str, *, param: str = "id") -> Json:
    """Return a payment method by its id, or a new one for a test token such as `pm_card_visa`."""
    if token in BY_TOKEN:
        return make_card(call, BY_TOKEN[token].number)
    return call.space.get("payment_method", token, param=param)


def attach(call: Call, method: Json, customer: Json) -> Json:
    """Attach a payment method to a customer.

    Raises:
        Refusal: it is somebody else's, it was taken away before, or the bank says no to its card.
    """
    if method["customer"] == customer["id"]:
        return method
    if method["customer"] is not None:
        raise invalid(
            "The payment method you provided has already been attached to a customer.", param="payment_method"
        )
    if method.get("_was_attached"):
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again.",
            param="payment_method",
        )
    card = card_of(call, method)
    if card is not None and card.declines is not None and card.declines_at_once:
        raise declined(*card.declines)
    method["customer"] = customer["id"]
    call.world.emit(call.space, "payment_method.attached", method, call=call)
    return method


def card_of(call: Call, method: Json) -> TestCard | None:
    """Return the test card that a payment method stands for, None for another kind of method."""
    return BY_NUMBER.get(call.space.numbers[method["id"]])


def declined(code: str, decline_code: str, **more: Any) -> Refusal:
    """Return the error of a payment that the bank has refused."""
    shown: Json = {} if code == decline_code and code != "authentication_required" else {"decline_code": decline_code}
    return Refusal(402, "card_error", message_of(decline_code), code=code, **shown, **more)


def make_card(call: Call, number: str, *, exp_month: int = 12, exp_year: int = 2034) -> Json:
    """Make a payment method of a test card.

    Raises:
        Refusal: there is no test card with this number.
    """
    card = BY_NUMBER.get(number)
    if card is None:
        raise declined("incorrect_number", "incorrect_number", param="number")
    method = _made(call, "card", number)
    method["card"] = {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": fingerprint_of(number),
        "funding": card.funding,
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return method


def make_account(call: Call, iban: str) -> Json:
    """Make a payment method of a bank account for SEPA direct debits.

    Raises:
        Refusal: it is none of the test accounts.
    """
    number = iban.replace(" ", "").upper()
    if number not in ACCOUNTS:
        raise invalid(
            f"The IBAN you provided is invalid. {iban}", param="sepa_debit[iban]", code="invalid_bank_account_iban"
        )
    method = _made(call, "sepa_debit", number)
    method["sepa_debit"] = {
        "bank_code": number[4:12],
        "branch_code": "",
        "country": number[:2],
        "fingerprint": fingerprint_of(number),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": number[-4:],
    }
    return method


def address_of(given: Json | None) -> Json | None:
    """Return an address with all its fields."""
    if given is None:
        return None
    names = ("city", "country", "line1", "line2", "postal_code", "state")
    return {name: given.get(name) or None for name in names}


def _made(call: Call, kind: str, number: str) -> Json:
    method: Json = {
        "id": call.state.ids.new("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": address_of({}), "email": None, "name": None, "phone": None, "tax_id": None},
        "created": call.now,
        "customer": None,
        "livemode": call.space.is_live,
        "metadata": {},
        "type": kind,
    }
    call.space.numbers[method["id"]] = number
    return call.space.put("payment_method", method)


def _card_of_token(token: str) -> TestCard:
    card = BY_TOKEN.get(token.replace("tok_", "pm_card_", 1))
    if card is None:
        raise invalid(f"No such token: '{token}'", param="card[token]", code="resource_missing")
    return card


def _detail(call: Call, method: Json) -> None:
    details = method["billing_details"]
    for name in ("email", "name", "phone"):
        path = f"billing_details.{name}"
        if call.has(path):
            details[name] = call.text(path)
    if call.has("billing_details.address"):
        details["address"] = address_of(call.tree("billing_details.address"))
    if call.has("allow_redisplay"):
        method["allow_redisplay"] = call.choice("allow_redisplay", "always", "limited", "unspecified")
