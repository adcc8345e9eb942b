"""What was billed of a service interval, and what is still to be billed when its usage has changed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import accumulate, count

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedDiscount
from billing_sdk.server.domain.catalog import Policies, Rate
from billing_sdk.server.domain.invoicing import (
    InForce,
    RatedInterval,
    RatedUsage,
    billed_before,
    keep_rated,
    lines_of,
    rate_again,
    rate_usage,
    with_its_discounts,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Graduated, PerUnit, RatingPolicy, Terms, Tier, Usage, Volume
from tests.unit.domain.rating.prices import policies as rating_policies, quantities
from tests.unit.domain.things import agreement, at, fee, version

START, END = at("2026-01-01"), at("2026-02-01")
POLICIES = Policies()


def rate(price, **terms):
    """Return a rate of tokens."""
    return Rate("rate_tokens", "tokens", "Tokens", "USD", Terms(price, **terms))


def in_force(*rates, **changes):
    """Return an agreement for rates that began with the year."""
    return InForce(agreement(START, billed_until=END, **changes), version(fee(), *rates), (), POLICIES)


def used(quantity):
    """Return what says that so much was used, whenever."""
    return lambda _feature, _period: Usage(Decimal(quantity))


def rated(before, quantity, *, until=END, known=(), policies=POLICIES):
    """Return what usage comes to in the intervals that are complete."""
    intervals = before.intervals_completed(START, until)
    return rate_usage(intervals, used(quantity), policies, billed_before(known))


def kept(before, found, *, known=()):
    """Return what is kept of them."""
    ids = (f"rated_{number}" for number in count(1))
    return keep_rated(found, before.agreement, before.policies, ids=ids, known={one.key: one for one in known})


def test_an_interval_that_comes_to_nothing_is_no_line_and_is_kept_all_the_same():
    before = in_force(rate(PerUnit(Decimal(2)), discount_units=Decimal(100)))

    found = rated(before, "60")

    assert lines_of(found) == ()
    (one,) = kept(before, found)
    assert (one.quantity, one.billed, one.is_closed, one.is_dirty) == (60, Money(0, "USD"), True, False)
    assert (one.period.start, one.period.end, one.counted_until) == (START, END, END)


def test_late_usage_is_billed_beyond_what_was_included_and_not_from_the_first_unit():
    before = in_force(rate(PerUnit(Decimal(2)), discount_units=Decimal(100)))
    (one,) = kept(before, rated(before, "60"))

    line, after = rate_again(one, before.version, used("130"), POLICIES)

    assert line.amount == Money(60, "USD")
    assert line.derivation["billed_before"] == {"amount_minor": "0", "quantity": "60"}
    assert (after.billed, after.quantity) == (Money(60, "USD"), 130)


@pytest.mark.parametrize(
    ("price", "billed", "now", "difference"),
    [
        pytest.param(PerUnit(Decimal("33.5")), "1", "2", 33, id="0.34 was billed, 0.33 is left of 0.67"),
        pytest.param(PerUnit(Decimal("33.5")), "2", "1", -33, id="0.67 was billed, 0.34 is kept"),
        pytest.param(
            Graduated((Tier(Decimal(10), Decimal(5)), Tier(None, Decimal(2)))), "10", "15", 10, id="graduated"
        ),
        pytest.param(
            Volume((Tier(Decimal(10), Decimal(5)), Tier(None, Decimal(2)))), "10", "11", -28, id="volume falls"
        ),
        pytest.param(PerUnit(Decimal(1)), "7", "7", 0, id="nothing has changed"),
        pytest.param(PerUnit(Decimal(1)), "7", "0", -7, id="nothing was used after all"),
    ],
)
def test_what_was_billed_comes_off_what_all_of_it_comes_to(price, billed, now, difference):
    before = in_force(rate(price))
    (one,) = kept(before, rated(before, billed))

    line, after = rate_again(one, before.version, used(now), POLICIES)

    assert line.amount.minor == difference
    assert after.billed == one.billed + line.amount
    assert not after.is_dirty


def test_an_interval_is_rated_again_by_the_policies_of_its_time():
    before = replace(in_force(rate(PerUnit(Decimal("0.5")))), policies=Policies(rating=RatingPolicy(rounding="down")))
    (one,) = kept(before, rated(before, "1", policies=before.policies))

    line, after = rate_again(one, before.version, used("3"), POLICIES)

    assert (one.billed.minor, line.amount.minor, after.billed.minor) == (0, 1, 1)
    assert line.derivation["policies"]["rounding"] == "down"


def test_late_usage_is_discounted_as_its_interval_was_but_an_amount_is_taken_off_once():
    fifth = AgreedDiscount("fifth", percent_off=Decimal(20), periods_left=1)
    five = AgreedDiscount("five", amount_off=Money(500, "USD"))
    before = in_force(rate(PerUnit(Decimal(10))), discounts=(fifth, five))
    (one,) = kept(before, rated(before, "10"))

    line, _ = rate_again(one, before.version, used("15"), POLICIES)

    assert [found.amount.minor for found in with_its_discounts(line, one, before.version)] == [50, -10]


def test_what_was_billed_before_the_end_of_an_interval_comes_off_at_its_end():
    before = in_force(rate(PerUnit(Decimal("33.5")), minimum=Decimal(50)))
    part = rate_usage(before.intervals_under_way(at("2026-01-10")), used("1"), POLICIES)
    (open_,) = kept(before, part)
    assert (open_.billed.minor, open_.is_closed) == (34, False)

    found = rated(before, "1", known=[open_])

    assert [line.amount.minor for line in lines_of(found)] == [16]
    (closed,) = kept(before, found, known=[open_])
    assert (closed.id, closed.billed.minor, closed.is_closed, closed.is_dirty) == (open_.id, 50, True, False)


def test_usage_that_was_corrected_down_makes_no_line_below_zero_and_is_left_to_a_credit_note():
    before = in_force(rate(PerUnit(Decimal(10))))
    (open_,) = kept(before, rate_usage(before.intervals_under_way(at("2026-01-10")), used("8"), POLICIES))

    found = rated(before, "5", known=[open_])

    assert lines_of(found) == ()
    (closed,) = kept(before, found, known=[open_])
    assert (closed.billed.minor, closed.is_closed, closed.is_dirty) == (80, True, True)
    assert rate_again(closed, before.version, used("5"), POLICIES)[0].amount.minor == -30


def test_flat_and_volume_are_not_billed_before_their_interval_is_over():
    tiers = (Tier(Decimal(10), Decimal(5)), Tier(None, Decimal(2)))
    before = in_force(rate(Volume(tiers)), replace(rate(PerUnit(Decimal(1))), id="rate_calls", feature_key="calls"))

    assert [one.rate.feature_key for one in before.intervals_under_way(at("2026-01-10"))] == ["calls"]


def test_intervals_that_have_completed_since_the_last_billing_date_can_be_billed_with_the_present_one():
    weekly = replace(rate(PerUnit(Decimal(1))), service=Cadence("week"))

    found = in_force(weekly).intervals_under_way(at("2026-01-17"))

    assert [(one.part.start.day, one.part.end.day, one.is_over) for one in found] == [
        (1, 8, True),
        (8, 15, True),
        (15, 22, False),
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(quantities, min_size=1, max_size=5), rating_policies)
def test_however_often_an_interval_is_rated_again_all_lines_come_to_its_present_usage(
    totals: list[Decimal], rating: RatingPolicy
) -> None:
    before = in_force(rate(Graduated((Tier(Decimal(1000), Decimal("0.33")), Tier(None, Decimal("0.1"), Decimal(7))))))
    before = replace(before, policies=Policies(rating=rating))
    found: tuple[RatedUsage, ...] = rated(before, totals[0], policies=before.policies)
    one: RatedInterval
    (one,) = kept(before, found)
    lines = [line.amount.minor for line in lines_of(found)]
    for total in totals[1:]:
        line, one = rate_again(one, before.version, used(total), POLICIES)
        lines.append(line.amount.minor)
    (present,) = rated(before, totals[-1], policies=before.policies)
    assert sum(lines) == one.billed.minor == present.total.minor


@settings(max_examples=60, deadline=None)
@given(st.lists(quantities, min_size=1, max_size=5))
def test_parts_that_are_billed_before_the_end_add_up_to_what_the_end_comes_to(parts: list[Decimal]) -> None:
    before = in_force(rate(PerUnit(Decimal("0.335")), minimum=Decimal(100), maximum=Decimal(10_000)))
    known: tuple[RatedInterval, ...] = ()
    billed = []
    for total in accumulate(parts):
        found = rate_usage(before.intervals_under_way(at("2026-01-10")), used(total), POLICIES, billed_before(known))
        billed += [line.amount.minor for line in lines_of(found)]
        known = kept(before, found, known=known)
    last = rated(before, sum(parts), known=known)
    billed += [line.amount.minor for line in lines_of(last)]
    assert all(part > 0 for part in billed)
    assert sum(billed) == rated(before, sum(parts))[0].total.minor
