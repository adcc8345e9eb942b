"""Any price, any terms and any usage, for properties that hold for all of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    Overage,
    Package,
    Percentage,
    PerUnit,
    RatingPolicy,
    Terms,
    Tier,
    Usage,
    Volume,
)

MODELS = ["small", "large", "huge"]

# Up to 12 decimals and down to the finest; small enough that no product leaves what an amount can be.
amounts = st.integers(0, 10**15).map(lambda units: Decimal(units).scaleb(-12)) | st.integers(0, 10_000).map(Decimal)
quantities = st.integers(0, 10**18).map(lambda units: Decimal(units).scaleb(-12)) | st.integers(0, 10**6).map(Decimal)
sizes = quantities.filter(bool)
policies = st.builds(
    RatingPolicy,
    zero_usage_flat_fee=st.sampled_from(["skip", "charge"]),
    rounding=st.sampled_from(["half_up", "half_even", "up", "down"]),
)


@st.composite
def scales(draw: Any, *, flat: bool = True) -> tuple[Tier, ...]:
    """Tiers that are one scale; without flat amounts if asked."""
    ends: list[Decimal | None] = [*draw(st.lists(sizes, max_size=4, unique=True).map(sorted))]
    if not ends or draw(st.booleans()):
        ends.append(None)
    return tuple(Tier(end, draw(amounts), draw(amounts) if flat else Decimal(0)) for end in ends)


own = st.sampled_from([None, "skip", "charge"])
unit_prices = (
    st.builds(PerUnit, amounts)
    | st.builds(Package, st.integers(1, 10**6).map(Decimal), amounts, st.sampled_from(["up", "down"]))
    | st.builds(Volume, scales(), own)
    | st.builds(Graduated, scales(), own)
)


@st.composite
def bounds(draw: Any) -> tuple[Decimal | None, Decimal | None]:
    """A minimum and a maximum, each of which may be missing."""
    low, high = sorted([draw(amounts), draw(amounts)])
    return draw(st.sampled_from([(None, None), (low, None), (None, high), (low, high)]))


percentages = st.builds(
    lambda percent, pair: Percentage(percent, *pair),
    st.integers(0, 10**6).map(lambda units: Decimal(units).scaleb(-4)),
    bounds(),
)
rate_prices = unit_prices | st.builds(Flat, amounts) | st.builds(Overage, quantities, unit_prices) | percentages
by_dimension = st.builds(
    lambda models, prices, otherwise: ByDimension(
        ("model",), tuple(((model,), price) for model, price in zip(models, prices, strict=False)), otherwise
    ),
    st.lists(st.sampled_from(MODELS), unique=True),
    st.lists(rate_prices, min_size=3, max_size=3),
    st.none() | rate_prices,
)
prices = rate_prices | by_dimension
signed = quantities | quantities.map(lambda quantity: quantity.copy_negate())
parts = st.lists(st.tuples(st.tuples(st.tuples(st.just("model"), st.sampled_from(MODELS))), signed), max_size=4)
usages = st.builds(
    lambda part, more, uses: Usage(sum((q for _, q in part), more), tuple(part), tuple(uses)),
    parts,
    signed,
    st.lists(quantities, max_size=3),
)


@st.composite
def terms(draw: Any) -> Terms:
    """Terms of any price."""
    price = draw(prices)
    has_units = isinstance(price, PerUnit | Package | Volume | Graduated | Overage)
    minimum, maximum = draw(bounds())
    return Terms(
        price,
        discount_units=draw(quantities) if has_units and draw(st.booleans()) else Decimal(0),
        discount_percent=Decimal(draw(st.integers(0, 100))),
        minimum=minimum,
        maximum=maximum,
    )
