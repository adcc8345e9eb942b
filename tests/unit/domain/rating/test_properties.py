"""What holds for every price and every usage."""

from __future__ import annotations

import ast
import json
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

import billing_sdk.server.domain.rating as package_under_test
from billing_sdk import money
from billing_sdk.money import EXACT
from billing_sdk.server.domain.rating import (
    Derivation,
    Graduated,
    PerUnit,
    RatingPolicy,
    Terms,
    Tier,
    Usage,
    Volume,
    charge,
    document_of,
    terms_from_document,
)
from tests.unit.domain.rating.prices import amounts, policies, quantities, scales, sizes, terms, usages
from tests.unit.domain.rating.rating import exact, rated, steps_named
from tests.unit.domain.rating.recompute import recomputed

quickly = settings(max_examples=60, deadline=None)


@quickly
@given(terms(), usages, policies)
def test_an_amount_can_be_recomputed_from_its_document_alone(agreed: Terms, usage: Usage, policy: RatingPolicy) -> None:
    charged = charge(agreed, usage, currency="EUR", policy=policy)
    stored = json.loads(charged.derivation.to_bytes())
    assert recomputed(stored) == charged.amount.minor == charged.derivation.total
    assert Derivation.from_document(stored) == charged.derivation


@quickly
@given(terms(), usages, policies)
def test_the_same_input_gives_the_same_bytes_whatever_the_precision_around_it(
    agreed: Terms, usage: Usage, policy: RatingPolicy
) -> None:
    once = charge(agreed, usage, currency="EUR", policy=policy)
    with localcontext(prec=3):
        again = charge(terms_from_document(document_of(agreed)), usage, currency="EUR", policy=policy)
    assert again.amount == once.amount
    assert again.derivation.to_bytes() == once.derivation.to_bytes()


@quickly
@given(terms())
def test_terms_come_back_from_their_document(agreed: Terms) -> None:
    document = json.loads(json.dumps(document_of(agreed)))
    assert terms_from_document(document) == agreed
    assert document_of(terms_from_document(document)) == document


@quickly
@given(terms(), usages, policies)
def test_rounding_moves_an_amount_by_less_than_one_unit_and_commitments_hold(
    agreed: Terms, usage: Usage, policy: RatingPolicy
) -> None:
    charged = charge(agreed, usage, currency="EUR", policy=policy)
    (rounding,) = steps_named(charged, "round")
    before, moved = Decimal(rounding.fact("before") or ""), abs(Decimal(rounding.amount))
    assert moved <= Decimal("0.5") if policy.rounding.startswith("half") else moved < 1
    assert before >= (agreed.minimum or 0)
    assert agreed.maximum is None or before <= agreed.maximum


@quickly
@given(scales(), quantities)
def test_graduated_charges_every_part_of_the_quantity_once(tiers: tuple[Tier, ...], quantity: Decimal) -> None:
    steps = steps_named(rated(Graduated(tiers), _usage(quantity)), "graduated")
    covered = [(Fraction(step.fact("above") or ""), Fraction(step.fact("quantity") or "")) for step in steps]
    assert sum(part for _, part in covered) == Fraction(quantity)
    assert all(above + part == following for (above, part), (following, _) in pairwise(covered))


@quickly
@given(st.lists(st.tuples(st.integers(1, 12), amounts), min_size=1, max_size=4), st.integers(0, 60))
def test_graduated_equals_the_sum_over_single_units(widths: list[tuple[int, Decimal]], quantity: int) -> None:
    ends = [sum(width for width, _ in widths[: place + 1]) for place in range(len(widths))]
    price = Graduated(tuple(Tier(Decimal(end), unit) for end, (_, unit) in zip(ends, widths, strict=True)))
    single = [
        next((unit for end, (_, unit) in zip(ends, widths, strict=True) if number <= end), widths[-1][1])
        for number in range(1, quantity + 1)
    ]
    assert exact(price, _usage(Decimal(quantity))) == sum(map(Fraction, single))


@quickly
@given(scales(flat=False), quantities, quantities)
def test_graduated_is_continuous_and_monotonic(tiers: tuple[Tier, ...], one: Decimal, other: Decimal) -> None:
    low, high = sorted([one, other])
    rise = Fraction(exact(Graduated(tiers), _usage(high))) - Fraction(exact(Graduated(tiers), _usage(low)))
    steepest = max(Fraction(tier.unit_amount) for tier in tiers)
    assert 0 <= rise <= (Fraction(high) - Fraction(low)) * steepest


@quickly
@given(scales(), quantities, quantities)
def test_graduated_never_falls_even_with_flat_amounts(tiers: tuple[Tier, ...], one: Decimal, other: Decimal) -> None:
    low, high = sorted([one, other])
    assert exact(Graduated(tiers), _usage(low)) <= exact(Graduated(tiers), _usage(high))


@quickly
@given(scales(), sizes, sizes)
def test_volume_never_falls_within_a_tier(tiers: tuple[Tier, ...], one: Decimal, other: Decimal) -> None:
    low, high = (rated(Volume(tiers), _usage(quantity)) for quantity in sorted([one, other]))
    (low_step,), (high_step,) = steps_named(low, "volume"), steps_named(high, "volume")
    if low_step.fact("tier") == high_step.fact("tier"):
        assert Decimal(low_step.amount) <= Decimal(high_step.amount)
    else:
        assert int(low_step.fact("tier") or 0) < int(high_step.fact("tier") or 0)


@quickly
@given(scales(flat=False), quantities)
def test_one_tier_written_as_two_of_the_same_price_costs_the_same(tiers: tuple[Tier, ...], quantity: Decimal) -> None:
    first = tiers[0]
    half = ((first.up_to or Decimal(2)).scaleb(12) // 2).scaleb(-12)
    if half:
        written_as_two = (Tier(half, first.unit_amount), *tiers)
        for model in (Graduated, Volume):
            assert exact(model(written_as_two), _usage(quantity)) == exact(model(tiers), _usage(quantity))


@quickly
@given(amounts, st.lists(quantities, min_size=1, max_size=8), policies)
def test_splitting_a_quantity_changes_the_total_by_less_than_one_unit_for_each_part(
    unit_amount: Decimal, parts: list[Decimal], policy: RatingPolicy
) -> None:
    price = PerUnit(unit_amount)
    whole = Decimal(0)
    for part in parts:
        whole = EXACT.add(whole, part)
    assert sum(Fraction(exact(price, _usage(part))) for part in parts) == Fraction(exact(price, _usage(whole)))
    apart = sum(rated(price, _usage(part), policy=policy).amount.minor for part in parts)
    assert abs(apart - rated(price, _usage(whole), policy=policy).amount.minor) <= len(parts)


@quickly
@given(terms(), usages, policies)
def test_usage_below_zero_is_billed_as_usage_of_zero(agreed: Terms, usage: Usage, policy: RatingPolicy) -> None:
    below = Usage(-abs(usage.quantity) - 1)
    assert (
        charge(agreed, below, currency="EUR", policy=policy).amount
        == charge(agreed, Usage(Decimal(0)), currency="EUR", policy=policy).amount
    )


SOURCES = [*Path(package_under_test.__file__).parent.glob("*.py"), Path(money.__file__)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_there_is_no_float_and_no_division_that_could_make_one(source: Path) -> None:
    for node in ast.walk(ast.parse(source.read_text())):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Name) and node.id == "float")
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))


def _usage(quantity: Decimal) -> Usage:
    return Usage(quantity)
