"""Timers: what is to happen later."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.timers import Timer, TimerKind, rank_of
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage.later import Together
from billing_sdk.server.storage.tables.timers import timers

ORDER = (timers.c.due_at, timers.c.rank, timers.c.id)
COLUMNS = [timers.c[name] for name in ("id", "kind", "subject_id", "customer_id", "due_at", "clock_id", "attempts")]
EARLIER = timers.alias("earlier")
# Of one customer's timers only the first is ever taken, so a renewal does not overtake the change before it. What
# has to wait for one that fails would be wrong without it.
IS_FIRST = ~exists().where(
    EARLIER.c.customer_id == timers.c.customer_id,
    tuple_(EARLIER.c.due_at, EARLIER.c.rank, EARLIER.c.id) < tuple_(*ORDER),
)

IS_FREE = or_(timers.c.leased_until.is_(None), timers.c.leased_until <= bindparam("now"))
IN_REAL_TIME = select(*COLUMNS).where(timers.c.clock_id.is_(None), timers.c.due_at <= bindparam("now"))
DUE = IN_REAL_TIME.where(IS_FREE, IS_FIRST)
LOOK = DUE.limit(1)
OLDEST = IN_REAL_TIME.order_by(*ORDER).limit(1)
CLAIM = DUE.order_by(*ORDER).limit(1).with_for_update(of=timers, skip_locked=True)
ON_CLOCK = (
    select(*COLUMNS)
    .where(timers.c.clock_id == bindparam("clock"), timers.c.due_at <= bindparam("until"))
    .order_by(*ORDER)
    .limit(1)
    .with_for_update(of=timers)
)
OF_CUSTOMERS = select(*COLUMNS).where(timers.c.customer_id.in_(bindparam("wanted", expanding=True)))
OF_SUBJECT = select(*COLUMNS).where(timers.c.subject_id == bindparam("subject"), timers.c.kind == bindparam("kind"))


def _setting(inserted: postgresql.Insert | sqlite.Insert) -> Executable:
    names = [column.name for column in timers.columns if column.name not in ("subject_id", "kind")]
    return inserted.on_conflict_do_update(
        index_elements=[timers.c.subject_id, timers.c.kind], set_={name: inserted.excluded[name] for name in names}
    )


SET = {"postgresql": _setting(postgresql.insert(timers)), "sqlite": _setting(sqlite.insert(timers))}


class TimerTaken(Exception):
    """A timer was replaced, cleared or taken by somebody else meanwhile: what was to be done for it is undone."""


class TimerRepository:
    """Keeps timers, in the transaction of its connection."""

    def __init__(self, connection: Connection, together: Together) -> None:
        self._connection = connection
        self._together = together
        self._ahead: dict[str, dict[str, Timer]] = {}

    def read_ahead(self, customer_ids: Collection[str]) -> None:
        """Read at once what is to happen to many customers; what is set for them is written at once, too."""
        self._ahead.update((customer_id, {}) for customer_id in customer_ids)
        for row in self._connection.execute(OF_CUSTOMERS, {"wanted": sorted(customer_ids)}).mappings():
            timer = Timer(**row)
            self._ahead[timer.customer_id][timer.id] = timer

    def set(self, kind: TimerKind, subject_id: str, due_at: datetime, customer: Customer) -> Timer:
        """Let something happen to a subject at an instant of its customer's time, and not when it was to before."""
        timer = Timer(new_id("timer"), kind, subject_id, customer.id, due_at, customer.clock_id)
        setting = SET[self._connection.dialect.name]
        theirs = self._ahead.get(customer.id)
        if theirs is not None:
            before = [one.id for one in theirs.values() if (one.kind, one.subject_id) == (kind, subject_id)]
            for timer_id in before:
                del theirs[timer_id]
            theirs[timer.id] = timer
        self._together.run(setting, _to_row(timer))
        return timer

    def clear(self, subject_id: str, *kinds: TimerKind) -> None:
        """Let nothing more happen to a subject, or nothing of the kinds that are named."""
        self._ahead.clear()
        theirs = timers.c.subject_id == subject_id
        if kinds:
            theirs = and_(theirs, timers.c.kind.in_(kinds))
        self._connection.execute(delete(timers).where(theirs))

    def done(self, timer: Timer) -> None:
        """Remove a timer in the transaction of its effect: both last, or neither. Call it first in a handler.

        Raises:
            TimerTaken: it is not the caller's any more; let the error pass, so that the transaction is undone.
        """
        mine = and_(timers.c.id == timer.id, timers.c.attempts == timer.attempts)
        if not self._connection.execute(delete(timers).where(mine)).rowcount:
            raise TimerTaken(f"{timer.id} is somebody else's")

    def done_together(self, wanted: Sequence[Timer]) -> tuple[Timer, ...]:
        """Remove timers in the transaction of their effects, and return those that were still the caller's."""
        mine = [(timer.id, timer.attempts) for timer in wanted]
        removed = delete(timers).where(tuple_(timers.c.id, timers.c.attempts).in_(mine)).returning(timers.c.id)
        done = set(self._connection.execute(removed).scalars())
        return tuple(timer for timer in wanted if timer.id in done)

    def find(self, kind: TimerKind, subject_id: str) -> Timer | None:
        """Return a subject's timer of a kind, if it is set."""
        return self._first(OF_SUBJECT, {"subject": subject_id, "kind": kind})

    def are_there(self, kind: TimerKind) -> bool:
        """Tell whether anything of a kind is to happen to anybody."""
        return self._connection.execute(select(timers.c.id).where(timers.c.kind == kind).limit(1)).first() is not None

    def of_customer(self, customer_id: str) -> tuple[Timer, ...]:
        """Return what is to happen to a customer, in this order."""
        if customer_id in self._ahead:
            return tuple(sorted(self._ahead[customer_id].values(), key=_place))
        query = select(*COLUMNS).where(timers.c.customer_id == customer_id).order_by(*ORDER)
        return tuple(Timer(**row) for row in self._connection.execute(query).mappings())

    def has_due(self, now: datetime) -> bool:
        """Tell whether a claim might find something."""
        return self._connection.execute(LOOK, {"now": now}).first() is not None

    def claim(self, *, now: datetime, leased_until: datetime) -> Timer | None:
        """Take the first timer that is due in real time and that nobody else holds; None where there is none.

        Args:
            now: the real time.
            leased_until: when others may take it, if it has not been done by then.
        """
        found = self._first(CLAIM, {"now": now})
        return None if found is None else self._taken(found, leased_until)

    def claim_more(self, kind: TimerKind, *, now: datetime, leased_until: datetime, limit: int) -> tuple[Timer, ...]:
        """Take further timers of a kind, of as many customers; see `claim`."""
        wanted = CLAIM.where(timers.c.kind == kind).limit(limit)
        rows = self._connection.execute(wanted, {"now": now}).mappings()
        found = [Timer(**row) for row in rows]
        taken = update(timers).where(timers.c.id.in_([timer.id for timer in found]))
        self._connection.execute(taken.values(attempts=timers.c.attempts + 1, leased_until=leased_until))
        return tuple(replace(timer, attempts=timer.attempts + 1) for timer in found)

    def take_on_clock(self, clock_id: str, *, until: datetime, leased_until: datetime) -> Timer | None:
        """Take the first timer of a test clock that is due by an instant, from whoever held it.

        Only whoever moves the clock may call it; the lease of the clock says who that is.
        """
        found = self._first(ON_CLOCK, {"clock": clock_id, "until": until})
        return None if found is None else self._taken(found, leased_until)

    def rest(self, timer: Timer, *, until: datetime) -> None:
        """Let a timer that has failed rest until an instant of real time, unless it is somebody else's by now."""
        mine = and_(timers.c.id == timer.id, timers.c.attempts == timer.attempts)
        self._connection.execute(update(timers).where(mine).values(leased_until=until))

    def count_due(self, now: datetime) -> int:
        """Return how many are due in real time and not done."""
        due = and_(timers.c.clock_id.is_(None), timers.c.due_at <= now)
        return int(self._connection.execute(select(func.count()).where(due)).scalar_one())

    def oldest_due(self, now: datetime) -> Timer | None:
        """Return the timer that has been due for the longest, in real time."""
        return self._first(OLDEST, {"now": now})

    def _taken(self, timer: Timer, leased_until: datetime) -> Timer:
        attempts = timer.attempts + 1
        taken = update(timers).where(timers.c.id == timer.id)
        self._connection.execute(taken.values(attempts=attempts, leased_until=leased_until))
        return replace(timer, attempts=attempts)

    def _first(self, query: Select[Any], wanted: Mapping[str, Any]) -> Timer | None:
        row: RowMapping | None = self._connection.execute(query, wanted).mappings().first()
        return None if row is None else Timer(**row)


def _place(timer: Timer) -> tuple[datetime, int, str]:
    return timer.due_at, rank_of(timer.kind), timer.id


def _to_row(timer: Timer) -> dict[str, Any]:
    return {**_fields(timer), "rank": rank_of(timer.kind), "leased_until": None}


def _fields(timer: Timer) -> dict[str, Any]:
    return {column.name: getattr(timer, column.name) for column in COLUMNS}
