"""Payment intents, setup intents and refunds of v1."""

from __future__ import annotations

import pytest

from tests.contract.stripe_door.door import Door


@pytest.fixture(scope="module")
def customer(door: Door) -> str:
    made = door.v1.post("/customers", {"email": "payer@example.com", "name": "Payer"})
    return str(made["id"])


def create(door: Door, customer: str, **more):
    return door.v1.call("POST", "/payment_intents", {"amount": 2_200, "currency": "usd", "customer": customer, **more})


def test_an_intent_that_is_confirmed_at_once_has_taken_the_money(door: Door, customer: str) -> None:
    paid = create(door, customer, payment_method="pm_card_visa", confirm=True, off_session=True, metadata={"a": "1"})
    intent = paid.body
    assert (paid.status, intent["status"], intent["amount_received"]) == (200, "succeeded", 2_200)
    assert intent["id"].startswith("pi_")
    assert intent["latest_charge"].startswith("ch_")
    assert intent["payment_method"].startswith("pm_")
    assert (intent["customer"], intent["metadata"], intent["next_action"]) == (customer, {"a": "1"}, None)
    assert door.v1.get(f"/payment_intents/{intent['id']}") == intent
    assert door.v1.get(f"/payment_intents?customer={customer}")["data"][0] == intent


def test_an_intent_is_made_changed_and_confirmed_step_by_step(door: Door, customer: str) -> None:
    intent = create(door, customer).body
    assert (intent["status"], intent["payment_method"]) == ("requires_payment_method", None)
    changed = door.v1.post(
        f"/payment_intents/{intent['id']}",
        {"amount": 900, "description": "Setup", "payment_method": "pm_card_mastercard", "metadata": {"x": "y"}},
    )
    assert (changed["amount"], changed["status"], changed["description"]) == (900, "requires_confirmation", "Setup")
    confirmed = door.v1.post(f"/payment_intents/{intent['id']}/confirm")
    assert (confirmed["status"], confirmed["amount_received"]) == ("succeeded", 900)
    for path, code in (("confirm", "payment_intent_unexpected_state"), ("cancel", "payment_intent_unexpected_state")):
        assert door.v1.refused("POST", f"/payment_intents/{intent['id']}/{path}") == (400, code, None)


@pytest.mark.parametrize(
    ("token", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
    ],
)
def test_a_refused_card_is_a_card_error_that_holds_the_intent(
    door: Door, customer: str, token: str, code: str, decline_code: str
) -> None:
    told = create(door, customer, payment_method=token, confirm=True)
    error = told.body["error"]
    assert (told.status, error["type"], error["code"], error["decline_code"]) == (402, "card_error", code, decline_code)
    assert error["payment_intent"]["status"] == "requires_payment_method"
    left = door.v1.get(f"/payment_intents/{error['payment_intent']['id']}")
    assert left == error["payment_intent"]
    assert left["last_payment_error"]["decline_code"] == decline_code
    again = door.v1.post(f"/payment_intents/{left['id']}/confirm", {"payment_method": "pm_card_visa"})
    assert (again["status"], again["last_payment_error"]) == ("succeeded", None)


def test_a_card_that_asks_its_holder_needs_an_action(door: Door, customer: str) -> None:
    asked = create(
        door,
        customer,
        payment_method="pm_card_authenticationRequired",
        confirm=True,
        return_url="https://shop.example/done",
    ).body
    action = asked["next_action"]["redirect_to_url"]
    assert (asked["status"], action["return_url"]) == ("requires_action", "https://shop.example/done")
    assert "/managed/authenticate/" in action["url"]
    cancelled = door.v1.post(f"/payment_intents/{asked['id']}/cancel", {"cancellation_reason": "abandoned"})
    assert (cancelled["status"], cancelled["cancellation_reason"]) == ("canceled", "abandoned")
    told = create(door, customer, payment_method="pm_card_authenticationRequired", confirm=True, off_session=True)
    assert (told.status, told.body["error"]["code"]) == (402, "authentication_required")
    left = told.body["error"]["payment_intent"]
    assert (left["status"], left["last_payment_error"]["code"]) == (
        "requires_payment_method",
        "authentication_required",
    )


def test_everything_that_becomes_of_an_intent_is_told(door: Door, customer: str) -> None:
    """An attempt that is withdrawn with the whole intent is none that has failed."""
    intent = create(door, customer).body["id"]
    for method, more in (
        ("pm_card_chargeDeclined", {}),
        ("pm_card_authenticationRequired", {"error_on_requires_action": True}),
        ("pm_card_visa", {}),
    ):
        door.v1.call("POST", f"/payment_intents/{intent}/confirm", {"payment_method": method, **more})
    asked = create(door, customer, payment_method="pm_card_authenticationRequired", confirm=True).body["id"]
    door.v1.post(f"/payment_intents/{asked}/cancel")
    told = [one for one in door.v1.pages("/events?limit=100")[::-1] if one["type"].startswith("payment_intent.")]
    types: dict[str, list[str]] = {intent: [], asked: []}
    for one in told:
        types.setdefault(one["data"]["object"]["id"], []).append(one["type"].removeprefix("payment_intent."))
    assert types[intent] == ["created", "payment_failed", "requires_action", "payment_failed", "succeeded"]
    assert types[asked] == ["created", "requires_action", "canceled"]


