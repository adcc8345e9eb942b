"""Credit grants, balances and transactions of v1."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from billing_sdk.server.api.stripe.ids import ours
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.attach_component import attach_component
from billing_sdk.server.usecases.create_item import create_metered_item
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.custom_units import create_custom_unit
from billing_sdk.server.usecases.grant_credit import add_grant
from billing_sdk.server.usecases.modify_rates import NewRate, add_rate
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.void_invoice import void_invoice
from tests.contract.stripe_door.door import Door
from tests.engines import DECLINED_WHEN_CHARGED, advance, payer

GRANTS = "/billing/credit_grants"
SUMMARY = "/billing/credit_balance_summary"
TRANSACTIONS = "/billing/credit_balance_transactions"
METERED = {"scope": {"price_type": "metered"}}
DAY = 86_400
NOON = 1_769_860_800
NOBODY = "cus_" + "0" * 32


def money(value: object, currency: str = "usd") -> dict[str, Any]:
    return {"type": "monetary", "monetary": {"currency": currency, "value": value}}


@pytest.fixture(scope="module")
def customer(door: Door) -> str:
    return door.v1.post("/customers", {"name": "Ada"})["id"]


@pytest.fixture(scope="module")
def items(door: Door) -> dict[str, str]:
    """Two items of one meter, each in a rate card of its own, in a plan; with a unit beside them."""
    engine, ids = door.engine, {}
    create_plan(engine, key="models", name="Models")
    for model in ("small", "large"):
        item = create_metered_item(engine, name=model, feature_key="ai_tokens", conditions={"model": model})
        card = create_rate_card(engine, name=model, currency="USD", service=Cadence("month"))
        add_rate(engine, card_id=card.id, rate=NewRate(item.id, Terms(PerUnit(Decimal(1)))))
        attach_component(engine, plan_key="models", kind="rate_card", object_id=card.id)
        ids[model] = item.id.replace("item_", "bli_test_")
        ids[f"{model} card"] = card.id.replace("card_", "rcd_test_")
    publish_plan(engine, plan_key="models")
    ids["unit"] = create_custom_unit(engine, name="Sparks").id.replace("unit_", "cpu_test_")
    return ids


def grant(door: Door, customer: str, value: int = 1_000, **members: Any) -> Any:
    body = {"customer": customer, "amount": money(value), "applicability_config": METERED, "category": "paid"}
    return door.v1.post(GRANTS, {**body, **members})


def test_a_grant_says_what_was_sent_and_what_was_left_out_by_the_published_defaults(door: Door, customer: str) -> None:
    made = door.v1.post(GRANTS, {"customer": customer, "amount": money(1_000), "applicability_config": METERED})
    assert made["id"].startswith("credgr_test_")
    assert {name: value for name, value in made.items() if name != "id"} == {
        "object": "billing.credit_grant",
        "amount": {
            "custom_pricing_unit": None,
            "monetary": {"currency": "usd", "value": 1_000},
            "type": "monetary",
        },
        "applicability_config": {
            "scope": {"billable_items": None, "price_type": "metered", "prices": None, "rate_cards": None}
        },
        "category": "paid",
        "created": NOON,
        "customer": customer,
        "customer_account": None,
        "effective_at": NOON,
        "expires_at": None,
        "livemode": False,
        "metadata": {},
        "name": None,
        "priority": 50,
        "test_clock": None,
        "updated": NOON,
        "voided_at": None,
    }
    assert door.v1.get(f"{GRANTS}/{made['id']}") == made
    old = door.v1.get(f"{GRANTS}/{made['id']}", Stripe_Version="2025-09-30.preview")
    assert "rate_cards" not in old["applicability_config"]["scope"]


def test_a_grant_can_be_promotional_named_scoped_timed_and_noted(
    door: Door, customer: str, items: dict[str, str]
) -> None:
    made = grant(
        door,
        customer,
        category="promotional",
        name="Welcome",
        priority=0,
        effective_at=NOON + DAY,
        expires_at=NOON + 2 * DAY,
        metadata={"a": "b"},
        applicability_config={"scope": {"billable_items": [{"id": items["small"]}, {"id": items["large"]}]}},
    )
    said = (made["category"], made["name"], made["priority"], made["effective_at"], made["expires_at"])
    assert said == ("promotional", "Welcome", 0, NOON + DAY, NOON + 2 * DAY)
    assert made["metadata"] == {"a": "b"}
    scope = made["applicability_config"]["scope"]
    assert scope["billable_items"] == [{"id": items["small"]}, {"id": items["large"]}]
    assert (scope["price_type"], scope["rate_cards"]) == (None, None)
    of_card = grant(door, customer, applicability_config={"scope": {"rate_cards": [{"id": items["large card"]}]}})
    assert of_card["applicability_config"]["scope"]["rate_cards"] == [{"id": items["large card"]}]


def test_a_grant_can_be_of_a_custom_pricing_unit(door: Door, customer: str, items: dict[str, str]) -> None:
    amount = {"type": "custom_pricing_unit", "custom_pricing_unit": {"id": items["unit"], "value": "12.5"}}
    made = grant(door, customer, amount=amount)["amount"]
    assert (made["type"], made["monetary"]) == ("custom_pricing_unit", None)
    assert (made["custom_pricing_unit"]["id"], made["custom_pricing_unit"]["value"]) == (items["unit"], "12.5")
    details = made["custom_pricing_unit"]["custom_pricing_unit_details"]
    assert (details["display_name"], details["status"]) == ("Sparks", "active")


def test_the_end_of_a_grant_and_its_metadata_can_change_and_nothing_else(door: Door, customer: str) -> None:
    path = f"{GRANTS}/{grant(door, customer, metadata={'a': 'b', 'c': 'd'})['id']}"
    changed = door.v1.post(path, {"expires_at": NOON + 5 * DAY, "metadata": {"a": "", "e": "f"}})
    assert (changed["expires_at"], changed["metadata"]) == (NOON + 5 * DAY, {"c": "d", "e": "f"})
    assert door.v1.post(path, {"metadata": {"g": "h"}})["expires_at"] == NOON + 5 * DAY
    assert door.v1.post(path, {"expires_at": ""})["expires_at"] is None
    assert door.v1.refused("POST", path, {"priority": 1}) == (400, "parameter_unknown", "priority")
    assert door.v1.refused("POST", path, {"expires_at": NOON - DAY}) == (400, "parameter_invalid", "expires_at")


def test_a_grant_is_voided_while_nothing_was_used_and_can_be_expired_at_any_time(door: Door, customer: str) -> None:
    voided = door.v1.post(f"{GRANTS}/{grant(door, customer)['id']}/void")
    assert (voided["voided_at"], voided["updated"]) == (NOON, NOON)
    expired = door.v1.post(f"{GRANTS}/{grant(door, customer)['id']}/expire", {})
    assert (expired["expires_at"], expired["voided_at"]) == (NOON, None)
    for path in (f"{GRANTS}/{voided['id']}", f"{GRANTS}/{expired['id']}"):
        assert door.v1.refused("POST", f"{path}/void")[:2] == (400, "credit_grant_ended")
        assert door.v1.refused("POST", f"{path}/expire")[:2] == (400, "credit_grant_ended")
        assert door.v1.refused("POST", path, {"expires_at": NOON + DAY})[:2] == (400, "credit_grant_ended")


def test_grants_are_listed_by_customer_the_newest_first_page_by_page(door: Door) -> None:
    who = door.v1.post("/customers", {"name": "Grace"})["id"]
    made = [grant(door, who, value)["id"] for value in range(1, 6)]
    listed = f"{GRANTS}?customer={who}"
    assert [one["id"] for one in door.v1.pages(f"{listed}&limit=2")] == made[::-1]
    page = door.v1.get(f"{listed}&limit=2&ending_before={made[0]}")
    assert ([one["id"] for one in page["data"]], page["has_more"]) == ([made[2], made[1]], True)
    assert page["url"] == "/v1/billing/credit_grants"
    assert door.v1.get(f"{GRANTS}?limit=1")["data"][0]["id"] == made[-1]
    assert door.v1.refused("GET", f"{listed}&starting_after=credgr_1")[:2] == (400, "resource_missing")


CREATE = {"customer": "{customer}", "amount": money(1), "applicability_config": METERED}
REFUSED = [
    ({"customer": None}, 400, "parameter_invalid_empty", "customer"),
    ({"customer": NOBODY}, 400, "resource_missing", "customer"),
    ({"amount": money(0)}, 400, "parameter_invalid", "amount[monetary][value]"),
    ({"amount": money(-5)}, 400, "parameter_invalid", "amount[monetary][value]"),
    ({"amount": money("1.5")}, 400, "parameter_invalid_integer", "amount[monetary][value]"),
    ({"amount": money(1, "dollars")}, 400, "parameter_invalid", "amount[monetary][currency]"),
    ({"amount": money(1, "xxx")}, 400, "invalid_amount", None),
    ({"amount": {"type": "monetary"}}, 400, "parameter_missing", "amount[monetary]"),
    ({"amount": {"type": "custom_pricing_unit"}}, 400, "parameter_missing", "amount[custom_pricing_unit]"),
    ({"amount": {"type": "gold"}}, 400, "parameter_invalid", "amount[type]"),
    (
        {"amount": {**money(1), "custom_pricing_unit": {"id": "cpu_1", "value": "1"}}},
        400,
        "parameter_unknown",
        "amount[custom_pricing_unit]",
    ),
    (
        {"amount": {"type": "custom_pricing_unit", "custom_pricing_unit": {"id": "cpu_1", "value": "1"}}},
        400,
        "resource_missing",
        "amount[custom_pricing_unit][id]",
    ),
    ({"applicability_config": {"scope": {"price_type": ""}}}, 400, "parameter_missing", "applicability_config[scope]"),
    (
        {"applicability_config": {"scope": {"price_type": "licensed"}}},
        400,
        "parameter_invalid",
        "applicability_config[scope][price_type]",
    ),
    (
        {"applicability_config": {"scope": {"price_type": "metered", "billable_items": [{"id": "bli_1"}]}}},
        400,
        "parameter_invalid",
        "applicability_config[scope][billable_items]",
    ),
    (
        {"applicability_config": {"scope": {"billable_items": [{"id": "bli_1"}]}}},
        400,
        "resource_missing",
        "applicability_config[scope][billable_items][0][id]",
    ),
    (
        {"applicability_config": {"scope": {"rate_cards": [{"id": "rcd_" + "0" * 32}]}}},
        400,
        "resource_missing",
        "applicability_config[scope][rate_cards][0][id]",
    ),
    (
        {"applicability_config": {"scope": {"prices": [{"id": "price_1"}]}}},
        400,
        "resource_missing",
        "applicability_config[scope][prices][0][id]",
    ),
    (
        {"applicability_config": {"scope": {"billable_items": [{"id": "bli_1"}] * 21}}},
        400,
        "array_too_large",
        "applicability_config[scope][billable_items]",
    ),
    ({"category": "free"}, 400, "parameter_invalid", "category"),
    ({"priority": 101}, 400, "parameter_invalid", "priority"),
    ({"priority": "high"}, 400, "parameter_invalid_integer", "priority"),
    ({"name": "n" * 101}, 400, "parameter_invalid", "name"),
    ({"expires_at": NOON}, 400, "parameter_invalid", "expires_at"),
    ({"effective_at": NOON + 2 * DAY, "expires_at": NOON + DAY}, 400, "parameter_invalid", "expires_at"),
    ({"metadata": {"k" * 41: "v"}}, 400, "parameter_invalid", "metadata"),
    ({"color": "red"}, 400, "parameter_unknown", "color"),
]


@pytest.mark.parametrize(("change", "status", "code", "param"), REFUSED)
def test_what_can_not_be_granted_is_refused_by_name_and_grants_nothing(
    door: Door, customer: str, change: dict[str, Any], status: int, code: str, param: str | None
) -> None:
    before = unused(door, customer)
    body = {**CREATE, "customer": customer, **change}
    assert door.v1.refused("POST", GRANTS, body) == (status, code, param)
    assert unused(door, customer) == before


def unused(door: Door, customer: str) -> int:
    """Return of how many grants of a customer something is left."""
    with door.engine.read() as tx:
        return tx.grants.count_unused(ours("customer", customer))


def test_a_customer_has_a_hundred_grants_that_are_not_used_up_at_most(door: Door) -> None:
    who = door.v1.post("/customers", {"name": "Ida"})["id"]
    customer_id, one = ours("customer", who), ours("credit_grant", grant(door, who)["id"])
    with door.engine.begin() as tx:
        customer, made = tx.customers.lock(customer_id), tx.grants.get(one)
        for _ in range(99):
            add_grant(tx, customer, replace(made, id=new_id("grant")), source="api", actor="tests", at=made.created_at)
    body = {**CREATE, "customer": who}
    assert door.v1.refused("POST", GRANTS, body)[:2] == (400, "too_many_unused_credit_grants")


def test_a_story_of_credit_is_told_by_the_balance_and_by_the_transactions(door: Door, items: dict[str, str]) -> None:
    engine = door.engine
    customer_id = payer(engine, "story@example.com", number=DECLINED_WHEN_CHARGED).id
    who = customer_id.replace("customer_", "cus_")
    large = {"scope": {"billable_items": [{"id": items["large"]}]}}
    first = grant(door, who, 500, applicability_config=large)["id"]
    second = grant(door, who, 400, name="Gift", expires_at=int(engine.now().timestamp()) + 20 * DAY)["id"]
    agreement = subscribe(engine, customer_id=customer_id, plan_key="models")
    for model, tokens in (("small", "300"), ("large", "600")):
        record_usage(
            engine, agreement_id=agreement.id, feature_key="ai_tokens", value=tokens, dimensions={"model": model}
        )

    # In real time: the gift has an end before that of the month, and pays for none of it.
    scope = "filter[type]=applicability_scope&filter[applicability_scope]"
    of_all = f"{SUMMARY}?customer={who}&{scope}[price_type]=metered"
    assert balance(door, of_all) == [(400, 900)]
    assert balance(door, f"{SUMMARY}?customer={who}&{scope}[billable_items][0][id]={items['small']}") == [(400, 400)]
    assert balance(door, f"{SUMMARY}?customer={who}&{scope}[rate_cards][0][id]={items['small card']}") == [(400, 900)]
    of_first = f"{SUMMARY}?customer={who}&filter[type]=credit_grant&filter[credit_grant]={first}"
    assert balance(door, of_first) == [(0, 500)]

    advance(engine, days=31)
    run_due(engine)
    with engine.read() as tx:
        invoice = tx.invoices.newest_of(customer_id)[0]
    assert balance(door, of_first) == [(0, 0)]
    listed = door.v1.pages(f"{TRANSACTIONS}?customer={who}&limit=2")
    assert [(one["type"], one[one["type"]]["type"], one["credit_grant"]) for one in listed] == [
        ("debit", "credits_applied", first),
        ("debit", "credits_expired", second),
        ("credit", "credits_granted", second),
        ("credit", "credits_granted", first),
    ]
    applied = listed[0]["debit"]
    assert applied["amount"]["monetary"] == {"currency": "usd", "value": 500}
    number = next(place for place, line in enumerate(invoice.lines, 1) if line.description == "large")
    assert applied["credits_applied"] == {
        "invoice": invoice.id.replace("invoice_", "in_"),
        "invoice_line_item": f"il_{invoice.id.removeprefix('invoice_')}{number:04x}",
    }
    assert door.v1.get(f"{TRANSACTIONS}/{listed[0]['id']}") == listed[0]

    used = f"{GRANTS}/{first}"
    assert door.v1.refused("POST", f"{used}/void")[:2] == (400, "credit_grant_used")
    void_invoice(engine, invoice_id=invoice.id)
    back = door.v1.get(f"{TRANSACTIONS}?customer={who}&credit_grant={first}")["data"][0]
    assert (back["type"], back["debit"]) == ("credit", None)
    assert back["credit"]["type"] == "credits_application_invoice_voided"
    assert back["credit"]["credits_application_invoice_voided"] == applied["credits_applied"]
    assert balance(door, of_first) == [(500, 500)]


def balance(door: Door, path: str) -> list[tuple[int, int]]:
    """Return what can be spent, and what the ledger says."""
    return [
        (one["available_balance"]["monetary"]["value"], one["ledger_balance"]["monetary"]["value"])
        for one in door.v1.get(path)["balances"]
    ]


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        (f"{GRANTS}/credgr_test_1", (404, "resource_missing", "id")),
        (f"{GRANTS}/credgr_test_{'0' * 32}", (404, "resource_missing", "id")),
        (f"{GRANTS}?customer=cus_1", (400, "resource_missing", "customer")),
        (f"{GRANTS}?color=red", (400, "parameter_unknown", "color")),
        (SUMMARY, (400, "parameter_missing", "customer")),
        (f"{SUMMARY}?customer={NOBODY}&filter[type]=credit_grant", (400, "resource_missing", "customer")),
        (f"{SUMMARY}?customer=@&filter[type]=credit_grant", (400, "parameter_missing", "filter[credit_grant]")),
        (
            f"{SUMMARY}?customer=@&filter[type]=applicability_scope",
            (400, "parameter_missing", "filter[applicability_scope]"),
        ),
        (f"{SUMMARY}?customer=@&filter[type]=all", (400, "parameter_invalid", "filter[type]")),
        (
            f"{SUMMARY}?customer=@&filter[type]=credit_grant&filter[credit_grant]=credgr_test_{'0' * 32}",
            (404, "resource_missing", "id"),
        ),
        (TRANSACTIONS, (400, "parameter_missing", "customer")),
        (f"{TRANSACTIONS}?customer={NOBODY}", (400, "resource_missing", "customer")),
        (f"{TRANSACTIONS}?customer=@&starting_after=cbtxn_1", (400, "resource_missing", "starting_after")),
        (f"{TRANSACTIONS}/cbtxn_test_{'0' * 32}", (404, "resource_missing", "id")),
    ],
)
def test_what_is_not_there_or_not_asked_well_is_refused_by_name(
    door: Door, customer: str, path: str, refusal: tuple[int, str, str]
) -> None:
    assert door.v1.refused("GET", path.replace("@", customer)) == refusal
