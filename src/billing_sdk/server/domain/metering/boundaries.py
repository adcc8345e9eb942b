"""Windows: which hours count whole, and which have to be looked at event by event.

Roll-ups are by hours, and windows begin and end whenever they like. An hour that a boundary cuts still counts whole,
or not at all, where its first and its last event lie on one side of it; the events of an hour are read where they
don't, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from billing_sdk.server.domain.metering.bucket import HourOfUsage, Place, hour_of, hours_of
from billing_sdk.server.domain.metering.event import StoredEvent
from billing_sdk.server.domain.metering.meter import Measured, Meter, TimeWindow
from billing_sdk.server.domain.metering.usage import Dimensions
from billing_sdk.server.domain.periods import Period


class Cut(NamedTuple):
    """What hours are to a window.

    Attributes:
        whole: those that count as they are.
        unsure: the subject and the start of each hour whose events have to be read.
    """

    whole: list[HourOfUsage]
    unsure: list[tuple[str, datetime]]


class Counted(NamedTuple):
    """What a meter has read in an event, and whether the event says a total."""

    subject: str
    place: Place
    measured: Measured
    is_total: bool


def cut(hours: Iterable[HourOfUsage], window: Period) -> Cut:
    """Tell which hours count in a window.

    Args:
        hours: all that overlap it.
        window: from its start to before its end.
    """
    found = list(hours)
    if all(_side(one, window) for one in found):
        return Cut(found, [])  # which is how it nearly always is
    whole: list[HourOfUsage] = []
    unsure: list[tuple[str, datetime]] = []
    for (subject, hour), group in groupby(sorted(found, key=_subject_and_hour), key=_subject_and_hour):
        of_hour = list(group)
        sides = [_side(one, window) for one in of_hour]
        # A total that was said counts for all series of the subject, so they are looked at together.
        if None in sides:
            unsure.append((subject, hour))
        else:
            whole += [one for one, is_within in zip(of_hour, sides, strict=True) if is_within]
    return Cut(whole, unsure)


def counted(meter: Meter, events: Iterable[StoredEvent], window: Period | None = None) -> Iterator[Counted]:
    """Yield what a meter reads in events, as they stand: in those of a window, or in all.

    Of events that say all of an hour or a day, the newest counts alone (`Meter.newest_within`), as the others had not
    been.
    """
    found = _read(meter, events, window)
    return found if meter.newest_within is None else newest_of_each(found, meter.newest_within)


def newest_of_each(found: Iterable[Counted], window: TimeWindow) -> Iterator[Counted]:
    """Yield the newest of what was read of each subject, with the same dimensions and in one hour or day (UTC)."""
    newest: dict[tuple[str, Dimensions, datetime], Counted] = {}
    for one in found:
        start = hour_of(one.place.counted_at)
        key = one.subject, one.measured.dimensions, start if window == "hour" else start.replace(hour=0)
        if key not in newest or newest[key].place < one.place:
            newest[key] = one
    yield from newest.values()


def _read(meter: Meter, events: Iterable[StoredEvent], window: Period | None) -> Iterator[Counted]:
    for stored in events:
        event = stored.event
        is_within = window is None or window.contains(event.counted_at)
        if stored.is_cancelled or event.type != meter.event_type or not is_within:
            continue
        measured = meter.remeasure(event.data) if meter.was_in_use(event.recorded_at) else None
        if measured is not None:
            place = Place(event.counted_at, event.recorded_at, event.source, event.id)
            yield Counted(event.subject, place, measured, event.kind == "absolute")


def recount(meter: Meter, events: Iterable[StoredEvent], window: Period | None = None) -> list[HourOfUsage]:
    """Return the hours of what a meter reads in events: what roll-ups have to be equal to."""
    return list(hours_of(counted(meter, events, window)))


def _side(one: HourOfUsage, window: Period) -> bool | None:
    """Tell whether an hour lies in the window, or outside; None where it lies across a boundary."""
    first_at, last_at = one.bucket.first_at, one.bucket.last_at
    if window.start <= first_at and last_at < window.end:
        return True
    return None if first_at < window.end and window.start <= last_at else False


def _subject_and_hour(one: HourOfUsage) -> tuple[str, datetime]:
    return one.series.subject, one.hour
