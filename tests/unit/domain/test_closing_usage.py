"""What an invoice says that has waited for late usage."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedDiscount
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.domain.invoicing import (
    InForce,
    close_intervals,
    keep_rated,
    lines_at_boundary,
    usage_at_boundary,
)
from billing_sdk.server.domain.rating import PerUnit, Terms, Usage
from tests.unit.domain.things import agreement, at, fee, rate, version

START, END = at("2026-01-01"), at("2026-02-01")
POLICIES = Policies()
TENTH = AgreedDiscount("tenth", percent_off=Decimal(10))
FIVE = AgreedDiscount("five", amount_off=Money(500, "USD"))


def used(quantity):
    return lambda _feature, _period: Usage(Decimal(quantity))


def in_force(*discounts, **terms):
    """Return an agreement for a fee and for tokens at ten cents."""
    tokens = replace(rate(), terms=Terms(PerUnit(Decimal(10)), **terms))
    return InForce(agreement(START, billed_until=END, discounts=discounts), version(fee(), tokens), (), POLICIES)


def billed(before, quantity):
    """Return what a billing date says, and what is kept of its intervals while it waits."""
    usage = usage_at_boundary(before, used(quantity), after=START, at=END, following=before)
    lines = lines_at_boundary(before, usage, after=START, at=END)
    ids = (f"rated_{number}" for number in count())
    kept = keep_rated(usage, before.agreement, POLICIES, ids=ids, known={})
    return lines, tuple(replace(one, is_closed=False) for one in kept)


@pytest.mark.parametrize("discounts", [(), (TENTH,), (TENTH, FIVE)], ids=["plain", "a percentage", "and an amount"])
@pytest.mark.parametrize(("first", "then"), [("0", "7"), ("7", "12"), ("12", "7"), ("7", "0"), ("7", "7")])
def test_an_invoice_that_has_waited_says_what_it_would_have_said_had_all_usage_been_there(first, then, discounts):
    before = in_force(*discounts)
    lines, kept = billed(before, first)

    closed = close_intervals(lines, kept, used(then), {"version_1": before.version}, POLICIES)

    expected, rated = billed(before, then)
    assert [(line.kind, line.amount, line.derivation) for line in closed.lines] == [
        (line.kind, line.amount, line.derivation) for line in expected
    ]
    assert [(one.billed, one.quantity) for one in closed.rated] == [(one.billed, one.quantity) for one in rated]


def test_what_was_billed_before_the_wait_comes_off_after_it():
    before = in_force()
    lines, (one,) = billed(before, "7")
    earlier = replace(one, billed=one.billed + Money(30, "USD"))  # an invoice at a threshold has billed three of ten

    closed = close_intervals(lines, [earlier], used("14"), {"version_1": before.version}, POLICIES)

    assert [line.amount.minor for line in closed.lines if line.kind == "usage"] == [110]
    assert closed.rated[0].billed.minor == 140


def test_a_correction_below_what_was_billed_before_the_wait_is_left_to_a_credit_note():
    before = in_force()
    _, (one,) = billed(before, "0")
    earlier = replace(one, billed=Money(100, "USD"), quantity=Decimal(10))

    closed = close_intervals((), [earlier], used("4"), {"version_1": before.version}, POLICIES)

    assert closed.lines == ()
    assert (closed.rated[0].billed.minor, closed.rated[0].is_dirty) == (100, True)


def test_lines_stand_in_the_order_of_the_plan_however_their_intervals_are_kept():
    before = in_force()
    calls = rate("2", feature_key="calls")
    before = replace(before, version=version(fee(), *before.version.components[1:], calls))
    lines, kept = billed(before, "0")

    closed = close_intervals(lines, kept[::-1], used("3"), {"version_1": before.version}, POLICIES)

    assert closed.lines == billed(before, "3")[0]
