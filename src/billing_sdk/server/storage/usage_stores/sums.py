"""What events come to in an hour, on its way to a row: a bucket of which a meter keeps what its aggregation needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import msgspec

from billing_sdk.money import EXACT
from billing_sdk.server.domain.metering import Aggregation, Bucket, Place, UsageEvent
from billing_sdk.server.storage.usage_stores.instants import instant_of, micros_of
from billing_sdk.server.storage.usage_stores.writer import EventRow

ZERO = Decimal(0)
MICROSECOND = Decimal("0.000001")


# Which bucket: the numbers of its meter, the hour, and the numbers of its subject and its dimensions.
HourKey = tuple[int, int, int, int]
# When an event counts, when it arrived, its source and its id.
EventPlace = tuple[int, int, str, str]


@dataclass(slots=True)
class Sum:
    """A bucket that changes; its moment counts microseconds.

    Attributes:
        latest_place: of the latest event.
        values: what a unique count has seen, where it was read.
        number: of its row, once it has one.
    """

    first_at: int
    last_at: int
    count: int = 0
    total: Decimal = ZERO
    moment: Decimal = ZERO
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    latest: Decimal | None = None
    latest_place: EventPlace | None = None
    is_reset: bool = False
    values: set[str] = field(default_factory=set)
    number: int | None = None

    def join(self, other: Sum) -> None:
        """Add what other events of the series have come to; none of them says a total."""
        self.first_at = min(self.first_at, other.first_at)
        self.last_at = max(self.last_at, other.last_at)
        self.count += other.count
        self.total = EXACT.add(self.total, other.total)
        self.moment = EXACT.add(self.moment, other.moment)
        self.number = other.number
        if other.minimum is not None and (self.minimum is None or other.minimum < self.minimum):
            self.minimum = other.minimum
        if other.maximum is not None and (self.maximum is None or other.maximum > self.maximum):
            self.maximum = other.maximum
        if other.latest_place is not None and (self.latest_place is None or other.latest_place > self.latest_place):
            self.latest_place, self.latest = other.latest_place, other.latest


# Counts the value of an event in, where sums are exact. There are as many calls as events, so each does nothing that
# its meter does not need.
Fold = Callable[[Sum, Decimal, UsageEvent, EventRow], None]


def _count(_found: Sum, _value: Decimal, _event: UsageEvent, _row: EventRow) -> None:
    """Count it, which is done for every event."""


def _add(found: Sum, value: Decimal, _event: UsageEvent, _row: EventRow) -> None:
    found.total += value


def _add_over_time(found: Sum, value: Decimal, _event: UsageEvent, row: EventRow) -> None:
    found.total += value
    found.moment += value * row[6]


def _keep_least(found: Sum, value: Decimal, _event: UsageEvent, _row: EventRow) -> None:
    if found.minimum is None or value < found.minimum:
        found.minimum = value


def _keep_most(found: Sum, value: Decimal, _event: UsageEvent, _row: EventRow) -> None:
    if found.maximum is None or value > found.maximum:
        found.maximum = value


def _keep_latest(found: Sum, value: Decimal, event: UsageEvent, row: EventRow) -> None:
    place = row[6], row[8], event.source, event.id
    if found.latest_place is None or place > found.latest_place:
        found.latest_place, found.latest = place, value


FOLDS: Final[Mapping[Aggregation, Fold]] = {
    "sum": _add,
    "count": _count,
    "unique_count": _count,
    "average": _add,
    "minimum": _keep_least,
    "maximum": _keep_most,
    "latest": _keep_latest,
    "weighted_sum": _add_over_time,
}


def row_of(key: HourKey, number: int, found: Sum, aggregation: Aggregation) -> tuple[Any, ...]:
    """Return a new row of `usage_hours`, in the order of its columns."""
    return (number, *key, *values_of(found, aggregation), int(found.is_reset))


def values_of(found: Sum, aggregation: Aggregation) -> tuple[int, int, int, str, str]:
    """Return what changes in a row when more is counted."""
    detail = ""
    match aggregation:
        case "weighted_sum":
            detail = str(found.moment)
        case "minimum":
            detail = str(found.minimum)
        case "maximum":
            detail = str(found.maximum)
        case "latest" if found.latest_place is not None:
            detail = msgspec.json.encode((str(found.latest), found.latest_place)).decode()
    return found.first_at, found.last_at, found.count, str(found.total), detail


def sum_in(row: Iterable[Any], aggregation: Aggregation) -> tuple[HourKey, Sum]:
    """Read a row of `usage_hours`; the values that a unique count has seen stand elsewhere."""
    number, meter, hour, subject, dimensions, first_at, last_at, count, total, detail, is_reset = row
    found = Sum(first_at, last_at, count, Decimal(total), is_reset=bool(is_reset), number=number)
    match aggregation:
        case "weighted_sum":
            found.moment = Decimal(detail)
        case "minimum":
            found.minimum = Decimal(detail)
        case "maximum":
            found.maximum = Decimal(detail)
        case "latest":
            value, found.latest_place = msgspec.json.decode(detail, type=tuple[str, EventPlace])
            found.latest = Decimal(value)
    return (meter, hour, subject, dimensions), found


def bucket_of_sum(found: Sum) -> Bucket:
    """Return a sum as the domain knows it."""
    place = found.latest_place
    latest = (
        None
        if place is None or found.latest is None
        else (Place(instant_of(place[0]), instant_of(place[1]), place[2], place[3]), found.latest)
    )
    return Bucket(
        first_at=instant_of(found.first_at),
        last_at=instant_of(found.last_at),
        count=found.count,
        total=found.total,
        moment=EXACT.multiply(found.moment, MICROSECOND) if found.moment else ZERO,
        minimum=found.minimum,
        maximum=found.maximum,
        latest=latest,
        values=frozenset(found.values),
        is_reset=found.is_reset,
    )


def sum_of_bucket(bucket: Bucket, aggregation: Aggregation) -> Sum:
    """Return what an aggregation needs of a bucket."""
    found = Sum(
        micros_of(bucket.first_at),
        micros_of(bucket.last_at),
        bucket.count,
        is_reset=bucket.is_reset,
        values=set(bucket.values),
    )
    match aggregation:
        case "sum" | "average":
            found.total = bucket.total
        case "weighted_sum":
            found.total, found.moment = bucket.total, EXACT.multiply(bucket.moment, 1_000_000)
        case "minimum":
            found.minimum = bucket.minimum
        case "maximum":
            found.maximum = bucket.maximum
        case "latest" if bucket.latest is not None:
            place, found.latest = bucket.latest
            found.latest_place = micros_of(place.counted_at), micros_of(place.recorded_at), place.source, place.id
    return found
