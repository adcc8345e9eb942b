"""Test clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, RowMapping, bindparam, delete, insert, or_, select, update

from billing_sdk.errors import Conflict, NotFound
from billing_sdk.server.domain.timers import TestClock
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.storage.tables.billing import customers
from billing_sdk.server.storage.tables.timers import test_clocks

BY_ID = select(test_clocks).where(test_clocks.c.id == bindparam("wanted"))
HELD = BY_ID.with_for_update()
TIME = select(test_clocks.c.frozen_at).where(test_clocks.c.id == bindparam("wanted"))
FOR_SIGN_UPS = select(test_clocks).where(test_clocks.c.takes_sign_ups)

# What whoever moves a clock may change; the rest is nothing that a mover who has read it long ago should write.
MOVEMENT = ("frozen_at", "status", "target_at", "turn", "leased_until")


class ClockRepository:
    """Keeps test clocks, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, clock: TestClock) -> None:
        """Store a new clock."""
        self._connection.execute(insert(test_clocks), row_of(clock))

    def save(self, clock: TestClock) -> None:
        """Store where a clock is, if nobody else has set out to move it since it was read.

        Raises:
            Conflict: somebody else moves it now.
        """
        mine = (test_clocks.c.id == clock.id) & (test_clocks.c.turn == clock.turn)
        if not self._connection.execute(update(test_clocks).where(mine).values(_movement(clock))).rowcount:
            raise Conflict(f"{clock.id} is being advanced by somebody else")

    def set_out(self, clock: TestClock) -> None:
        """Store a clock that its holder has just set out to move."""
        self._connection.execute(update(test_clocks).where(test_clocks.c.id == clock.id).values(_movement(clock)))

    def give_up(self, clock: TestClock) -> None:
        """Let anybody go on with a clock that its mover leaves on its way."""
        mine = (test_clocks.c.id == clock.id) & (test_clocks.c.turn == clock.turn)
        self._connection.execute(update(test_clocks).where(mine).values(leased_until=None))

    def time_of(self, clock_id: str) -> datetime:
        """Return the time that a clock tells.

        Raises:
            NotFound: there is no such clock.
        """
        frozen_at: datetime | None = self._connection.execute(TIME, {"wanted": clock_id}).scalar()
        if frozen_at is None:
            raise _unknown(clock_id)
        return frozen_at

    def get(self, clock_id: str) -> TestClock:
        """Return a clock.

        Raises:
            NotFound: there is no such clock.
        """
        return _found(self._connection.execute(BY_ID, {"wanted": clock_id}).mappings().first(), clock_id)

    def lock(self, clock_id: str) -> TestClock:
        """Return a clock that nobody else changes until this transaction ends.

        Raises:
            NotFound: there is no such clock.
        """
        return _found(self._connection.execute(HELD, {"wanted": clock_id}).mappings().first(), clock_id)

    def for_sign_ups(self) -> TestClock | None:
        """Return the clock that people get onto who become customers of their own accord."""
        row = self._connection.execute(FOR_SIGN_UPS).mappings().first()
        return None if row is None else TestClock(**row)

    def delete(self, clock_id: str) -> int:
        """Remove a clock, its customers and every row that hangs on them; return how many customers they were."""
        doomed: dict[FromClause, ColumnElement[bool]] = {test_clocks: test_clocks.c.id == clock_id}
        for table in metadata.sorted_tables:  # each after those that it refers to
            hanging = [
                key.parent.in_(select(key.column).where(doomed[key.column.table]))
                for key in table.foreign_keys
                if key.column.table in doomed
            ]
            if hanging:
                doomed[table] = or_(*hanging)
        counts = {
            table: self._connection.execute(delete(table).where(doomed[table])).rowcount
            for table in reversed(metadata.sorted_tables)
            if table in doomed
        }
        return counts[customers]

    def choose_for_sign_ups(self, clock_id: str | None) -> None:
        """Let people get onto a clock who become customers of their own accord, and onto no other one."""
        before = test_clocks.c.takes_sign_ups
        self._connection.execute(update(test_clocks).where(before).values(takes_sign_ups=False))
        chosen = test_clocks.c.id == clock_id
        self._connection.execute(update(test_clocks).where(chosen).values(takes_sign_ups=True))

    def exist(self) -> bool:
        """Tell whether there is any clock."""
        return self._connection.execute(select(test_clocks.c.id).limit(1)).first() is not None

    def customers_of(self, clock_id: str) -> tuple[str, ...]:
        """Return the ids of the customers that live by a clock."""
        query = select(customers.c.id).where(customers.c.clock_id == clock_id).order_by(customers.c.id)
        return tuple(self._connection.execute(query).scalars())

    def newest(self, *, count: int, after: str | None = None, before: str | None = None) -> tuple[TestClock, ...]:
        """Return clocks, the newest first: those that follow one, or those right before another."""
        query = select(test_clocks).limit(count)
        if before is not None:
            rows = self._connection.execute(query.where(test_clocks.c.id > before).order_by(test_clocks.c.id))
            return tuple(_from_row(row) for row in reversed(rows.mappings().all()))
        if after is not None:
            query = query.where(test_clocks.c.id < after)
        rows = self._connection.execute(query.order_by(test_clocks.c.id.desc()))
        return tuple(_from_row(row) for row in rows.mappings())

    def list(self, wanted: PageRequest = FIRST_PAGE) -> Page[TestClock]:
        """Return a page of clocks, in the order of their ids."""
        return read_page(self._connection, select(test_clocks), test_clocks.c.id, wanted, _from_row)


def _movement(clock: TestClock) -> dict[str, Any]:
    return {name: getattr(clock, name) for name in MOVEMENT}


def _from_row(row: RowMapping) -> TestClock:
    return TestClock(**row)


def _found(row: RowMapping | None, clock_id: str) -> TestClock:
    if row is None:
        raise _unknown(clock_id)
    return _from_row(row)


def _unknown(clock_id: str) -> NotFound:
    return NotFound(f"there is no test clock {clock_id[:64]!r}")
