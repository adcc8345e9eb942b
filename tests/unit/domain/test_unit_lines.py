"""Custom units on an invoice: whatever grants there are, what is used is covered or charged, and nothing is both."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import CurrencyMismatch, InvalidAmount
from billing_sdk.money import Money, round_money
from billing_sdk.server.domain.catalog import (
    OverageTerms,
    Policies,
    PricedIn,
    Rate,
    Units,
    amount_of,
    cost_of,
    millionths,
    units_of,
)
from billing_sdk.server.domain.credits import balance_of, spent_by
from billing_sdk.server.domain.credits.burn_down import burn_down
from billing_sdk.server.domain.invoicing import applications_of, payables_of, with_credit_grants
from billing_sdk.server.domain.invoicing.priced import usage_line
from billing_sdk.server.domain.invoicing.unit_lines import with_overage
from billing_sdk.server.domain.rating import PerUnit, Terms, Usage
from tests.unit.domain.test_credits import JANUARY, day, grant

UNIT = "unit_" + "0" * 32
OVERAGE = OverageTerms("overage_1", "Extra", Decimal("10.5"))
RATE = Rate(
    "rate_1",
    "tokens",
    "Tokens",
    "USD",
    Terms(PerUnit(millionths(Decimal("0.5")))),
    item_id="item_1",
    priced_in=PricedIn(UNIT, "Sparks", OVERAGE),
)
FREE = replace(RATE, id="rate_2", priced_in=PricedIn(UNIT, "Sparks"))


def used(quantity: str, rate: Rate = RATE):
    return usage_line(
        rate,
        agreement_id="agreement_1",
        plan_version_id="version_1",
        used=Usage(Decimal(quantity)),
        part=JANUARY,
        interval=JANUARY,
        policies=Policies(),
    )


def sparks(name: str, value: str, **fields):
    amount = units_of(Decimal(value), UNIT)
    return replace(grant(name, **fields), amount=amount, left=amount)


AMOUNTS = [
    ("nothing is granted", [], [RATE], "25", [0, 131]),
    ("all of it is granted", [sparks("g", "12.5")], [RATE], "25", [0, 0]),
    ("some of it is granted", [sparks("g", "2.5")], [RATE], "25", [0, 0, 105]),
    ("two grants", [sparks("a", "2"), sparks("b", "3")], [RATE], "25", [0, 0, 0, 79]),
    ("there is no overage rate", [sparks("g", "2")], [FREE], "25", [0, 0]),
    ("money pays for no units", [grant("g", 5_000)], [RATE], "25", [0, 131]),
    ("the grant is for another item", [replace(sparks("g", "9"), items=("item_2",))], [RATE], "25", [0, 131]),
    ("one line takes what another one needs", [sparks("g", "13")], [FREE, RATE], "25", [0, 0, 0, 0, 126]),
]


@pytest.mark.parametrize(("_name", "grants", "rates", "quantity", "minors"), AMOUNTS, ids=[row[0] for row in AMOUNTS])
def test_units_that_no_grant_covers_cost_the_overage_rate(_name, grants, rates, quantity, minors):
    lines = with_overage(with_credit_grants(tuple(used(quantity, rate) for rate in rates), grants))
    assert [line.amount.minor for line in lines] == minors


values = st.integers(0, 30_000_000).map(lambda minor: Decimal(minor).scaleb(-6))


@settings(max_examples=40)
@given(
    st.lists(values.filter(bool), max_size=4),
    st.lists(values, min_size=1, max_size=4),
    st.booleans(),
)
def test_what_is_used_is_covered_or_charged_and_no_grant_pays_for_more_than_it_is_of(granted, quantities, is_charged):
    grants = [sparks(f"g{place}", str(value)) for place, value in enumerate(granted)]
    rate = RATE if is_charged else FREE
    charged = tuple(used(str(quantity), rate) for quantity in quantities)
    lines = with_overage(with_credit_grants(charged, grants))
    owed = [payable.amount for _, payable in payables_of(charged)]
    spent = applications_of(lines)
    for number, amount in enumerate(owed, start=1):
        covered = sum(one.amount.minor for one in spent if one.line == number)
        beyond = [line for line in lines if line.kind == "overage" and line.derivation["line"] == str(number)]
        rest = Units(amount.minor - covered, UNIT)
        assert rest.minor >= 0
        assert bool(beyond) == (is_charged and bool(rest))
        for line in beyond:
            assert line.quantity == rest.value
            assert line.amount == round_money(cost_of(rest, OVERAGE.unit_amount), "USD")
    left = spent_by(grants, burn_down(grants, [payable for _, payable in payables_of(charged)]))
    assert sum(one.left.minor for one in left) + sum(one.amount.minor for one in spent) == sum(
        one.amount.minor for one in grants
    )
    balance = balance_of(grants, [payable for _, payable in payables_of(charged)], UNIT, at=day(1, 15))
    assert balance.ledger - balance.pending == balance.available
    uncovered = sum(one.minor for one in owed) - balance.pending.minor
    assert not uncovered or not balance.available


def test_units_and_money_are_never_put_together():
    with pytest.raises(CurrencyMismatch):
        units_of(Decimal(1), UNIT) + Money(1, "USD")
    with pytest.raises(InvalidAmount):
        Money(1, UNIT)
    with pytest.raises(InvalidAmount):
        Units(1, "USD")
    assert Units(5, UNIT) != Units(5, "unit_" + "1" * 32)
    assert type(-Units(5, UNIT) + Units(7, UNIT)) is Units
    assert amount_of(5, UNIT) == Units(5, UNIT)
    assert amount_of(5, "USD") == Money(5, "USD")


@pytest.mark.parametrize("value", ["0.0000001", "1000000001", "NaN", "Infinity"])
def test_an_amount_of_a_unit_has_six_decimals_and_is_no_more_than_can_be_real(value):
    with pytest.raises(InvalidAmount):
        units_of(Decimal(value), UNIT)


def test_a_unit_is_written_in_plain_digits():
    assert str(units_of(Decimal("12.50"), UNIT)) == f"12.5 {UNIT}"
    assert units_of(Decimal("12.5"), UNIT).major == Decimal("12.5")
    assert cost_of(units_of(Decimal("12.5"), UNIT), Decimal("10.5")) == Fraction("131.25")
