"""Billing a price in parts: which can be, and that the parts are the whole."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.money import EXACT
from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    Overage,
    Package,
    Percentage,
    PerUnit,
    Price,
    RatingPolicy,
    Terms,
    Tier,
    Usage,
    Volume,
    charge,
    is_divisible,
    so_far,
)
from tests.unit.domain.rating.prices import policies, quantities, terms

CENT = PerUnit(Decimal("0.67"))
TIERS = (Tier(Decimal(10), Decimal(5)), Tier(None, Decimal(2), Decimal(100)))


@pytest.mark.parametrize(
    ("price", "is_in_parts"),
    [
        pytest.param(Flat(Decimal(500)), False, id="flat: there is nothing to part"),
        pytest.param(Volume(TIERS), False, id="volume: one more can lower the total"),
        pytest.param(Graduated(TIERS), True, id="graduated"),
        pytest.param(CENT, True, id="per unit"),
        pytest.param(Package(Decimal(100), Decimal(900)), True, id="package"),
        pytest.param(Percentage(Decimal("2.5")), True, id="percentage"),
        pytest.param(Overage(Decimal(10), CENT), True, id="overage of a price that can be"),
        pytest.param(Overage(Decimal(10), Volume(TIERS)), False, id="overage of one that can't"),
        pytest.param(
            ByDimension(("model",), ((("a",), CENT),), Package(Decimal(2), Decimal(3))), True, id="by dimension"
        ),
        pytest.param(ByDimension(("model",), ((("a",), CENT), (("b",), Volume(TIERS)))), False, id="one rate can't"),
        pytest.param(ByDimension(("model",), ((("a",), CENT),), Flat(Decimal(3))), False, id="the rest can't"),
    ],
)
def test_a_price_is_billed_in_parts_where_more_usage_never_costs_less(price: Price, is_in_parts: bool) -> None:
    assert is_divisible(price) is is_in_parts


@pytest.mark.parametrize(
    ("price", "used", "parts"),
    [
        pytest.param(PerUnit(Decimal("0.33")), ["1", "2", "3"], [0, 1, 0], id="thirds of a cent: 0 + 1 + 0 = 1"),
        pytest.param(PerUnit(Decimal("33.5")), ["1", "2"], [34, 33], id="0.34 + 0.33 = 0.67"),
        pytest.param(PerUnit(Decimal("33.4")), ["1", "2"], [33, 34], id="0.33 + 0.34 = 0.67"),
        pytest.param(
            Package(Decimal(100), Decimal(900)), ["1", "100", "101"], [900, 0, 900], id="packs that are begun"
        ),
        pytest.param(Graduated(TIERS), ["10", "11", "12"], [50, 102, 2], id="a tier is entered once"),
        pytest.param(Overage(Decimal(10), PerUnit(Decimal(3))), ["9", "11"], [0, 3], id="what is included comes first"),
    ],
)
def test_a_part_is_what_all_usage_comes_to_less_what_was_billed(
    price: Price, used: list[str], parts: list[int]
) -> None:
    totals = [0, *(_amount(Terms(price), Decimal(quantity)) for quantity in used)]
    assert [after - before for before, after in pairwise(totals)] == parts


def test_the_least_that_a_period_costs_is_due_at_its_end() -> None:
    agreed = Terms(PerUnit(Decimal(1)), minimum=Decimal(500), maximum=Decimal(900))
    assert [_amount(so_far(agreed), Decimal(quantity)) for quantity in (100, 2_000)] == [100, 900]
    assert _amount(agreed, Decimal(100)) == 500


@settings(max_examples=80, deadline=None)
@given(
    terms().filter(lambda agreed: is_divisible(agreed.price)),
    st.lists(quantities, min_size=1, max_size=6),
    policies,
)
def test_parts_add_up_to_the_whole_and_none_is_below_zero(
    agreed: Terms, used: list[Decimal], policy: RatingPolicy
) -> None:
    *earlier, last = accumulate(used, EXACT.add)
    totals = [0, *(_amount(so_far(agreed), quantity, policy) for quantity in earlier), _amount(agreed, last, policy)]
    parts = [after - before for before, after in pairwise(totals)]
    assert all(part >= 0 for part in parts)
    assert sum(parts) == _amount(agreed, last, policy)


def _amount(agreed: Terms, quantity: Decimal, policy: RatingPolicy | None = None) -> int:
    return charge(agreed, Usage(quantity), currency="USD", policy=policy or RatingPolicy()).amount.minor
