"""Move the history of usage from one store to another, and compare the two.

Only what is not there yet is moved, batch by batch, so a move that was interrupted goes on, and one that has ended can
bring what has arrived since. Nothing in the store that is left changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from billing_sdk.errors import EventConflict, InvalidQuantity, InvalidRequest
from billing_sdk.server.domain.metering import (
    HourOfUsage,
    Measured,
    MeasuredEvent,
    Meter,
    Series,
    StoredEvent,
    value_of,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.usage_stores import UsageLog, UsageStore

AT_ONCE = 10_000
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

# A meter, a subject, and the first day of a month.
SubjectMonth = tuple[str, str, datetime]


@dataclass(slots=True)
class Progress:
    """How far a move has come; whoever keeps it can go on from here.

    Attributes:
        after: the place of the last event that was moved, in the order of arrival of the store that is left.
        moved: how many events were moved.
        days: on which any of them counts.
    """

    after: int = 0
    moved: int = 0
    days: set[date] = field(default_factory=set)


@dataclass(slots=True)
class Comparison:
    """What two stores say.

    Attributes:
        events: how many events each of them has.
        compared: how many months of a subject by a meter were compared, hour by hour.
        differing: those that are not the same.
    """

    events: tuple[int, int] = (0, 0)
    compared: set[SubjectMonth] = field(default_factory=set)
    differing: set[SubjectMonth] = field(default_factory=set)

    @property
    def is_equal(self) -> bool:
        """Whether both say the same."""
        return self.events[0] == self.events[1] and not self.differing


def move_usage(
    source: UsageStore, target: UsageStore, meters: Sequence[Meter], progress: Progress, tell: Callable[[], None]
) -> None:
    """Bring the events of a store, and what was corrected in them, into another one.

    Args:
        source: where they are.
        target: where they are to be.
        meters: all that there are, archived ones too.
        progress: how far an earlier move has come; it changes as this one goes on.
        tell: called after each batch, when what it says is durable.

    Raises:
        EventConflict: the other store has another event with the source and id of one.
    """
    counting = _by_type(meters)
    while batch := _next(source, progress.after):
        with target.begin() as log:
            answers = log.append([_as_it_arrived(stored, counting) for stored in batch], meters)
        for stored, answer in zip(batch, answers, strict=True):
            if answer.outcome == "conflict":
                raise EventConflict(f"the other store has another event {stored.event.id} of {stored.event.source}")
        _correct(target, [stored for stored in batch if stored.corrections], counting)
        progress.after = batch[-1].number
        progress.moved += len(batch)
        progress.days.update(stored.event.counted_at.date() for stored in batch)
        tell()
    with source.begin(read_only=True) as log:
        corrected = list(log.corrected())
    _correct(target, corrected, counting)


def compare_usage(
    source: UsageStore,
    target: UsageStore,
    meters: Sequence[Meter],
    progress: Progress,
    tell: Callable[[int, int], None],
) -> Comparison:
    """Compare two stores after a move: how many events they have, and each hour of each meter and subject.

    Args:
        source: the store that is left.
        target: the other one.
        meters: all that there are.
        progress: of the move.
        tell: called with how many days were compared, and of how many.
    """
    found = Comparison()
    days = [Period(start, start + DAY) for start in map(_start_of, sorted(progress.days))]
    with source.begin(read_only=True) as left, target.begin(read_only=True) as right:
        found.events = (left.count(), right.count())
        for place, day in enumerate(days, start=1):
            for meter in meters:
                _compare(left, right, meter, day, found)
            tell(place, len(days))
    return found


def _next(source: UsageStore, after: int) -> list[StoredEvent]:
    with source.begin(read_only=True) as log:
        return list(log.events(after=after, limit=AT_ONCE))


def _as_it_arrived(stored: StoredEvent, counting: dict[str, list[Meter]]) -> MeasuredEvent:
    event = stored.event if stored.first_data is None else stored.event._replace(data=stored.first_data)
    readings = (
        _read(meter, event.data)
        for meter in counting[event.type]
        if meter.archived_at is None or event.recorded_at < meter.archived_at
    )
    return MeasuredEvent(event, tuple(one for one in readings if one is not None))


def _read(meter: Meter, data: object) -> Measured | None:
    try:
        return meter.measure(data)  # type: ignore[arg-type]
    except (InvalidQuantity, InvalidRequest):
        return None  # it arrived before there was this meter


def _correct(target: UsageStore, corrected: Sequence[StoredEvent], counting: dict[str, list[Meter]]) -> None:
    """Repeat the corrections that the other store does not know yet."""
    for stored in corrected:
        event = stored.event
        with target.begin() as log:
            there = log.find(event.source, event.id)
            if there is not None:
                for correction in stored.corrections[len(there.corrections) :]:
                    log.correct(correction, counting[event.type])


def _by_type(meters: Iterable[Meter]) -> dict[str, list[Meter]]:
    found: dict[str, list[Meter]] = defaultdict(list)
    for meter in meters:
        found[meter.event_type].append(meter)
    return found


def _start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _compare(left: UsageLog, right: UsageLog, meter: Meter, day: Period, found: Comparison) -> None:
    ours, theirs = (shown(meter, log.hours(meter, day)) for log in (left, right))
    for key in ours.keys() | theirs.keys():
        subject_month = (meter.key, key[0].subject, day.start.replace(day=1))
        found.compared.add(subject_month)
        if ours.get(key) != theirs.get(key):
            found.differing.add(subject_month)


def shown(meter: Meter, hours: Iterable[HourOfUsage]) -> dict[tuple[Series, datetime], tuple[object, ...]]:
    """Return what a meter shows for each hour: a store need not keep what no value of a meter rests on."""
    return {
        (one.series, one.hour): (
            value_of(one.bucket, meter.aggregation, Period(one.hour, one.hour + HOUR)),
            one.bucket.count,
            one.bucket.first_at,
            one.bucket.last_at,
        )
        for one in hours
    }
