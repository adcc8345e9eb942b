"""Which events count in which hours: by the table that leads to most of them, and a look through the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, and_, bindparam, func, select, union_all

from billing_sdk.server.storage.tables.usage import usage_by_hour, usage_events, usage_places

# With an end, beyond which there is nothing: of a range PostgreSQL expects little, and goes by the index of numbers,
# while of whatever lies beyond a number that it does not know yet it expects a third of all events.
NOT_INDEXED = and_(
    usage_events.c.number > select(usage_places.c.indexed).scalar_subquery(),
    usage_events.c.number <= select(usage_places.c.place).scalar_subquery(),
)


def _hours_with_events() -> CompoundSelect[Any]:
    first: BindParameter[int] = bindparam("first")
    last: BindParameter[int] = bindparam("last")
    hour = usage_by_hour.c.hour
    # From each hour to the next: the table is looked into as often as there are hours, and not read through.
    found = select(func.min(hour).label("hour")).where(hour.between(first, last)).cte("found", recursive=True)
    following = select(func.min(hour)).where(hour > found.c.hour, hour <= last).scalar_subquery()
    found = found.union_all(select(following).where(found.c.hour.is_not(None)))
    late = select(usage_events.c.hour).where(NOT_INDEXED, usage_events.c.hour.between(first, last))
    return select(found.c.hour).where(found.c.hour.is_not(None)).union(late)


# The hours from `first` to `last` in which anything counts.
HOURS_WITH_EVENTS = _hours_with_events()


def counted_in(hours: Sequence[int], subject_numbers: Sequence[int] | None, after: int = 0) -> CompoundSelect[Any]:
    """Return what finds the numbers of the events that count in some hours, of some subjects or of all.

    What else they have to be is asked of the events by their numbers: a database that looks both up at once may find it
    quicker to look through all events.
    """
    parts = []
    for table, condition in ((usage_by_hour, ()), (usage_events, (NOT_INDEXED,))):
        part = select(table.c.number).where(table.c.hour.in_(hours), table.c.number > after, *condition)
        parts.append(part if subject_numbers is None else part.where(table.c.subject_no.in_(subject_numbers)))
    return union_all(*parts)
