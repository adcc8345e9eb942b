"""Subscriptions at the Konnect door: one at a time, now or later, and only where money can be collected."""

from __future__ import annotations

import pytest

from billing_sdk.server.ids import id_from_ulid
from tests.contract.konnect.door import door_of, fee, phase, plan, sold, with_card


@pytest.fixture
def door(memory_engine):
    with door_of(memory_engine) as opened:
        yield opened


@pytest.fixture
def pro(door):
    return sold(door, "pro", phase(fee("29")))


@pytest.fixture
def best(door):
    return sold(door, "best", phase(fee("99")))


@pytest.fixture
def customer(door):
    return with_card(door)


@pytest.fixture
def subscription(door, pro, customer):
    return door.made("/subscriptions", {"customer": {"id": customer["id"]}, "plan": {"id": pro["id"]}})


def change(door, subscription, customer, plan_key, timing, **more):
    asked = {"customer": {"id": customer["id"]}, "plan": {"key": plan_key}, "timing": timing, **more}
    return door.call("POST", f"/subscriptions/{subscription['id']}/change", asked)


def invoiced(door, customer):
    with door.engine.read() as tx:
        found = tx.invoices.newest_of(id_from_ulid("customer", customer["id"]), limit=100)[::-1]
    return [[line.amount.minor for line in invoice.lines] for invoice in found]


def test_a_subscription_is_made_by_the_keys_of_customer_and_plan(door, pro, customer):
    asked = {"customer": {"key": "acme"}, "plan": {"key": "pro"}, "labels": {"from": "sales"}}
    made = door.made("/subscriptions", asked)
    assert (made["customer_id"], made["plan_id"], made["status"]) == (customer["id"], pro["id"], "active")
    assert (made["labels"], made["billing_anchor"]) == ({"from": "sales"}, "2026-01-31T12:00:00Z")
    assert invoiced(door, customer) == [[2900]]
    assert door.got(f"/subscriptions/{made['id']}") == made


def test_a_customer_is_billed_in_its_own_currency_or_not_at_all(door, pro):
    body = {"key": "euro", "name": "Euro", "primary_email": "e@example.com", "currency": "EUR"}
    customer = door.made("/customers", body)
    asked = {"customer": {"id": customer["id"]}, "plan": {"id": pro["id"]}}

    told = door.call("POST", "/subscriptions", asked)

    assert (told.status, told.body["code"]) == (400, "currency_mismatch")
    assert door.got("/subscriptions")["data"] == []


def test_no_anchor_shortens_the_first_phase_of_a_plan(door, customer):
    sold(door, "half", phase(fee("10"), key="half", name="Half", duration="P1M"), phase(fee("30")))
    asked = {"customer": {"key": "acme"}, "plan": {"key": "half"}}

    told = door.call("POST", "/subscriptions", {**asked, "billing_anchor": "2026-01-16T00:00:00Z"})

    assert (told.status, told.body["invalid_parameters"][0]["field"]) == (400, "billing_anchor")
    assert invoiced(door, customer) == []
    door.made("/subscriptions", asked)
    assert invoiced(door, customer) == [[1000]]


def test_an_anchor_makes_the_first_period_as_short_as_it_is(door, pro, customer):
    asked = {"customer": {"key": "acme"}, "plan": {"key": "pro"}, "billing_anchor": "2026-01-16T00:00:00Z"}
    made = door.made("/subscriptions", asked)
    assert made["billing_anchor"] == "2026-01-16T00:00:00Z"
    # Fifteen and a half of the 31 days until 16 February, at 29.00.
    assert invoiced(door, customer) == [[1450]]
    with door.engine.read() as tx:
        agreement = tx.agreements.get(id_from_ulid("agreement", made["id"]))
    assert agreement.billed_until.isoformat() == "2026-02-16T00:00:00+00:00"


def test_who_can_not_be_collected_from_gets_no_plan_that_costs_something(door, pro):
    door.made("/customers", {"key": "poor", "name": "Poor"})
    told = door.call("POST", "/subscriptions", {"customer": {"key": "poor"}, "plan": {"key": "pro"}})
    assert told.status == 409
    assert told.body["detail"].startswith("invalid billing setup")
    assert door.got("/subscriptions")["data"] == []


def test_a_customer_has_one_subscription_at_a_time(door, best, subscription):
    told = door.call("POST", "/subscriptions", {"customer": {"key": "acme"}, "plan": {"key": "best"}})
    assert told.status == 409
    assert [one["id"] for one in door.got("/subscriptions")["data"]] == [subscription["id"]]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"customer": {"key": "nobody"}, "plan": {"key": "pro"}}, 404),
        ({"customer": {"key": "acme"}, "plan": {"key": "unknown"}}, 404),
        ({"customer": {"key": "acme"}, "plan": {"key": "pro", "version": 9}}, 404),
        ({"customer": {"key": "acme"}, "plan": {"key": "draft", "version": 1}}, 409),
        ({"customer": {}, "plan": {"key": "pro"}}, 400),
        ({"customer": {"key": "acme"}, "plan": {}}, 400),
        ({"customer": {"key": "acme"}, "plan": {"key": "pro"}, "settlement_mode": "credit_only"}, 501),
        ({"customer": {"key": "acme"}, "plan": {"key": "pro"}, "billing_anchor": "2026-01-01"}, 400),
    ],
)
def test_what_can_not_be_subscribed_to_is_refused(door, pro, customer, asked, status):
    door.made("/plans", plan("draft", phase(fee("1"))))
    assert door.call("POST", "/subscriptions", asked).status == status


