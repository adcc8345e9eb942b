"""The burn-down: which allowance grant covers what was used, and what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import AllowanceEnded, InvalidAllowance, TooManyAllowances
from billing_sdk.server.domain.entitlements import (
    AllowanceGrant,
    Reset,
    Used,
    burn_down,
    check_allowance,
    check_number_of_allowances,
)
from billing_sdk.server.domain.periods import Cadence, Period

pytestmark = pytest.mark.attack(108)
START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def day(number: float) -> datetime:
    return START + DAY * number


def grant(name: str = "a", amount: int = 100, **members: object) -> AllowanceGrant:
    made = AllowanceGrant(f"allowance_{name}", "customer_1", "tokens", Decimal(amount), START, START)
    return replace(made, **{"max_rollover": Decimal(amount), **members})


def used(*amounts: tuple[float, int]) -> list[Used]:
    return [Used(day(at), Decimal(amount)) for at, amount in amounts]


def run(grants, usage=(), resets=(), until=30):
    found = burn_down(grants, usage, resets, Period(START, day(until)))
    last = found[-1].end
    return {one.removeprefix("allowance_"): int(left) for one, left in last.balances.items()}, int(last.overage)


def test_a_lower_priority_is_burnt_first_then_an_earlier_end_then_an_earlier_creation():
    first = grant("first", 10, priority=1, created_at=day(3))
    soon = grant("soon", 10, expires_at=day(40))
    older = grant("older", 10)
    newer = grant("newer", 10, created_at=day(1))
    order = [newer, older, soon, first]
    assert run(order, used((1, 10)))[0] == {"first": 0, "soon": 10, "older": 10, "newer": 10}
    assert run(order, used((1, 20)))[0] == {"first": 0, "soon": 0, "older": 10, "newer": 10}
    assert run(order, used((1, 30)))[0] == {"first": 0, "soon": 0, "older": 0, "newer": 10}


def test_a_grant_covers_nothing_before_it_begins_nor_from_its_end_on():
    short = grant("short", 10, effective_at=day(5), expires_at=day(10))
    assert run([short], used((10, 3))) == ({}, 3)
    assert run([short], used((4.99, 3)), until=6) == ({"short": 7}, 0)
    assert run([short], used((9.99, 3), (10, 2)), until=12) == ({}, 2)


def test_what_nothing_covers_is_burnt_from_the_next_grant_that_begins():
    later = grant("later", 10, effective_at=day(5))
    assert run([grant(amount=4), later], used((1, 10)), until=4) == ({"a": 0}, 6)
    assert run([grant(amount=4), later], used((1, 10))) == ({"a": 0, "later": 4}, 0)


def test_a_recurring_grant_is_filled_up_to_its_amount_and_not_beyond():
    weekly = grant("weekly", 10, recurrence=Cadence("week"))
    assert run([weekly], used((1, 4)), until=7) == ({"weekly": 6}, 0)
    assert run([weekly], used((1, 4)), until=7.01) == ({"weekly": 10}, 0)
    assert run([weekly], used((1, 14)), until=7.01) == ({"weekly": 6}, 0)


def test_an_anchor_says_when_a_recurring_grant_is_filled_up():
    weekly = grant("weekly", 10, recurrence=Cadence("week"), recurrence_anchor=day(-5))
    assert run([weekly], used((1, 4)), until=2) == ({"weekly": 6}, 0)
    assert run([weekly], used((1, 4)), until=2.01) == ({"weekly": 10}, 0)


@pytest.mark.parametrize(
    ("least", "most", "left_before", "left_after"),
    [(0, 100, 60, 60), (0, 20, 60, 20), (0, 0, 60, 0), (80, 100, 60, 80), (30, 50, 10, 30), (100, 100, 0, 100)],
)
def test_what_rolls_over_at_the_end_of_a_usage_period_has_a_least_and_a_most(least, most, left_before, left_after):
    rolling = grant(min_rollover=Decimal(least), max_rollover=Decimal(most))
    usage = used((1, 100 - left_before))
    assert run([rolling], usage, [Reset(day(10))], until=10) == ({"a": left_before}, 0)
    assert run([rolling], usage, [Reset(day(10))], until=11) == ({"a": left_after}, 0)


def test_overage_is_forgiven_at_the_end_of_a_usage_period_unless_it_is_kept():
    included = grant("in", 10, min_rollover=Decimal(10))
    assert run([included], used((1, 14)), [Reset(day(10))], until=11) == ({"in": 10}, 0)
    assert run([included], used((1, 14)), [Reset(day(10), keeps_overage=True)], until=11) == ({"in": 6}, 0)
    assert run([included], used((1, 34)), [Reset(day(10), keeps_overage=True)], until=11) == ({"in": 0}, 14)


def test_a_grant_that_begins_as_a_usage_period_ends_is_whole():
    fresh = grant("fresh", 10, effective_at=day(10), max_rollover=Decimal(0))
    assert run([fresh], resets=[Reset(day(10))], until=11) == ({"fresh": 10}, 0)


def test_a_segment_says_what_each_grant_has_covered():
    first, second = grant("first", 10, priority=1, expires_at=day(5)), grant("second", 10)
    found = burn_down([first, second], used((1, 12), (6, 3)), [], Period(START, day(10)))
    assert [(one.period.start, int(one.usage), dict(one.burnt)) for one in found] == [
        (day(0), 12, {"allowance_first": 10, "allowance_second": 2}),
        (day(5), 3, {"allowance_second": 3}),
    ]


def test_what_was_voided_covers_nothing_more_and_can_not_be_voided_again():
    voided = grant().voided(day(5))
    assert run([voided], used((1, 5), (6, 2))) == ({}, 2)
    assert [voided.status(day(at)) for at in (-1, 4, 5)] == ["planned", "active", "voided"]
    with pytest.raises(AllowanceEnded):
        voided.voided(day(6))
    with pytest.raises(AllowanceEnded):
        grant(expires_at=day(3)).voided(day(3))


@pytest.mark.parametrize(
    ("changed", "parameter"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"priority": 0}, "priority"),
        ({"priority": 256}, "priority"),
        ({"name": "n" * 101}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"effective_at": day(-1)}, "effective_at"),
        ({"expires_at": START}, "expires_at"),
        ({"min_rollover": Decimal(101)}, "min_rollover"),
        ({"min_rollover": Decimal(-1)}, "min_rollover"),
        ({"recurrence_anchor": START}, "recurrence_anchor"),
    ],
)
def test_a_grant_that_can_not_be_is_refused_with_what_is_wrong(changed, parameter):
    check_allowance(grant(), at=START)
    with pytest.raises(InvalidAllowance) as caught:
        check_allowance(replace(grant(), **changed), at=START)
    assert caught.value.facts["parameter"] == parameter


def test_a_customer_has_a_hundred_grants_of_a_feature_at_most():
    check_number_of_allowances("tokens", 99)
    with pytest.raises(TooManyAllowances):
        check_number_of_allowances("tokens", 100)


INSTANTS = st.integers(0, 40).map(lambda half_days: START + DAY * half_days / 2)


@st.composite
def grants(draw: st.DrawFn) -> list[AllowanceGrant]:
    made = []
    for number in range(draw(st.integers(1, 4))):
        effective_at = draw(INSTANTS)
        most = draw(st.integers(0, 30))
        made.append(
            grant(
                str(number),
                draw(st.integers(1, 30)),
                priority=draw(st.integers(1, 2)),
                effective_at=effective_at,
                expires_at=draw(st.none() | st.integers(1, 20).map(lambda days, at=effective_at: at + DAY * days)),
                recurrence=draw(st.none() | st.just(Cadence("day", 3))),
                max_rollover=Decimal(most),
                min_rollover=Decimal(draw(st.integers(0, most))),
            )
        )
    return made


@settings(max_examples=60, deadline=None)
@given(
    grants=grants(),
    usage=st.lists(st.tuples(INSTANTS, st.integers(0, 20)), max_size=8),
    resets=st.lists(st.tuples(INSTANTS, st.booleans()), max_size=3, unique_by=lambda one: one[0]),
    cuts=st.lists(INSTANTS, max_size=4),
)
def test_a_run_in_parts_comes_to_what_one_run_comes_to_and_nothing_is_lost(grants, usage, resets, cuts):
    usage = [Used(at, Decimal(amount)) for at, amount in usage]
    resets = [Reset(*one) for one in resets]
    end = day(21)
    whole = burn_down(grants, usage, resets, Period(START, end))
    standing, parts = None, []
    edges = sorted({START, *cuts, end})
    for start, stop in pairwise(edges):
        parts += burn_down(grants, usage, resets, Period(start, stop), opening=standing)
        standing = parts[-1].end
    assert parts[-1].end == whole[-1].end
    assert sum(one.usage for one in parts) == sum(one.usage for one in whole) == sum(one.amount for one in usage)
    for one in whole:
        covered = sum(one.burnt.values(), Decimal(0))
        assert one.usage == covered + one.end.overage - one.start.overage
        assert one.start.balance == one.end.balance + covered
        assert all(0 <= left <= 30 for left in one.end.balances.values())
