"""Other numbers in the middle of a period: what is charged, what is charged already, and what is given back."""

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
    Alteration,
    BoughtAddOn,
    InForce,
    lines_at_boundary,
    lines_for_alteration,
    removed,
    tell,
    with_add_on,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms, Tier, Usage, Volume
from tests.unit.domain.things import agreement, at, bill_end, fee, version

# A period of 30 days, April.
START, END = at("2026-04-01"), at("2026-05-01")
MONTHLY = replace(version(fee(2_900)), id="version_pro")
YEARLY = replace(MONTHLY, cadence=Cadence("year"))
EACH = Terms(PerUnit(Decimal(300)))


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


def altered(before: InForce, becomes: BoughtAddOn, *, at, paid=(), **how) -> Alteration:
    """Return what another number of an add-on means; what was there before is paid, and given back if it goes."""
    others = tuple(one for one in before.add_ons if one.version != becomes.version)
    after = replace(before, add_ons=(*others, becomes))
    return Alteration(
        before, after, at, **{"paid": tuple(paid), "owed": (), "gives_back": True, "is_on_credit": False, **how}
    )


def billed(before: InForce):
    """Return what the last invoice has said."""
    return lines_at_boundary(before, after=None, at=START)


def amounts(lines) -> list[int]:
    return [line.amount.minor for line in lines]


@pytest.mark.parametrize(
    ("standing", "becomes", "days", "expected"),
    [
        pytest.param((), extra(quantity=1), 15, [500], id="half of the fee for half of the period"),
        pytest.param((), extra(quantity=3), 15, [1_500], id="a fixed fee as often as it is taken"),
        pytest.param((extra(quantity=3),), extra(quantity=1), 15, [-1_000], id="less is below zero"),
        pytest.param((extra(quantity=2),), extra(quantity=2), 15, [], id="the same number makes no line"),
        pytest.param((), extra(EACH, quantity=4), 20, [400], id="a fee for licences, for as many"),
        pytest.param((extra(EACH, quantity=4),), extra(EACH, quantity=0), 20, [-400], id="and none of them"),
        pytest.param((), extra(quantity=1), 0, [1_000], id="the whole fee at the start"),
    ],
)
def test_another_number_costs_the_difference_for_the_rest_of_the_period(standing, becomes, days, expected):
    before = in_force(*standing)
    lines = lines_for_alteration(altered(before, becomes, at=START + timedelta(days=days), paid=billed(before)))
    assert amounts(lines) == expected
    assert all(line.period.end == END for line in lines)


def test_it_is_told_what_was_charged_already_and_what_is_given_back():
    mid_april = {"at": START + timedelta(days=15)}
    two, three, one = (extra(EACH, quantity=number) for number in (2, 3, 1))
    before = in_force(two)
    (more,) = lines_for_alteration(altered(before, three, paid=billed(before), **mid_april))
    (less,) = lines_for_alteration(altered(before, one, paid=billed(before), **mid_april))
    assert tell(more)[-1] == "Less 3.00 USD for 2, charged already."
    assert tell(less) == ("1/2 of the 3.00 USD that was paid for the time to come.",)


def test_volume_prices_are_charged_by_what_is_paid_already_and_not_by_the_number():
    """10 for 10.00 and 11 for 7.70: whoever goes over to 11 and on to 14, for 9.80, has paid that."""
    terms = Terms(Volume((Tier(Decimal(10), Decimal(100)), Tier(None, Decimal(70)))))
    ten, eleven, fourteen, fifteen = (extra(terms, quantity=number) for number in (10, 11, 14, 15))
    before, kept = in_force(ten), {"gives_back": False}
    first = altered(before, eleven, at=START + timedelta(days=15), paid=billed(before), **kept)
    assert lines_for_alteration(first) == ()
    then = replace(in_force(eleven), agreement=first.agreement)
    assert lines_for_alteration(altered(then, fourteen, at=START + timedelta(days=15), **kept)) == ()
    assert amounts(lines_for_alteration(altered(then, fifteen, at=START + timedelta(days=15), **kept))) == [25]