def test_a_cancellation_with_the_billing_cycle_can_be_taken_back(door, subscription):
    path = f"/subscriptions/{subscription['id']}"
    assert door.made(f"{path}/cancel", {"timing": "next_billing_cycle"}, status=200)["status"] == "canceled"
    assert door.call("POST", f"{path}/cancel", {}).status == 403
    assert door.made(f"{path}/unschedule-cancelation", status=200)["status"] == "active"
    assert door.call("POST", f"{path}/unschedule-cancelation").body["transition"] == "continue"


@pytest.mark.parametrize("body", [None, {}, {"timing": "immediate"}])
def test_a_cancellation_is_immediate_unless_it_says_otherwise_and_gives_days_back(door, customer, subscription, body):
    door.engine.clock.advance(days=14)
    path = f"/subscriptions/{subscription['id']}"
    assert door.made(f"{path}/cancel", body, status=200)["status"] == "inactive"
    with door.engine.read() as tx:
        assert tx.credits.balance(id_from_ulid("customer", customer["id"]), "USD").minor > 0
    assert door.call("POST", f"{path}/cancel", body).status == 403


def test_a_cancellation_at_an_instant_is_one_at_a_boundary(door, subscription):
    path = f"/subscriptions/{subscription['id']}/cancel"
    assert door.call("POST", path, {"timing": "2026-03-15T12:00:00Z"}).fields == ["timing"]
    assert door.call("POST", path, {"timing": "soon"}).fields == ["timing"]
    assert door.made(path, {"timing": "2026-03-31T12:00:00Z"}, status=200)["status"] == "canceled"


def test_a_change_at_once_ends_one_subscription_and_begins_another(door, customer, subscription, best):
    told = change(door, subscription, customer, "best", "immediate").body
    assert (told["current"]["status"], told["next"]["status"]) == ("inactive", "active")
    assert told["next"]["plan_id"] == best["id"]
    assert told["next"]["billing_anchor"] == subscription["billing_anchor"]
    assert told["current"]["id"] == subscription["id"] != told["next"]["id"]
    assert invoiced(door, customer) == [[2900], [9900, -2900]]


def test_a_change_with_the_next_cycle_has_the_id_that_it_will_have(door, customer, subscription, best):
    told = change(door, subscription, customer, "best", "next_billing_cycle", labels={"a": "b"}).body
    assert (told["current"]["status"], told["next"]["status"]) == ("canceled", "scheduled")
    planned = told["next"]["id"]
    assert door.got(f"/subscriptions/{planned}") == told["next"]
    assert door.call("POST", f"/subscriptions/{planned}/cancel").status == 403
    assert [one["id"] for one in door.got("/subscriptions?filter[status]=scheduled")["data"]] == [planned]


def test_a_planned_change_is_gone_when_it_is_taken_back(door, customer, subscription, best):
    planned = change(door, subscription, customer, "best", "next_billing_cycle").body["next"]["id"]
    path = f"/subscriptions/{subscription['id']}/unschedule-cancelation"
    assert door.made(path, status=200)["status"] == "active"
    assert door.call("GET", f"/subscriptions/{planned}").status == 404


def test_a_subscription_is_changed_for_its_own_customer_only(door, subscription, best):
    other = with_card(door, "other")
    assert change(door, subscription, other, "best", "immediate").fields == ["customer"]
    assert change(door, subscription, {"id": "0" * 26}, "best", "immediate").status == 400


def test_subscriptions_are_listed_with_those_that_begin_later_in_their_places(door, pro, best, customer, subscription):
    planned = change(door, subscription, customer, "best", "next_billing_cycle").body["next"]["id"]
    with_card(door, "bolt")
    door.engine.clock.advance(days=1)
    second = door.made("/subscriptions", {"customer": {"key": "bolt"}, "plan": {"key": "pro"}})["id"]
    first = subscription["id"]

    def ids(query=""):
        return [one["id"] for one in door.got(f"/subscriptions?{query}")["data"]]

    assert ids() == [first, second, planned]
    assert ids("sort=active_from desc") == [planned, second, first]
    assert ids("sort=id") == sorted([first, second, planned])
    assert [ids(f"page[size]=1&page[number]={number}") for number in (1, 2, 3, 4)] == [[first], [second], [planned], []]
    assert ids(f"filter[customer_id]={customer['id']}") == [first, planned]
    assert ids(f"filter[plan_id]={pro['id']}&filter[status][neq]=canceled") == [second]
    assert ids("filter[plan_key]=best") == [planned]
    assert ids(f"filter[id]={second}") == [second]
    assert door.got("/subscriptions?page[size]=1")["meta"]["page"]["total"] == 3


def test_the_same_call_with_the_same_key_makes_one_subscription(door, pro, customer):
    asked = {"customer": {"key": "acme"}, "plan": {"key": "pro"}}
    first = door.call("POST", "/subscriptions", asked, **{"idempotency-key": "once"})
    assert door.call("POST", "/subscriptions", asked, **{"idempotency-key": "once"}) == first
    assert invoiced(door, customer) == [[2900]]


def test_a_plan_by_its_id_with_the_version_of_another_is_refused(door, pro, customer):
    asked = {"customer": {"id": customer["id"]}, "plan": {"id": pro["id"], "version": 7}}
    made = door.call("POST", "/subscriptions", asked)
    subscription = door.made("/subscriptions", {**asked, "plan": {"id": pro["id"], "version": 1}})

    changed = door.call("POST", f"/subscriptions/{subscription['id']}/change", {**asked, "timing": "immediate"})

    assert [made.status, changed.status] == [404, 404]
