"""What the events of an hour come to, and how hours come to a window's value.

A bucket is all that has to be known of the events of one series (a meter, a subject, and dimensions) in one hour.
Buckets of successive stretches of time fold into one, whatever the order in which the events arrived, so a value that
comes from buckets is the value that comes from the events. What ties two events of one instant is their arrival, and
then their source and id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from itertools import groupby
from typing import NamedTuple, TypeVar

from billing_sdk.money import EXACT
from billing_sdk.server.domain.metering.meter import Aggregation, Measured
from billing_sdk.server.domain.metering.usage import Dimensions
from billing_sdk.server.domain.periods import Period

T = TypeVar("T")

HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZERO = Decimal(0)
MICROSECOND = Decimal("0.000001")
# What a division comes to is rounded once, half up, to as many decimals as a quantity has.
DIVISION = Context(prec=100, rounding=ROUND_HALF_UP)
DECIMALS = Decimal("0.000000000001")


class Place(NamedTuple):
    """Where an event stands among all others: by when it counts, and of one instant by its arrival."""

    counted_at: datetime
    recorded_at: datetime
    source: str
    id: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """What the events of a series in one stretch of time come to.

    Attributes:
        first_at: when the first of them counts.
        last_at: when the last one does.
        count: how many they are.
        total: what their values add up to, from the last one on that says the total.
        moment: what their values times their seconds since 1970 add up to, for averages over time.
        minimum: the smallest value; None where no value is read.
        maximum: the largest.
        latest: the place and the value of the last one.
        values: the different values, where they are told apart.
        is_reset: whether one of them says what the total is, so that what was before does not count.
    """

    first_at: datetime
    last_at: datetime
    count: int
    total: Decimal = ZERO
    moment: Decimal = ZERO
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    latest: tuple[Place, Decimal] | None = None
    values: frozenset[str] = frozenset()
    is_reset: bool = False


class Series(NamedTuple):
    """Whose events a bucket counts: those of one subject that carry the same dimensions."""

    subject: str
    dimensions: Dimensions


class HourOfUsage(NamedTuple):
    """The bucket of a series in one hour (UTC)."""

    series: Series
    hour: datetime
    bucket: Bucket


def hour_of(at: datetime) -> datetime:
    """Return the start of the hour (UTC) that an instant lies in."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def seconds_of(at: datetime) -> Decimal:
    """Return the exact seconds from 1970 to an instant."""
    return EXACT.multiply(Decimal((at - EPOCH) // timedelta(microseconds=1)), MICROSECOND)


def bucket_of(place: Place, measured: Measured, *, is_reset: bool = False) -> Bucket:
    """Return the bucket of a single event."""
    at, value = place.counted_at, measured.value
    if value is None:
        values = frozenset() if measured.text is None else frozenset((measured.text,))
        return Bucket(at, at, 1, values=values)
    return Bucket(
        first_at=at,
        last_at=at,
        count=1,
        total=value,
        moment=EXACT.multiply(value, seconds_of(at)),
        minimum=value,
        maximum=value,
        latest=(place, value),
        is_reset=is_reset,
    )


def joined(earlier: Bucket, later: Bucket) -> Bucket:
    """Return the bucket of two stretches of time that follow one another."""
    both = beside(earlier, later)
    if not later.is_reset:
        return both
    return replace(both, total=later.total, moment=later.moment)


def beside(first: Bucket, second: Bucket) -> Bucket:
    """Return the bucket of two series, or of two subjects, in one stretch of time."""
    return Bucket(
        first_at=min(first.first_at, second.first_at),
        last_at=max(first.last_at, second.last_at),
        count=first.count + second.count,
        total=EXACT.add(first.total, second.total),
        moment=EXACT.add(first.moment, second.moment),
        minimum=_of_both(min, first.minimum, second.minimum),
        maximum=_of_both(max, first.maximum, second.maximum),
        latest=_of_both(max, first.latest, second.latest),
        values=first.values | second.values if second.values else first.values,
        is_reset=first.is_reset or second.is_reset,
    )


def _of_both(choose: Callable[[T, T], T], first: T | None, second: T | None) -> T | None:
    if first is None or second is None:  # as most are: a meter needs few of these
        return second if first is None else first
    return choose(first, second)


def hours_of(found: Iterable[tuple[str, Place, Measured, bool]]) -> tuple[HourOfUsage, ...]:
    """Return the buckets of one meter's events by series and hour: what roll-ups have to be equal to.

    Where events are counted, or values told apart, nothing is a total. In an hour in which one is said, the buckets of
    its subject count what comes after that alone, whatever its dimensions; `first_at` of the series without dimensions
    still reaches back to the first event of all.

    Args:
        found: the subject, place and reading of each event, and whether it says a total; in any order.
    """
    buckets: dict[tuple[str, datetime], dict[Dimensions, Bucket]] = {}
    for subject, place, measured, is_reset in sorted(found, key=lambda one: one[1]):
        series = buckets.setdefault((subject, hour_of(place.counted_at)), {})
        bucket = bucket_of(place, measured, is_reset=is_reset)
        if bucket.is_reset:
            first_at = min([bucket.first_at, *(before.first_at for before in series.values())])
            series.clear()
            bucket = replace(bucket, first_at=first_at)
        before = series.get(measured.dimensions)
        series[measured.dimensions] = bucket if before is None else joined(before, bucket)
    return tuple(
        HourOfUsage(Series(subject, dimensions), hour, bucket)
        for (subject, hour), series in buckets.items()
        for dimensions, bucket in series.items()
    )


def by_series(hours: Iterable[HourOfUsage]) -> dict[Series, Bucket]:
    """Fold the hours of each series; a total that is said begins anew for all series of its subject."""
    found: dict[str, dict[Dimensions, Bucket]] = {}
    by_hour = sorted(hours, key=lambda one: (one.series.subject, one.hour))
    for (subject, _), group in groupby(by_hour, key=lambda one: (one.series.subject, one.hour)):
        of_hour = list(group)
        series = found.setdefault(subject, {})
        if any(one.bucket.is_reset for one in of_hour):
            series.clear()
        for one in of_hour:
            before = series.get(one.series.dimensions)
            series[one.series.dimensions] = one.bucket if before is None else joined(before, one.bucket)
    return {Series(subject, dims): bucket for subject, series in found.items() for dims, bucket in series.items()}


def side_by_side(buckets: Iterable[Bucket]) -> Bucket | None:
    """Return the bucket of many series; None where there are none."""
    found = list(buckets)
    return reduce(beside, found) if found else None


def value_of(bucket: Bucket | None, aggregation: Aggregation, window: Period, *, before: Decimal = ZERO) -> Decimal:
    """Return what a meter shows for a window.

    Args:
        bucket: of all events in the window; None where there are none.
        aggregation: how the meter puts values together.
        window: from its start to before its end.
        before: for a weighted sum, the level at the start of the window: the total of all that was before.
    """
    if aggregation == "weighted_sum":
        return before if bucket is None else average_level(lasting(bucket, window, before), window)
    if bucket is None:
        return ZERO
    match aggregation:
        case "sum":
            return bucket.total
        case "count":
            return Decimal(bucket.count)
        case "unique_count":
            return Decimal(len(bucket.values))
        case "average":
            return divided(bucket.total, Decimal(bucket.count))
        case "minimum":
            return bucket.minimum or ZERO
        case "maximum":
            return bucket.maximum or ZERO
        case "latest":
            return ZERO if bucket.latest is None else bucket.latest[1]


def lasting(bucket: Bucket | None, window: Period, before: Decimal) -> Decimal:
    """Return what a level comes to over a window, times seconds: each event changes it from its own instant on.

    Args:
        bucket: of all events in the window; None where there are none.
        window: from its start to before its end.
        before: the level at its start.
    """
    start, end = seconds_of(window.start), seconds_of(window.end)
    result = EXACT.multiply(before, EXACT.subtract(end, start))
    if bucket is None:
        return result
    return EXACT.add(result, EXACT.subtract(EXACT.multiply(bucket.total, end), bucket.moment))


def average_level(lasted: Decimal, window: Period) -> Decimal:
    """Return the average of a level over a window, from what it came to times seconds."""
    return divided(lasted, EXACT.subtract(seconds_of(window.end), seconds_of(window.start)))


def divided(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Return a quotient, rounded half up to as many decimals as a quantity has."""
    return DIVISION.divide(dividend, divisor).quantize(DECIMALS, context=DIVISION).normalize(DIVISION)
