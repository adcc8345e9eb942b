"""Events that point to a thing or show it, for those who look them up: page by page, the newest first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, update

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.events import Event, EventForm
from billing_sdk.server.storage.later import Later
from billing_sdk.server.storage.outbox import event_from_row
from billing_sdk.server.storage.tables.outbox import deliveries, events


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events are wanted.

    Attributes:
        since: recorded no longer ago than this, by real time.
        types: only these; empty for all.
        subjects: only about these; None for all.
        created: bounds of when they happened, in their customers' time: each is an operator and an instant.
        after: the id of an event, after which the page begins.
        before: the id of an event, before which the page ends.
    """

    form: EventForm
    since: datetime
    limit: int
    types: Sequence[str] = ()
    subjects: Collection[str] | None = None
    created: Mapping[str, datetime] | None = None
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Consecutive events, the newest first, and whether there are others on either side."""

    events: tuple[Event, ...]
    has_next: bool
    has_previous: bool


class PointingEventRepository:
    """Looks events up, in the transaction of its connection."""

    def __init__(self, connection: Connection, later: Later) -> None:
        self._connection = connection
        self._later = later

    def get(self, event_id: str, form: EventForm, *, since: datetime) -> Event:
        """Return an event of a form that was recorded since an instant.

        Raises:
            NotFound: there is no such event, or not any more.
        """
        self._later.flush()
        wanted = and_(events.c.id == event_id, events.c.form == form, events.c.recorded_at >= since)
        row = self._connection.execute(select(events).where(wanted)).mappings().first()
        if row is None:
            raise NotFound(f"there is no event {event_id[:64]!r}", entity="event")
        return event_from_row(row)

    def page(self, wanted: EventQuery) -> EventPage:
        """Return a page of events.

        Raises:
            NotFound: there is no event at the place that the page is cut at.
        """
        self._later.flush()
        fits = _fits(wanted)
        if wanted.before is not None:
            newer = and_(fits, events.c.position > self._position(wanted.before))
            rows = self._read(newer, is_upwards=True, limit=wanted.limit)
            return EventPage(tuple(reversed(rows[: wanted.limit])), True, len(rows) > wanted.limit)
        older = fits if wanted.after is None else and_(fits, events.c.position < self._position(wanted.after))
        rows = self._read(older, is_upwards=False, limit=wanted.limit)
        return EventPage(rows[: wanted.limit], len(rows) > wanted.limit, wanted.after is not None)

    def keep_data(self, event: Event) -> None:
        """Keep more of what an event says, such as the thing as it was first shown."""
        self._later.flush()
        self._connection.execute(update(events).where(events.c.id == event.id).values(data=dict(event.data)))

    def waiting_for(self, event_ids: Collection[str]) -> dict[str, int]:
        """Return how many endpoints have still to hear of events, by their ids."""
        self._later.flush()
        query = select(deliveries.c.event_id).where(
            deliveries.c.event_id.in_(event_ids), deliveries.c.status == "waiting"
        )
        found = self._connection.execute(query).scalars().all()
        return {event_id: found.count(event_id) for event_id in event_ids}

    def _read(self, fits: ColumnElement[bool], *, is_upwards: bool, limit: int) -> tuple[Event, ...]:
        order = events.c.position if is_upwards else events.c.position.desc()
        query = select(events).where(fits).order_by(order).limit(limit + 1)
        return tuple(event_from_row(row) for row in self._connection.execute(query).mappings())

    def _position(self, event_id: str) -> int:
        position = self._connection.execute(select(events.c.position).where(events.c.id == event_id)).scalar()
        if position is None:
            raise NotFound(f"there is no event {event_id[:64]!r}", entity="event")
        return int(position)


def _fits(wanted: EventQuery) -> ColumnElement[bool]:
    conditions = [events.c.form == wanted.form, events.c.recorded_at >= wanted.since]
    if wanted.types:
        conditions.append(events.c.type.in_(wanted.types))
    if wanted.subjects is not None:
        conditions.append(events.c.subject.in_(wanted.subjects))
    for operator, at in (wanted.created or {}).items():
        conditions.append(_BOUNDS[operator](at))
    return and_(*conditions)


def _bounds() -> Mapping[str, Any]:
    column = events.c.occurred_at
    return {
        "gt": lambda at: column > at,
        "gte": lambda at: column >= at,
        "lt": lambda at: column < at,
        "lte": lambda at: column <= at,
    }


_BOUNDS = _bounds()