REFUSED = [
    ({"amount": 100, "currency": "usd"}, "parameter_missing", "customer"),
    ({"amount": 100, "currency": "usd", "customer": "cus_0"}, "resource_missing", "customer"),
    ({"amount": 100, "currency": "usd", "customer": "cus_" + "0" * 32}, "resource_missing", "customer"),
    ({"amount": 0}, "amount_too_small", "amount"),
    ({"amount": -5}, "amount_too_small", "amount"),
    ({"amount": 100_000_000}, "amount_too_large", "amount"),
    ({"amount": "1.5"}, "parameter_invalid_integer", "amount"),
    ({"currency": "xyz"}, "parameter_invalid", "currency"),
    ({"currency": "dollars"}, "parameter_invalid", "currency"),
    ({"payment_method": "pm_nothing"}, "resource_missing", "payment_method"),
    ({"payment_method": "pm_" + "0" * 32, "confirm": True}, "resource_missing", "payment_method"),
    ({"confirm": True}, "payment_intent_unexpected_state", None),
    ({"confirm": "perhaps"}, "parameter_invalid", "confirm"),
    ({"return_url": "javascript:alert(1)"}, "parameter_invalid", "return_url"),
    ({"capture_method": "manual"}, "parameter_invalid", "capture_method"),
    ({"amounts": 1}, "parameter_unknown", "amounts"),
]


@pytest.mark.parametrize(("body", "code", "param"), REFUSED)
def test_what_is_wrong_is_named(door: Door, customer: str, body, code: str, param: str) -> None:
    usual = {} if "customer" in body or param == "customer" else {"customer": customer}
    sent = {"amount": 100, "currency": "usd", **usual, **body}
    status, *told = door.v1.refused("POST", "/payment_intents", sent)
    assert (status in (400, 404), told) == (True, [code, param])


def test_a_repeated_key_takes_nothing_twice_and_repeats_a_refusal(door: Door, customer: str) -> None:
    body = {"amount": 500, "currency": "usd", "customer": customer, "confirm": True}
    for number, method in (("1", "pm_card_visa"), ("2", "pm_card_chargeCustomerFail"), ("3", "pm_card_chargeDeclined")):
        sent = {**body, "payment_method": method}
        first = door.v1.call("POST", "/payment_intents", sent, Idempotency_Key=f"pay-{number}")
        second = door.v1.call("POST", "/payment_intents", sent, Idempotency_Key=f"pay-{number}")
        assert (first.status, first.body) == (second.status, second.body)
        assert second.headers["Idempotent-Replayed"] == "true"


def test_what_a_payment_has_paid_nothing_with_goes_back(door: Door, customer: str) -> None:
    paid = create(door, customer, payment_method="pm_card_visa", confirm=True).body
    half = door.v1.post("/refunds", {"payment_intent": paid["id"], "amount": 1_000, "reason": "duplicate"})
    assert (half["status"], half["amount"], half["payment_intent"]) == ("succeeded", 1_000, paid["id"])
    assert (half["charge"], half["reason"]) == (paid["latest_charge"], "duplicate")
    rest = door.v1.post("/refunds", {"charge": paid["latest_charge"], "metadata": {"a": "b"}})
    assert (rest["amount"], rest["metadata"]) == (1_200, {"a": "b"})
    assert door.v1.get(f"/refunds/{rest['id']}") == rest
    assert door.v1.pages(f"/refunds?payment_intent={paid['id']}&limit=1") == [rest, half]
    other = create(door, customer, payment_method="pm_card_visa", confirm=True).body
    refusals = {
        "charge_already_refunded": {"payment_intent": paid["id"]},
        "amount_too_large": {"payment_intent": other["id"], "amount": 2_201},
        "parameter_missing": {},
        "resource_missing": {"charge": "ch_" + "0" * 32},
        "charge_not_refundable": {"payment_intent": create(door, customer).body["id"]},
    }
    for code, body in refusals.items():
        assert door.v1.refused("POST", "/refunds", body)[1] == code
    assert door.v1.refused("GET", "/refunds/re_0")[:2] == (404, "resource_missing")


def test_a_payment_method_is_kept_by_a_setup_intent(door: Door, customer: str) -> None:
    kept = door.v1.post(
        "/setup_intents",
        {"customer": customer, "payment_method": "pm_card_amex", "confirm": True, "metadata": {"a": "1"}},
    )
    assert (kept["status"], kept["usage"], kept["customer"]) == ("succeeded", "off_session", customer)
    assert kept["payment_method"].startswith("pm_")
    assert door.v1.get(f"/setup_intents/{kept['id']}") == kept
    assert create(door, customer, payment_method=kept["payment_method"], confirm=True).body["status"] == "succeeded"
    begun = door.v1.post("/setup_intents", {"customer": customer})
    assert (begun["status"], begun["payment_method"]) == ("requires_payment_method", None)
    told = door.v1.call("POST", f"/setup_intents/{begun['id']}/confirm", {"payment_method": "pm_card_chargeDeclined"})
    assert (told.status, told.body["error"]["decline_code"]) == (402, "generic_decline")
    left = door.v1.get(f"/setup_intents/{begun['id']}")
    assert (left["status"], left["last_setup_error"]["code"]) == ("requires_payment_method", "card_declined")
    assert door.v1.post(f"/setup_intents/{begun['id']}/cancel")["status"] == "canceled"
    assert [one["id"] for one in door.v1.get(f"/setup_intents?customer={customer}")["data"]] == [
        begun["id"],
        kept["id"],
    ]
    for path, body, code in (
        (f"/{begun['id']}/confirm", {"payment_method": "pm_card_visa"}, "setup_intent_unexpected_state"),
        ("", {"customer": customer, "confirm": True}, "setup_intent_unexpected_state"),
        ("", {"customer": customer, "payment_method": "pm_no"}, "resource_missing"),
        ("", {"customer": "cus_" + "0" * 32}, "resource_missing"),
    ):
        assert door.v1.refused("POST", f"/setup_intents{path}", body)[1] == code
