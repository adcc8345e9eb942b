"""What an add-on costs that comes, goes or changes its number in the middle of a period."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedAddOn, AgreedDiscount
from billing_sdk.server.domain.catalog import LicenceFee, Policies, Rate
from billing_sdk.server.domain.invoicing import (
    BoughtAddOn,
    InForce,
    lines_at_boundary,
    lines_for_add_on,
    lines_for_removal,
    with_add_on,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms, Usage
from tests.unit.domain.things import agreement, at, fee, version

# A period of 30 days, April.
START, END = at("2026-04-01"), at("2026-05-01")
MONTHLY = replace(version(fee(2_900)), id="version_pro")
YEARLY = replace(MONTHLY, cadence=Cadence("year"))


def extra(terms: Terms | None = None, *, service: Cadence | None = None, quantity: int = 0, since=None) -> BoughtAddOn:
    """Return an add-on for 10.00, of which there are none yet unless a number is given."""
    price = terms or Terms(Flat(Decimal(1_000)))
    components = (LicenceFee("fee_extra", "extra", "Extra", "USD", price, service=service),)
    return BoughtAddOn(replace(version(*components), id="version_extra", plan_key="extra"), quantity, since)


def in_force(*add_ons: BoughtAddOn, **changes) -> InForce:
    """Return the plan for 29.00 a month, billed until the end of April."""
    own = YEARLY if changes.get("cadence") == Cadence("year") else MONTHLY
    values = {"started_at": START, "anchor": START, "billed_until": END, **changes}
    return InForce(agreement(**values), own, add_ons, Policies())


def amounts(lines) -> list[int]:
    return [line.amount.minor for line in lines]


@pytest.mark.parametrize(
    ("add_on", "becomes", "days", "expected"),
    [
        pytest.param(extra(), 1, 15, [500], id="half of the fee for half of the period"),
        pytest.param(extra(), 3, 15, [1_500], id="a fixed fee as often as it is taken"),
        pytest.param(extra(quantity=3), 1, 15, [-1_000], id="less is below zero"),
        pytest.param(extra(quantity=2), 2, 15, [], id="the same number makes no line"),
        pytest.param(extra(Terms(PerUnit(Decimal(300)))), 4, 20, [400], id="a fee for licences, for as many"),
        pytest.param(extra(), 1, 0, [1_000], id="the whole fee at the start"),
    ],
)
def test_another_number_costs_the_difference_for_the_rest_of_the_period(add_on, becomes, days, expected):
    lines = lines_for_add_on(in_force(), add_on, becomes=becomes, at=START + timedelta(days=days))
    assert amounts(lines) == expected
    assert all(line.period.end == END for line in lines)


def test_a_percentage_is_taken_off_the_difference_and_an_amount_is_not():
    before = in_force(
        discounts=(
            AgreedDiscount("TEN", percent_off=Decimal(10)),
            AgreedDiscount("FIVE", amount_off=Money(500, "USD"), periods_left=1),
        )
    )
    assert amounts(lines_for_add_on(before, extra(), becomes=1, at=START + timedelta(days=15))) == [500, -50]
    assert amounts(lines_for_add_on(before, extra(quantity=1), becomes=0, at=START + timedelta(days=15))) == [-500, 50]


def test_a_service_interval_that_is_billed_later_is_billed_from_when_the_add_on_came():
    """Fees of the months that started in the year, on the invoice at its end; the first of them from mid-June."""
    mid_june = at("2026-06-16")
    year = {"cadence": Cadence("year"), "billed_until": at("2027-04-01")}
    add_on = extra(service=Cadence("month"))
    assert lines_for_add_on(in_force(**year), add_on, becomes=1, at=mid_june) == ()
    later = in_force(replace(add_on, quantity=1, since=mid_june), **year)
    lines = lines_at_boundary(later, after=START, at=at("2027-04-01"))
    extras = [line for line in lines if line.component_id == "fee_extra"]
    assert (extras[0].period.start, extras[0].amount.minor) == (mid_june, 500)
    assert amounts(extras[1:]) == [1_000] * 10  # July to March, and the April that starts


def test_usage_that_is_complete_is_charged_when_the_add_on_goes_and_the_rest_where_it_is_to_be():
    rate = Rate("rate_extra", "calls", "Calls", "USD", Terms(PerUnit(Decimal(2))), service=Cadence("week"))
    add_on = BoughtAddOn(replace(version(rate), id="version_extra", plan_key="extra"), 1, START + timedelta(days=3))

    def used(_: str, period) -> Usage:
        return Usage(Decimal((period.end - period.start).days))

    going = START + timedelta(days=16)
    kept = lines_for_removal(in_force(add_on), add_on, used, at=going, is_usage_charged=False)
    assert amounts(kept) == [8, 14]  # four days of the first week, and the second one
    everything = lines_for_removal(in_force(add_on), add_on, used, at=going, is_usage_charged=True)
    assert len(everything) == 3


@settings(max_examples=60)
@given(st.integers(1, 100_000), st.integers(0, 29 * 24), st.integers(0, 29 * 24), st.integers(1, 5))
def test_an_add_on_that_comes_and_goes_costs_the_time_in_between(price, first, second, quantity):
    came, went = sorted(START + timedelta(hours=hours) for hours in (first, second))
    terms = Terms(Flat(Decimal(price)))
    paid = sum(amounts(lines_for_add_on(in_force(), extra(terms), becomes=quantity, at=came)))
    bought = extra(terms, quantity=quantity, since=came)
    back = sum(amounts(lines_for_add_on(in_force(bought), bought, becomes=0, at=went)))
    exact = Decimal(price * quantity) * int((went - came).total_seconds()) / int((END - START).total_seconds())
    assert abs(paid + back - exact) <= 1


def test_an_add_on_keeps_its_place_and_leaves_none_behind():
    one, two = AgreedAddOn("one", "v_1"), AgreedAddOn("two", "v_2")
    assert with_add_on((one,), two) == (one, two)
    assert with_add_on((one, two), replace(one, quantity=3)) == (replace(one, quantity=3), two)
    assert with_add_on((one, two), replace(one, quantity=0)) == (two,)
