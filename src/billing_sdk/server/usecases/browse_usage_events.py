"""Browse usage events: forwards or backwards, in the order of their times or of their arrival."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal, NamedTuple, TypeAlias

from billing_sdk.server.domain.metering import EARLIEST, LATEST, StoredEvent
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork

# Where an event stands: when it counts, or when it arrived, and its number.
Place: TypeAlias = tuple[datetime, int]
Fits: TypeAlias = Callable[[StoredEvent], bool]

# So many events are looked at for one page; one that few events fit may be short, and still go on.
MOST_LOOKED_AT = 20_000
BLOCK = 2_000
FIRST_STRETCH, SHORTEST_STRETCH = timedelta(hours=1), timedelta(seconds=1)


class Browsed(NamedTuple):
    """Some events in the order that was asked for; `is_over` where there is nothing beyond the last one.

    Attributes:
        end: the place where looking ended, beyond which the next page begins.
    """

    events: tuple[StoredEvent, ...]
    is_over: bool
    end: Place | None


class Wanted(NamedTuple):
    """Which events are wanted; None is any.

    Attributes:
        window: when they count.
        fits: whatever else has to hold of one.
    """

    fits: Fits
    window: Period = Period(EARLIEST, LATEST)
    types: Collection[str] | None = None
    subjects: Collection[str] | None = None


def browse_usage_events(
    tx: UnitOfWork,
    wanted: Wanted,
    *,
    by: Literal["time", "arrival"] = "time",
    is_descending: bool = True,
    size: int,
    beyond: Place | None = None,
) -> Browsed:
    """Return the events that follow a place in an order; those of one instant stand in the order of their arrival.

    Args:
        tx: a transaction that reads.
        wanted: which events.
        by: what they are in the order of.
        is_descending: whether the newest come first.
        size: how many at most.
        beyond: where to begin; None is at the beginning.
    """
    walk = _by_time if by == "time" else _by_arrival
    found: list[StoredEvent] = []
    looked = 0
    end = beyond
    for events, edge in walk(tx, wanted, is_descending=is_descending, beyond=beyond):
        looked += len(events)
        for one in events:
            if not wanted.fits(one):
                continue
            if len(found) == size:
                return Browsed(tuple(found), False, place_of(found[-1], by))
            found.append(one)
        end = edge
        if looked >= MOST_LOOKED_AT:
            return Browsed(tuple(found), False, end)
    return Browsed(tuple(found), True, end)


def place_of(stored: StoredEvent, by: Literal["time", "arrival"] = "time") -> Place:
    """Return where an event stands in an order."""
    return (stored.event.counted_at if by == "time" else stored.event.recorded_at, stored.number)


Walk: TypeAlias = Iterator[tuple[list[StoredEvent], Place]]


def _by_time(tx: UnitOfWork, wanted: Wanted, *, is_descending: bool, beyond: Place | None) -> Walk:
    """Yield events by stretches of time, each with the place that it reaches to; no store has them in this order."""
    start, end = wanted.window.start, wanted.window.end
    if beyond is not None and is_descending:
        end = min(end, beyond[0] + timedelta(microseconds=1))
    elif beyond is not None:
        start = max(start, beyond[0])
    length = FIRST_STRETCH
    while start < end:
        if is_descending:
            stretch = Period(max(start, _minus(end, length)), end)
        else:
            stretch = Period(start, min(end, _plus(start, length)))
        few = list(islice(_events(tx, wanted, stretch), MOST_LOOKED_AT + 1))
        if len(few) > MOST_LOOKED_AT and length > SHORTEST_STRETCH:
            length = max(length / 16, SHORTEST_STRETCH)
            continue
        events = few if len(few) <= MOST_LOOKED_AT else list(_events(tx, wanted, stretch))
        events.sort(key=place_of, reverse=is_descending)
        if beyond is not None:
            events = [one for one in events if (place_of(one) < beyond if is_descending else place_of(one) > beyond)]
        if is_descending:
            end = stretch.start
            yield events, (end, 0)
        else:
            start = stretch.end
            yield events, (start, 0)
        if len(events) < BLOCK:
            length *= 4


def _by_arrival(tx: UnitOfWork, wanted: Wanted, *, is_descending: bool, beyond: Place | None) -> Walk:
    """Yield events by blocks of their numbers, each with the place that it reaches to."""
    newest = tx.usage_log.newest()
    number = beyond[1] if beyond is not None else newest + 1 if is_descending else 0
    while number > 1 if is_descending else number < newest:
        after = max(0, number - 1 - BLOCK) if is_descending else number
        last = number - 1 if is_descending else number + BLOCK
        found = tx.usage_log.events(
            wanted.window, types=wanted.types, subjects=wanted.subjects, after=after, limit=last - after
        )
        events = [one for one in found if one.number <= last]
        if is_descending:
            events.reverse()
        number = after + 1 if is_descending else last
        yield events, (EARLIEST, number)


def _events(tx: UnitOfWork, wanted: Wanted, stretch: Period) -> Iterator[StoredEvent]:
    yield from tx.usage_log.events(stretch, types=wanted.types, subjects=wanted.subjects)


def _minus(at: datetime, length: timedelta) -> datetime:
    return at - length if at - EARLIEST > length else EARLIEST


def _plus(at: datetime, length: timedelta) -> datetime:
    return at + length if LATEST - at > length else LATEST
