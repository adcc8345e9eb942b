"""Customers of v1."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.metering import event, new_customer, new_meter

NOBODY = "cus_" + "0" * 32


def test_a_customer_is_made_changed_found_and_deleted(door: Door) -> None:
    made = door.v1.post("/customers", {"name": "Ada", "email": "ada@example.com", "metadata": {"tier": "gold"}})
    assert made["id"].startswith("cus_")
    shown = (made["name"], made["email"], made["metadata"], made["livemode"], made["object"])
    assert shown == ("Ada", "ada@example.com", {"tier": "gold"}, False, "customer")
    changed = door.v1.post(f"/customers/{made['id']}", {"metadata": {"tier": "", "x": "1"}, "name": "Ada L."})
    assert (changed["metadata"], changed["name"], changed["email"]) == ({"x": "1"}, "Ada L.", "ada@example.com")
    assert door.v1.get(f"/customers/{made['id']}") == changed
    assert door.v1.get("/customers?email=ada@example.com")["data"] == [changed]
    assert door.v1.delete(f"/customers/{made['id']}") == {"id": made["id"], "object": "customer", "deleted": True}
    assert door.v1.get(f"/customers/{made['id']}")["deleted"] is True
    assert door.v1.get("/customers?email=ada@example.com")["data"] == []
    assert door.v1.refused("POST", f"/customers/{made['id']}", {"name": "x"}) == (404, "resource_missing", "id")


def test_what_was_sent_is_kept_and_what_is_sent_empty_is_taken_away(door: Door) -> None:
    address = {"line1": "1 Main St", "city": "Paris", "country": "FR", "postal_code": "75001"}
    body: dict[str, Any] = {
        "email": "kept@example.com",
        "description": "d",
        "phone": "+331",
        "address": address,
        "shipping": {"name": "N", "address": {"country": "FR"}},
        "preferred_locales": ["fr", "en"],
        "tax_exempt": "reverse",
        "tax": {"ip_address": "192.0.2.1"},
        "invoice_settings": {"footer": "Merci", "custom_fields": [{"name": "PO", "value": "1"}]},
    }
    made = door.v1.post("/customers", body)
    assert made["address"] == {**dict.fromkeys(("line2", "state")), **address}
    assert (made["preferred_locales"], made["tax_exempt"]) == (["fr", "en"], "reverse")
    assert made["invoice_settings"]["custom_fields"] == [{"name": "PO", "value": "1"}]
    assert made["shipping"]["address"]["country"] == "FR"
    empty = {"address": "", "email": "", "description": "", "metadata": "", "phone": ""}
    changed = door.v1.post(f"/customers/{made['id']}", empty)
    assert [changed[name] for name in empty] == [None, None, None, {}, None]
    assert changed["preferred_locales"] == ["fr", "en"]


def test_an_address_without_a_known_country_is_shown_as_it_was_sent(door: Door) -> None:
    made = door.v1.post("/customers", {"address": {"city": "Atlantis", "country": "ZZ"}})
    assert (made["address"]["city"], made["address"]["country"], made["name"]) == ("Atlantis", "ZZ", None)


def test_both_payment_methods_of_a_new_customer_are_attached_and_the_default_is_charged(door: Door) -> None:
    made = [door.v1.post("/payment_methods", {"type": "card", "card": {"token": "tok_visa"}})["id"] for _ in range(2)]
    body = {"payment_method": made[0], "invoice_settings": {"default_payment_method": made[1]}}
    customer = door.v1.post("/customers", body)
    assert customer["invoice_settings"]["default_payment_method"] == made[1]
    assert {one["id"] for one in door.v1.get(f"/customers/{customer['id']}/payment_methods")["data"]} == set(made)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"address": {"country": "NaN"}}, (400, "parameter_invalid", "address[country]")),
        ({"address": {"country": "-1"}}, (400, "parameter_invalid", "address[country]")),
        (
            {"payment_method": "garbage", "invoice_settings": {"default_payment_method": "pm_card_visa"}},
            (400, "resource_missing", "payment_method"),
        ),
        ({"payment_method": "pm_" + "0" * 32}, (404, "resource_missing", "id")),
    ],
)
def test_a_refused_customer_is_not_made(door: Door, body: Any, refusal: tuple[int, str, str | None]) -> None:
    sent = {"email": "refused@example.com", **body}
    assert door.v1.refused("POST", "/customers", sent) == refusal
    assert door.v1.get("/customers?email=refused@example.com")["data"] == []


def test_customers_on_a_clock_are_listed_where_the_clock_is_named(door: Door) -> None:
    clock = door.v1.post("/test_helpers/test_clocks", {"frozen_time": 1577836800})["id"]
    made = [door.v1.post("/customers", {"test_clock": clock, "name": f"n{n}"})["id"] for n in range(5)]
    assert door.v1.get(f"/customers/{made[0]}")["created"] == 1577836800
    assert door.v1.get(f"/customers/{made[0]}")["test_clock"] == clock
    path = f"/customers?test_clock={clock}&limit=2"
    assert [one["id"] for one in door.v1.pages(path)] == made[::-1]
    back = door.v1.get(f"{path}&ending_before={made[0]}")
    assert ([one["id"] for one in back["data"]], back["has_more"]) == ([made[2], made[1]], True)
    assert not {*made} & {one["id"] for one in door.v1.pages("/customers?limit=100")}
    assert door.v1.pages(f"/customers?test_clock={clock}&created[gt]=1577836800") == []
    for query in ("created=1577836800", "created[gte]=1577836800&created[lt]=1577836801", "created[lte]=1577836800"):
        assert len(door.v1.get(f"/customers?test_clock={clock}&{query}")["data"]) == 5


def test_a_customer_who_is_deleted_has_agreed_to_nothing_any_more(door: Door) -> None:
    made = door.v1.post("/customers", {"name": "Gone", "payment_method": "pm_card_visa"})
    assert made["invoice_settings"]["default_payment_method"].startswith("pm_")
    assert door.v1.delete(f"/customers/{made['id']}")["deleted"] is True
    with door.engine.read() as tx:
        assert tx.agreements.live_of(f"customer_{made['id'][4:]}") == ()


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("GET", "/customers/cus_x", None, (404, "resource_missing", "id")),
        ("GET", f"/customers/{NOBODY}", None, (404, "resource_missing", "id")),
        ("POST", f"/customers/{NOBODY}", {"name": "a"}, (404, "resource_missing", "id")),
        ("DELETE", f"/customers/{NOBODY}", None, (404, "resource_missing", "id")),
        ("POST", "/customers", {"email": "nobody"}, (400, "parameter_invalid", "email")),
        ("POST", "/customers", {"test_clock": "x"}, (400, "resource_missing", "test_clock")),
        ("POST", "/customers", {"test_clock": "clock_" + "0" * 32}, (400, "resource_missing", "test_clock")),
        ("POST", "/customers", {"source": "tok_visa"}, (400, "parameter_unknown", "source")),
        ("POST", "/customers", {"tax_exempt": "maybe"}, (400, "parameter_invalid", "tax_exempt")),
        ("POST", "/customers", {"payment_method": "pm_x"}, (400, "resource_missing", "payment_method")),
        ("POST", "/customers", {"payment_method": "pm_card_chargeDeclined"}, (402, "card_declined", None)),
        ("POST", "/customers", {"metadata": {"k" * 41: "1"}}, (400, "parameter_invalid", "metadata")),
        ("GET", "/customers?created[gte]=x", None, (400, "parameter_invalid_integer", "created[gte]")),
        ("GET", "/customers?starting_after=in_x", None, (400, "resource_missing", "starting_after")),
        ("GET", "/customers?test_clock=x", None, (400, "resource_missing", "test_clock")),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(
    door: Door, method: str, path: str, body: Any, refusal: tuple[int, str, str | None]
) -> None:
    before = door.v1.get("/customers?limit=100")["data"]
    assert door.v1.refused(method, path, body) == refusal
    assert door.v1.get("/customers?limit=100")["data"] == before


def test_ids_in_an_answer_can_be_expanded_and_what_is_no_member_of_it_can_not(door: Door) -> None:
    made = door.v1.post("/customers", {"payment_method": "pm_card_visa"})["id"]
    path = "invoice_settings.default_payment_method"
    shown = door.v1.get(f"/customers/{made}?expand[]={path}")["invoice_settings"]["default_payment_method"]
    assert (shown["object"], shown["customer"], shown["card"]["last4"]) == ("payment_method", made, "4242")
    listed = door.v1.get(f"/payment_methods?customer={made}&expand[]=data.customer")["data"][0]
    assert (listed["customer"]["id"], listed["customer"]["object"]) == (made, "customer")
    body = {"customer": made, "expand": ["customer"]}
    assert door.v1.post(f"/payment_methods/{listed['id']}/attach", body)["customer"]["id"] == made
    kept = door.v1.post(f"/customers/{made}", {"name": "Kept", "expand": ["test_clock"]})
    assert (kept["name"], kept["test_clock"]) == ("Kept", None)
    for wrong in ("nothing", "metadata.x.y", "a.b.c.d.e.f", "%00"):
        assert door.v1.refused("GET", f"/customers/{made}?expand[]={wrong}")[2] in ("expand", "expand[]")
    assert door.v1.refused("POST", f"/customers/{made}", {"name": "Lost", "expand": ["nothing"]})[0] == 400
    assert door.v1.get(f"/customers/{made}")["name"] == "Kept"


def test_a_deleted_customer_uses_nothing_any_more(door: Door) -> None:
    meter, gone = new_meter(door), new_customer(door)
    door.v1.delete(f"/customers/{gone}")
    refusal = door.v2.refused("POST", "/billing/meter_events", event(meter, gone))
    assert refusal == (400, "meter_event_customer_not_found", "payload[stripe_customer_id]")
