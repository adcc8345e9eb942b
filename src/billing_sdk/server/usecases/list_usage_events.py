"""List usage events, as they stand and with their trail, in the order of their arrival."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from billing_sdk.server.domain.metering import EARLIEST, LATEST, StoredEvent
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.query_usage import everything_of

# A page looks at no more events than this, so one that few events fit may be short, and still go on.
MOST_LOOKED_AT = 10_000


class EventFilter(NamedTuple):
    """Which events are wanted; None is any.

    Attributes:
        since: they count at this instant or later.
        until: they count before this one.
    """

    source: str | None = None
    id: str | None = None
    type: str | None = None
    subject: str | None = None
    customer_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class EventPage(NamedTuple):
    """Some events; `following` is the number after which the next page begins, None where there is no more."""

    events: tuple[StoredEvent, ...]
    following: int | None


def list_usage_events(engine: Engine, wanted: EventFilter, *, page_size: int, after: int = 0) -> EventPage:
    """Return a page of events, the first to arrive first; a page may hold fewer than there is room for, and go on.

    Args:
        engine: the engine.
        wanted: which events.
        page_size: how many at most.
        after: the number of the event that it goes on after.

    Raises:
        NotFound: there is no such customer.
    """
    with engine.read() as tx:
        if wanted.source is not None and wanted.id is not None:
            return _only(tx, wanted)
        looked_at = tx.usage_log.events(
            _window(wanted),
            types=None if wanted.type is None else (wanted.type,),
            subjects=_subjects(tx, wanted),
            after=after,
            limit=MOST_LOOKED_AT,
        )
        found: list[StoredEvent] = []
        looked, last = 0, after
        for stored in looked_at:
            looked, last = looked + 1, stored.number
            if _fits(stored, wanted):
                found.append(stored)
            if len(found) == page_size:
                return EventPage(tuple(found), last)
        return EventPage(tuple(found), last if looked == MOST_LOOKED_AT else None)


def _only(tx: UnitOfWork, wanted: EventFilter) -> EventPage:
    """Return the one event that source and id name, if it is one of those that are wanted."""
    assert wanted.source is not None  # noqa: S101 - whoever calls has looked
    assert wanted.id is not None  # noqa: S101 - as above
    stored = tx.usage_log.find(wanted.source, wanted.id)
    subjects, window = _subjects(tx, wanted), _window(wanted)
    if stored is None or not _fits(stored, wanted):
        return EventPage((), None)
    is_in_time = window is None or window.contains(stored.event.counted_at)
    is_theirs = subjects is None or stored.event.subject in subjects
    return EventPage((stored,) if is_in_time and is_theirs else (), None)


def _fits(stored: StoredEvent, wanted: EventFilter) -> bool:
    event = stored.event
    asked = ((wanted.source, event.source), (wanted.id, event.id), (wanted.type, event.type))
    return all(one is None or one == found for one, found in asked)


def _window(wanted: EventFilter) -> Period | None:
    if wanted.since is None and wanted.until is None:
        return None
    return Period(wanted.since or EARLIEST, wanted.until or LATEST)


def _subjects(tx: UnitOfWork, wanted: EventFilter) -> frozenset[str] | None:
    if wanted.customer_id is None:
        return None if wanted.subject is None else frozenset((wanted.subject,))
    found = everything_of(tx, wanted.customer_id)
    return found if wanted.subject is None else found & {wanted.subject}