def test_the_percentages_of_the_period_are_taken_off_what_is_added_and_amounts_are_not():
    before = in_force(
        discounts=(AgreedDiscount("LATER", percent_off=Decimal(90)),),
        billed_discounts=(
            AgreedDiscount("TEN", percent_off=Decimal(10)),
            AgreedDiscount("FIVE", amount_off=Money(500, "USD"), periods_left=1),
        ),
    )
    lines = lines_for_alteration(altered(before, extra(quantity=1), at=START + timedelta(days=15)))
    assert amounts(lines) == [500, -50]


def test_a_service_interval_that_is_under_way_is_charged_when_the_add_on_comes_and_the_others_with_the_rest():
    """Months that start in the year are on the invoice at its end, but for the one in which the add-on came."""
    mid_june, mid_july = at("2026-06-16"), at("2026-07-16")
    year = {"cadence": Cadence("year"), "billed_until": at("2027-04-01")}
    add_on = extra(service=Cadence("month"), quantity=1, since=mid_june)
    coming = altered(in_force(**year), add_on, at=mid_june)
    assert amounts(lines_for_alteration(coming)) == [500]
    there = replace(in_force(add_on, **year), agreement=coming.agreement)
    more = altered(there, replace(add_on, quantity=32), at=mid_july)
    assert amounts(lines_for_alteration(more)) == [31 * 1_000 * 16 // 31]
    later = replace(in_force(replace(add_on, quantity=32), **year), agreement=more.agreement)
    lines = lines_at_boundary(later, after=START, at=at("2027-04-01"))
    extras = [line for line in lines if line.component_id == "fee_extra"]
    assert (extras[0].period.start, extras[0].amount.minor) == (at("2026-07-01"), 1_000)
    assert amounts(extras[1:]) == [32_000] * 9  # August to March, and the April that starts


def test_usage_that_is_complete_is_charged_when_the_add_on_goes_and_the_rest_where_it_is_to_be():
    rate = Rate("rate_extra", "calls", "Calls", "USD", Terms(PerUnit(Decimal(2))), service=Cadence("week"))
    add_on = BoughtAddOn(replace(version(rate), id="version_extra", plan_key="extra"), 1, START + timedelta(days=3))

    def used(_: str, period) -> Usage:
        return Usage(Decimal((period.end - period.start).days))

    going = START + timedelta(days=16)
    kept = bill_end(removed(in_force(add_on), add_on), used, at=going, is_usage_charged=False)
    assert amounts(kept) == [8, 14]  # four days of the first week, and the second one
    everything = bill_end(removed(in_force(add_on), add_on), used, at=going, is_usage_charged=True)
    assert len(everything) == 3


@settings(max_examples=60)
@given(st.integers(1, 100_000), st.integers(0, 29 * 24), st.integers(0, 29 * 24), st.integers(1, 5))
def test_an_add_on_that_comes_and_goes_costs_the_time_in_between(price, first, second, quantity):
    came, went = sorted(START + timedelta(hours=hours) for hours in (first, second))
    terms = Terms(Flat(Decimal(price)))
    coming = altered(in_force(), extra(terms, quantity=quantity), at=came)
    paid = lines_for_alteration(coming)
    there = replace(in_force(extra(terms, quantity=quantity, since=came)), agreement=coming.agreement)
    back = lines_for_alteration(altered(there, extra(terms), at=went, paid=paid))
    exact = Decimal(price * quantity) * int((went - came).total_seconds()) / int((END - START).total_seconds())
    assert abs(sum(amounts(paid + back)) - exact) <= 1


def test_an_add_on_keeps_its_place_and_leaves_none_behind():
    one, two = AgreedAddOn("one", "v_1"), AgreedAddOn("two", "v_2")
    assert with_add_on((one,), two) == (one, two)
    assert with_add_on((one, two), replace(one, quantity=3)) == (replace(one, quantity=3), two)
    assert with_add_on((one, two), replace(one, quantity=0)) == (two,)
