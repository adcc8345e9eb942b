"""The strategies of usage-based billing, each lived through on a test clock, over the Stripe door.

Source: Stripe documentation, "How advanced usage-based billing works": pay as you go, flat fee and overages, credit
burn-down, dimensions of usage, tiers, and customers who stay on their version of a plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billing_sdk.server.api.stripe.ids import ours
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases.migrate_customers import migrate_customers
from billing_sdk.server.usecases.read_books import revenue
from tests.contract.stripe_door.door import Door, new_door
from tests.contract.stripe_door.metering import event, new_meter
from tests.contract.stripe_door.plans import MONTH, Sold, cadence, made, subscribe
from tests.contract.stripe_door.shelf import Shelf, action_body
from tests.engines import NOON

START = int(NOON.timestamp())
DAY = 86_400
# The service intervals of a customer who joins on 31 January end with February, on 31 March, with April.
MONTHS = (28, 59, 89)
VOLUME_OR_GRADUATED = [
    {"up_to_decimal": "5", "unit_amount": "700"},
    {"up_to_decimal": "10", "unit_amount": "650"},
    {"up_to_inf": "inf", "unit_amount": "600"},
]


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with new_door() as door:
        yield door


@pytest.fixture(scope="module")
def shelf(door: Door) -> Shelf:
    return Shelf(door)


class Life:
    """A customer on a clock of its own, who pays what is sent."""

    def __init__(self, door: Door, *, at: int = START, cycle: Cadence = MONTH) -> None:
        self.door = door
        self.start = at
        clock = door.v1.post("/test_helpers/test_clocks", {"frozen_time": at})
        self.clock = f"/test_helpers/test_clocks/{clock['id']}"
        self.id = door.v1.post("/customers", {"email": "ada@example.com", "test_clock": clock["id"]})["id"]
        self.cadence = cadence(door, self.id, cycle=cycle)
        self.at = at

    def join(self, plan: Sold, **more: Any) -> str:
        (subscription,) = made(self.door, self.cadence, subscribe(plan, **more))
        assert subscription is not None
        return subscription

    def use(self, meter: Any, value: Any, **payload: str) -> None:
        body = event(meter, self.id, str(value), payload=payload, timestamp=self.at)
        self.door.v1.post("/billing/meter_events", body)

    def until(self, day: int) -> None:
        self.at = self.start + day * DAY
        self.door.v1.post(f"{self.clock}/advance", {"frozen_time": self.at})

    def month(self, number: int) -> list[tuple[str, int]]:
        """Let a month come to its end, pay, and return what its invoice says."""
        self.pay()
        self.until(MONTHS[number - 1] + 1)
        self.pay()
        with self.door.engine.read() as tx:
            (newest, *_) = tx.invoices.newest_of(ours("customer", self.id))
        return [(line.description, line.amount.minor) for line in newest.lines]

    def pay(self) -> None:
        for invoice in self.door.v1.get(f"/invoices?customer={self.id}&status=open")["data"]:
            self.door.v1.post(f"/invoices/{invoice['id']}/pay", {"paid_out_of_band": True})

    def grant(self, cents: int, **more: Any) -> str:
        body = {
            "customer": self.id,
            "amount": {"type": "monetary", "monetary": {"currency": "usd", "value": cents}},
            "applicability_config": {"scope": {"price_type": "metered"}},
            **more,
        }
        grant: str = self.door.v1.post("/billing/credit_grants", body)["id"]
        return grant

    @property
    def credit(self) -> tuple[int, int]:
        """What can be spent, and what stands in the ledger, in cents."""
        scope = "filter[type]=applicability_scope&filter[applicability_scope][price_type]=metered"
        (one,) = self.door.v1.get(f"/billing/credit_balance_summary?customer={self.id}&{scope}")["balances"]
        return tuple(one[f"{name}_balance"]["monetary"]["value"] for name in ("available", "ledger"))  # type: ignore[return-value] # two names


def plan_of(shelf: Shelf, *rates: dict[str, Any], fee: str | None = None, action: Any = None) -> Sold:
    """Sell a plan with rates on one card, a licence fee and a service action."""
    door, plan = shelf.door, shelf.plan()
    card = shelf.card()
    for rate in rates:
        door.v2.post(f"/billing/rate_cards/{card['id']}/rates", rate)
    if rates:
        shelf.attach(plan["id"], "rate_card", card["id"])
    if fee is not None:
        shelf.attach(plan["id"], "license_fee", shelf.fee(unit_amount=fee)["id"], lookup_key="seat")
    if action is not None:
        shelf.attach(plan["id"], "service_action", door.v2.post("/billing/service_actions", action)["id"])
    return live(door, plan["id"], card["id"])


def live(door: Door, plan_id: str, card: str) -> Sold:
    version = door.v2.post(f"/billing/pricing_plans/{plan_id}", {"live_version": "latest"})["live_version"]
    return Sold(plan_id, version, "", card)


def item(shelf: Shelf, meter: Any, name: str, **more: Any) -> str:
    found: str = shelf.metered(meter=meter["id"], display_name=name, **more)["id"]
    return found


def join(life: Life, plan: Sold) -> str:
    """Join a plan that has no seats to be counted."""
    details = {"pricing_plan": plan.id, "pricing_plan_version": plan.version, "component_configurations": []}
    kind = "pricing_plan_subscription_details"
    (subscription,) = made(life.door, life.cadence, {"type": "subscribe", "subscribe": {"type": kind, kind: details}})
    assert subscription is not None
    return subscription


def test_pay_as_you_go_bills_what_was_used_when_the_month_is_over_and_nothing_for_nothing(
    door: Door, shelf: Shelf
) -> None:
    meter, life = new_meter(door), Life(door)
    join(life, plan_of(shelf, {"metered_item": item(shelf, meter, "Calls"), "unit_amount": "0.5"}))
    for day, calls in ((0, 1_000), (10, 234), (20, 1)):
        life.until(day) if day else None
        life.use(meter, calls)
    # 1,235 calls at half a cent are 617.5 cents, rounded once.
    assert life.month(1) == [("Calls", 618)]


def test_a_flat_fee_comes_in_advance_and_overages_beyond_what_it_includes_in_arrears(door: Door, shelf: Shelf) -> None:
    meter, life = new_meter(door), Life(door)
    overage = {
        "metered_item": item(shelf, meter, "Calls"),
        "tiering_mode": "graduated",
        "tiers": [{"up_to_decimal": "1000", "unit_amount": "0"}, {"up_to_inf": "inf", "unit_amount": "2"}],
    }
    life.join(plan_of(shelf, overage, fee="5000"))
    life.use(meter, 900)
    assert life.month(1) == [("Seats", 5_000)]
    life.use(meter, 1_100)
    # What is included begins anew with each month.
    assert sorted(life.month(2)) == [("Calls", 200), ("Seats", 5_000)]


def test_credit_burns_down_in_real_time_and_is_topped_up_by_what_is_bought(door: Door, shelf: Shelf) -> None:
    meter, life = new_meter(door), Life(door)
    tokens = item(shelf, meter, "Tokens")
    grants = action_body(scope={"billable_items": [tokens]}, grant={"name": "Monthly credit"})
    join(life, plan_of(shelf, {"metered_item": tokens, "unit_amount": "1"}, action=grants))
    assert life.credit == (1_000, 1_000)
    life.use(meter, 600)
    assert life.credit == (400, 1_000)
    life.until(10)
    life.grant(5_000, name="Top-up")
    life.use(meter, 900)
    # The credit of the month is promotional and ends first, so the rest is what was bought.
    assert life.credit == (4_500, 6_000)
    assert life.month(1) == [("Tokens", 1_500), ("Monthly credit: Tokens", -1_000), ("Top-up: Tokens", -500)]
    assert life.credit == (5_500, 5_500)
    life.use(meter, 6_000)
    assert life.credit == (0, 5_500)
    assert life.month(2)[1:] == [("Monthly credit: Tokens", -1_000), ("Top-up: Tokens", -4_500)]
    assert life.credit == (1_000, 1_000)


def test_tokens_of_two_models_cost_five_and_ten_cents_and_those_of_others_nothing(door: Door, shelf: Shelf) -> None:
    meter, life = new_meter(door, dimension_payload_keys=["model"]), Life(door)
    rates = [
        {
            "metered_item": item(
                shelf, meter, model, meter_segment_conditions=[{"dimension": "model", "value": model}]
            ),
            "unit_amount": cents,
        }
        for model, cents in (("hypernian_1", "5"), ("hypernian_max", "10"))
    ]
    join(life, plan_of(shelf, *rates))
    for model, tokens in (("hypernian_1", 4), ("hypernian_max", 3), ("hypernian_1", 2), ("other", 50)):
        life.use(meter, tokens, model=model)
    assert life.month(1) == [("hypernian_1", 30), ("hypernian_max", 30)]


# Units, what a price by volume comes to, and what a graduated one does, in cents: 5 at 7, to 10 at 6.50, others at 6.
TIERS = [(1, 700, 700), (5, 3_500, 3_500), (6, 3_900, 4_150), (20, 12_000, 12_750), (25, 15_000, 15_750)]


def test_tiers_count_by_volume_or_graduated_packages_round_up_or_down_and_less_than_nothing_is_nothing(
    door: Door, shelf: Shelf
) -> None:
    meter, life = new_meter(door, dimension_payload_keys=["of"]), Life(door)

    def rate(name: str, **price: Any) -> dict[str, Any]:
        only = [{"dimension": "of", "value": name}]
        return {"metered_item": item(shelf, meter, name, meter_segment_conditions=only), **price}

    expected: list[tuple[str, int, int]] = [("corrected", -2, 0)]
    rates = [rate("corrected", unit_amount="100")]
    for units, *amounts in TIERS:
        for mode, cents in zip(("volume", "graduated"), amounts, strict=True):
            rates.append(rate(f"{mode} {units}", tiering_mode=mode, tiers=VOLUME_OR_GRADUATED))
            expected.append((f"{mode} {units}", units, cents))
    join(life, plan_of(shelf, *rates))
    for name, units, _ in expected:
        life.use(meter, units, of=name)
    assert life.month(1) == [(name, cents) for name, _, cents in expected if cents]


def test_a_package_that_is_begun_is_paid_for_or_given_away(door: Door, shelf: Shelf) -> None:
    life, meters = Life(door), {way: new_meter(door) for way in ("up", "down")}
    rates = [
        {
            "metered_item": item(shelf, meter, way),
            "unit_amount": "4",
            "transform_quantity": {"divide_by": 100, "round": way},
        }
        for way, meter in meters.items()
    ]
    join(life, plan_of(shelf, *rates))
    for meter in meters.values():
        life.use(meter, 110)
    assert life.month(1) == [("up", 8), ("down", 4)]


def test_a_new_price_is_for_new_customers_until_an_old_one_is_moved(door: Door, shelf: Shelf) -> None:
    meter = new_meter(door)
    calls = item(shelf, meter, "Calls")
    old, new = Life(door), Life(door)
    first = plan_of(shelf, {"metered_item": calls, "unit_amount": "5"})
    join(old, first)
    dearer = door.v2.post(f"/billing/rate_cards/{first.card}/rates", {"metered_item": calls, "unit_amount": "8"})
    (component,) = door.v2.get(f"/billing/pricing_plans/{first.id}/components")["data"]
    path = f"/billing/pricing_plans/{first.id}/components"
    door.v2.delete(f"{path}/{component['id']}")
    card = {"id": first.card, "version": dearer["rate_card_version"]}
    door.v2.post(path, {"type": "rate_card", "rate_card": card})
    second = live(door, first.id, str(first.card))
    join(new, second)
    for life in (old, new):
        life.use(meter, 10)
    assert (old.month(1), new.month(1)) == ([("Calls", 50)], [("Calls", 80)])
    with door.engine.read() as tx:
        number = tx.catalog.get_version(ours("pricing_plan_version", second.version)).number
    migrate_customers(door.engine, plan_key=first.id, to_version=number)
    old.use(meter, 10)
    old.month(2)
    old.use(meter, 10)
    assert old.month(3) == [("Calls", 80)]


NEW_YEAR = 1_735_689_600  # 1 January 2025, UTC
# The published table, in dollars: January to May, and the total.
RECOGNISED = {
    "revenue": (40, 35, 25, 0, 0, 100),
    "unbilled_receivable": (40, 35, 25, -100, 0, 0),
    "receivable": (0, 0, 0, 100, -100, 0),
    "cash": (0, 0, 0, 0, 100, 100),
}


def test_revenue_is_recognised_by_the_month_while_the_cadence_bills_by_the_quarter(door: Door, shelf: Shelf) -> None:
    meter, life = new_meter(door), Life(door, at=NEW_YEAR, cycle=Cadence("month", 3))
    join(life, plan_of(shelf, {"metered_item": item(shelf, meter, "API calls"), "unit_amount": "1"}))
    for day, calls in ((19, 4_000), (50, 3_500), (78, 2_500)):
        life.until(day)
        life.use(meter, calls)
    life.until(129)
    life.pay()
    with door.engine.read() as tx:
        (table,) = revenue(tx, customer_id=ours("customer", life.id))
    assert table.months == ((2025, 1), (2025, 2), (2025, 3), (2025, 4), (2025, 5))
    assert {row.account: (*row.changes_minor, row.total_minor) for row in table.rows} == {
        account: tuple(dollars * 100 for dollars in row) for account, row in RECOGNISED.items()
    }


def test_units_of_ones_own_come_with_the_plan_burn_down_and_cost_something_beyond_that(
    door: Door, shelf: Shelf
) -> None:
    meter, life = new_meter(door), Life(door)
    unit = door.v2.post("/billing/custom_pricing_units", {"display_name": "Sparks"})["id"]
    answers = item(shelf, meter, "Answers")
    hundred = {"type": "custom_pricing_unit", "custom_pricing_unit": {"id": unit, "value": "100"}}
    plan = plan_of(
        shelf,
        {"metered_item": answers, "custom_pricing_unit_amount": {"id": unit, "value": "2"}},
        action=action_body(grant={"name": "Monthly Sparks", "amount": hundred}),
    )
    extra = door.v2.post("/billing/one_time_items", {"display_name": "Extra Sparks"})["id"]
    rates = f"/billing/rate_cards/{plan.card}/custom_pricing_unit_overage_rates"
    door.v2.post(rates, {"custom_pricing_unit": unit, "one_time_item": extra, "unit_amount": "15"})
    join(life, plan)
    life.use(meter, 30)
    scope = "filter[type]=applicability_scope&filter[applicability_scope][price_type]=metered"
    (balance,) = door.v1.get(f"/billing/credit_balance_summary?customer={life.id}&{scope}")["balances"]
    available = balance["available_balance"]
    assert (available["type"], available["custom_pricing_unit"]["value"]) == ("custom_pricing_unit", "40")
    life.use(meter, 25)
    assert life.month(1) == [("Answers", 0), ("Monthly Sparks: Answers", 0), ("Extra Sparks: Answers", 150)]
    (invoice,) = door.v1.get(f"/invoices?customer={life.id}")["data"]
    assert invoice["total"] == 150
    listed = door.v1.get(f"/billing/credit_balance_transactions?customer={life.id}")["data"]
    applied = next(one["debit"] for one in listed if one["type"] == "debit")
    assert (applied["type"], applied["amount"]["custom_pricing_unit"]["value"]) == ("credits_applied", "100")
