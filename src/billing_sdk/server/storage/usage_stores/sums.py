"""What a batch of events adds to the hours: the sums of the domain's buckets, made one event at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from billing_sdk.money import EXACT
from billing_sdk.server.domain.metering import Bucket, Place
from billing_sdk.server.storage.usage_stores.instants import instant_of, micros_of

ZERO = Decimal(0)
MICROSECOND = Decimal("0.000001")


class HourKey(NamedTuple):
    """Which bucket: numbers of names, and the hour."""

    meter_no: int
    hour: int
    subject_no: int
    dimensions_no: int


@dataclass(slots=True)
class Sum:
    """A bucket on its way; its moment counts microseconds, and its latest event is known by the numbers of names."""

    first_at: int
    last_at: int
    count: int = 0
    total: Decimal = ZERO
    moment: Decimal = ZERO
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    latest: Decimal | None = None
    # When it counts, when it arrived, its source and its id: in this order, and the source by its name.
    latest_place: tuple[int, int, str, str] | None = None
    is_reset: bool = False
    values: set[str] = field(default_factory=set)

    def count_in(self, place: tuple[int, int, str, str], value: Decimal | None, text: str | None) -> None:
        """Count an event in, wherever it stands among the others."""
        at = place[0]
        self.first_at = min(self.first_at, at)
        self.last_at = max(self.last_at, at)
        self.count += 1
        if value is None:
            if text is not None:
                self.values.add(text)
            return
        self.total = EXACT.add(self.total, value)
        self.moment = EXACT.add(self.moment, EXACT.multiply(value, at))
        if self.minimum is None or value < self.minimum:
            self.minimum = value
        if self.maximum is None or value > self.maximum:
            self.maximum = value
        if self.latest_place is None or place > self.latest_place:
            self.latest_place, self.latest = place, value

    def join(self, other: Sum) -> None:
        """Add what other events of the series have come to; none of them says a total."""
        self.first_at = min(self.first_at, other.first_at)
        self.last_at = max(self.last_at, other.last_at)
        self.count += other.count
        self.total = EXACT.add(self.total, other.total)
        self.moment = EXACT.add(self.moment, other.moment)
        self.values |= other.values
        if other.minimum is not None and (self.minimum is None or other.minimum < self.minimum):
            self.minimum = other.minimum
        if other.maximum is not None and (self.maximum is None or other.maximum > self.maximum):
            self.maximum = other.maximum
        if other.latest_place is not None and (self.latest_place is None or other.latest_place > self.latest_place):
            self.latest_place, self.latest = other.latest_place, other.latest


def row_of(key: HourKey, found: Sum, sources: Mapping[str, int]) -> tuple[Any, ...]:
    """Return the row of `usage_hours` for a sum, in the order of its columns."""
    place = found.latest_place
    return (
        *key,
        found.first_at,
        found.last_at,
        found.count,
        str(found.total),
        str(found.moment),
        None if found.minimum is None else str(found.minimum),
        None if found.maximum is None else str(found.maximum),
        None if found.latest is None else str(found.latest),
        *((None, None, None, None) if place is None else (place[0], place[1], sources[place[2]], place[3])),
        found.is_reset,
    )


def sum_in(row: Iterable[Any], names: Mapping[int, str]) -> tuple[HourKey, Sum]:
    """Read a row of `usage_hours`; the values that a unique count has seen stand elsewhere."""
    (
        meter,
        hour,
        subject,
        dims,
        first,
        last,
        count,
        total,
        moment,
        least,
        most,
        latest,
        at,
        arrived,
        source,
        id_,
        is_reset,
    ) = row
    return HourKey(meter, hour, subject, dims), Sum(
        first_at=first,
        last_at=last,
        count=count,
        total=Decimal(total),
        moment=Decimal(moment),
        minimum=None if least is None else Decimal(least),
        maximum=None if most is None else Decimal(most),
        latest=None if latest is None else Decimal(latest),
        latest_place=None if at is None else (at, arrived, names[source], id_),
        is_reset=bool(is_reset),
    )


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
        moment=EXACT.multiply(found.moment, MICROSECOND),
        minimum=found.minimum,
        maximum=found.maximum,
        latest=latest,
        values=frozenset(found.values),
        is_reset=found.is_reset,
    )


def sum_of_bucket(bucket: Bucket) -> Sum:
    """Return what `bucket_of_sum` makes the bucket of."""
    place, value = (None, None) if bucket.latest is None else bucket.latest
    return Sum(
        first_at=micros_of(bucket.first_at),
        last_at=micros_of(bucket.last_at),
        count=bucket.count,
        total=bucket.total,
        moment=EXACT.multiply(bucket.moment, 1_000_000),
        minimum=bucket.minimum,
        maximum=bucket.maximum,
        latest=value,
        latest_place=None
        if place is None
        else (micros_of(place.counted_at), micros_of(place.recorded_at), place.source, place.id),
        is_reset=bucket.is_reset,
        values=set(bucket.values),
    )
