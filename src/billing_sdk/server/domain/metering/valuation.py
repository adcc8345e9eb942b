"""What hours come to: the value that is billed, and that of each set of dimensions, which prices can depend on.

The values of sums, counts and weighted sums add up, so usage without dimensions is the rest. Those of other meters
don't: each set of dimensions has the value that it would have if there were no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import reduce
from typing import NamedTuple

from billing_sdk.money import EXACT
from billing_sdk.server.domain.metering.bucket import (
    ZERO,
    Bucket,
    HourOfUsage,
    Series,
    average_level,
    beside,
    by_series,
    lasting,
    side_by_side,
    value_of,
)
from billing_sdk.server.domain.metering.meter import Aggregation
from billing_sdk.server.domain.metering.usage import Dimensions
from billing_sdk.server.domain.periods import Period

ADDITIVE: frozenset[Aggregation] = frozenset({"sum", "count", "weighted_sum"})


class Valued(NamedTuple):
    """What was used.

    Attributes:
        by_dimension: in their order; of a meter whose values add up, what has no dimensions is left out.
    """

    total: Decimal = ZERO
    by_dimension: tuple[tuple[Dimensions, Decimal], ...] = ()


class Stretch(NamedTuple):
    """A part of a window, for a weighted sum.

    Attributes:
        hours: what was used in it, of some subjects.
        before: what all that was before comes to.
    """

    part: Period
    hours: Iterable[HourOfUsage]
    before: Iterable[HourOfUsage]


def valued(hours: Iterable[HourOfUsage], aggregation: Aggregation, window: Period) -> Valued:
    """Return what hours that lie in a window come to; for a weighted sum see `level_of`."""
    found = _by_dimensions(by_series(hours))
    if found.keys() <= {()}:
        return Valued(value_of(found.get(()), aggregation, window))
    total = value_of(side_by_side(found.values()), aggregation, window)
    shown = sorted(dims for dims in found if dims or aggregation not in ADDITIVE)
    return Valued(total, tuple((dims, value_of(found[dims], aggregation, window)) for dims in shown))


def level_of(stretches: Iterable[Stretch], window: Period) -> Valued:
    """Return what the level of a weighted sum was on average in a window, outside of whose stretches it was zero."""
    lasted: dict[Dimensions, Decimal] = {}
    for stretch in stretches:
        now, before = _by_dimensions(by_series(stretch.hours)), _by_dimensions(by_series(stretch.before))
        for dims in {*now, *before}:
            level = before[dims].total if dims in before else ZERO
            here = lasting(now.get(dims), stretch.part, level)
            lasted[dims] = EXACT.add(lasted.get(dims, ZERO), here)
    # Each is rounded, and then they are added up, so that the rest without dimensions is neither more nor less.
    found = {dims: average_level(lasted[dims], window) for dims in sorted(lasted)}
    return Valued(reduce(EXACT.add, found.values(), ZERO), tuple((dims, found[dims]) for dims in found if dims))


def _by_dimensions(series: Mapping[Series, Bucket]) -> dict[Dimensions, Bucket]:
    found: dict[Dimensions, Bucket] = {}
    for (_, dims), bucket in series.items():
        found[dims] = beside(found[dims], bucket) if dims in found else bucket
    return found
