"""Payment methods of v1."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.stripe_door.door import Door

CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}


def new_customer(door: Door) -> str:
    made: str = door.v1.post("/customers", {"name": "Payer"})["id"]
    return made


def test_a_card_is_made_attached_listed_and_detached(door: Door) -> None:
    details = {"name": "Ada", "address": {"country": "FR"}}
    made = door.v1.post("/payment_methods", {"type": "card", "card": CARD, "billing_details": details})
    assert (made["customer"], made["type"], made["billing_details"]["name"]) == (None, "card", "Ada")
    card = made["card"]
    assert (card["brand"], card["last4"], card["exp_month"], card["exp_year"]) == ("visa", "4242", 12, 2034)
    customer = new_customer(door)
    attached = door.v1.post(f"/payment_methods/{made['id']}/attach", {"customer": customer})
    assert attached == {**made, "customer": customer, "created": attached["created"]}
    for path in (f"/customers/{customer}/payment_methods", f"/payment_methods?customer={customer}&type=card"):
        assert door.v1.get(path)["data"] == [attached]
    assert door.v1.get(f"/customers/{customer}/payment_methods/{made['id']}") == attached
    assert door.v1.get(f"/payment_methods?customer={customer}&type=sepa_debit")["data"] == []
    again = door.v1.post(f"/payment_methods/{made['id']}/attach", {"customer": customer})
    assert again == attached
    detached = door.v1.post(f"/payment_methods/{made['id']}/detach")
    assert detached == {**attached, "customer": None}
    assert door.v1.get(f"/payment_methods/{made['id']}") == detached
    assert door.v1.get(f"/customers/{customer}/payment_methods")["data"] == []
    refusal = door.v1.refused("POST", f"/payment_methods/{made['id']}/attach", {"customer": customer})
    assert refusal == (400, "parameter_invalid", "payment_method")


def test_the_token_of_a_test_card_makes_a_new_one(door: Door) -> None:
    customer = new_customer(door)
    first = door.v1.post("/payment_methods/pm_card_visa/attach", {"customer": customer})
    second = door.v1.post("/payment_methods/pm_card_amex/attach", {"customer": customer})
    third = door.v1.post("/payment_methods", {"type": "card", "card": {"token": "tok_mastercard"}})
    assert [one["card"]["brand"] for one in (first, second, third)] == ["visa", "amex", "mastercard"]
    assert [one["id"] for one in door.v1.pages(f"/customers/{customer}/payment_methods?limit=1")] == [
        second["id"],
        first["id"],
    ]
    default = {"invoice_settings": {"default_payment_method": third["id"]}}
    chosen = door.v1.post(f"/customers/{customer}", default)
    assert chosen["invoice_settings"]["default_payment_method"] == third["id"]
    assert door.v1.get(f"/payment_methods/{third['id']}")["customer"] == customer


def test_what_is_known_of_its_holder_can_be_changed(door: Door) -> None:
    made = door.v1.post("/payment_methods", {"type": "card", "card": {"token": "tok_visa"}, "metadata": {"a": "1"}})
    body = {"billing_details": {"email": "a@example.com"}, "metadata": {"a": "", "b": "2"}}
    changed = door.v1.post(f"/payment_methods/{made['id']}", body)
    assert (changed["billing_details"]["email"], changed["metadata"]) == ("a@example.com", {"b": "2"})
    assert changed["card"] == made["card"]


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        ("/payment_methods", {"type": "card"}, (400, "parameter_missing", "card")),
        ("/payment_methods", {"type": "sepa_debit", "card": CARD}, (400, "parameter_invalid", "type")),
        ("/payment_methods", {"type": "card", "card": {}}, (400, "parameter_missing", "card")),
        ("/payment_methods", {"type": "card", "card": {"cvc": "1"}}, (400, "parameter_invalid", "card")),
        (
            "/payment_methods",
            {"type": "card", "card": {"number": "4242424242424242"}},
            (400, "parameter_missing", "card[exp_month]"),
        ),
        (
            "/payment_methods",
            {"type": "card", "card": {**CARD, "number": "4929720000000000"}},
            (400, "card_refused", None),
        ),
        (
            "/payment_methods",
            {"type": "card", "card": {**CARD, "number": "4000000000009995"}},
            (402, "card_declined", None),
        ),
        (
            "/payment_methods",
            {"type": "card", "card": {**CARD, "exp_year": 2020}},
            (402, "invalid_expiry_year", "card[exp_year]"),
        ),
        (
            "/payment_methods",
            {"type": "card", "card": {**CARD, "exp_month": 13}},
            (402, "invalid_expiry_month", "card[exp_month]"),
        ),
        ("/payment_methods", {"type": "card", "card": {"token": "tok_x"}}, (400, "resource_missing", "payment_method")),
        ("/payment_methods/pm_x/attach", {"customer": "x"}, (400, "resource_missing", "customer")),
        ("/payment_methods/pm_card_visa/attach", {"customer": "cus_" + "0" * 32}, (404, "resource_missing", "id")),
        ("/payment_methods/pm_card_visa/attach", {}, (400, "parameter_missing", "customer")),
        ("/payment_methods/pm_" + "0" * 32 + "/detach", {}, (404, "resource_missing", "id")),
        ("/payment_methods/pm_" + "0" * 32, {}, (404, "resource_missing", "id")),
    ],
)
def test_what_can_not_be_is_refused(door: Door, path: str, body: Any, refusal: tuple[int, str, str | None]) -> None:
    assert door.v1.refused("POST", path, body) == refusal


def test_no_number_is_kept(door: Door) -> None:
    made = door.v1.post("/payment_methods", {"type": "card", "card": CARD})
    with door.engine.read() as tx:
        kept = tx.stripe.find("payment_method", made["id"].replace("pm_", "card_"))
    assert CARD["number"] not in repr(kept)


def test_a_method_of_one_customer_is_not_another_ones(door: Door) -> None:
    first, second = new_customer(door), new_customer(door)
    made = door.v1.post("/payment_methods/pm_card_visa/attach", {"customer": first})["id"]
    assert door.v1.refused("GET", f"/customers/{second}/payment_methods/{made}") == (404, "resource_missing", "id")
    assert door.v1.refused("POST", f"/payment_methods/{made}/attach", {"customer": second})[0] == 400
    assert door.v1.refused("GET", "/payment_methods") == (400, "parameter_missing", "customer")
