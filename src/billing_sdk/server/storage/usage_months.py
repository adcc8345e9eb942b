"""Usage months of the workspace: who was active in one, and what was counted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, func, select

from billing_sdk.server.domain.workspace import UsageMonth
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.operators import active_users, usage_months
from billing_sdk.server.storage.upsert import insert_new, upsert


class UsageMonthRepository:
    """Keeps usage months, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note_active(self, user_id: str, month: str, *, at: datetime) -> bool:
        """Keep that somebody was active in a month; tell whether that was not known."""
        return insert_new(self._connection, active_users, {"month": month, "user_id": user_id, "seen_at": at})

    def count_active(self, month: str) -> int:
        """Return how many people are known to have been active in a month."""
        query = select(func.count()).select_from(active_users).where(active_users.c.month == month)
        return int(self._connection.execute(query).scalar_one())

    def forget_active(self, month: str) -> None:
        """Forget who was active in a month; how many there were is kept."""
        self._connection.execute(delete(active_users).where(active_users.c.month == month))

    def find(self, month: str) -> UsageMonth | None:
        """Return a month, if it was ever counted."""
        row = self._connection.execute(select(usage_months).where(usage_months.c.month == month)).mappings().first()
        return None if row is None else _from_row(row)

    def list_open(self) -> tuple[UsageMonth, ...]:
        """Return the months that are not closed, the earliest first."""
        query = select(usage_months).where(usage_months.c.closed_at.is_(None)).order_by(usage_months.c.month)
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def save(self, month: UsageMonth) -> None:
        """Store a month."""
        values = row_of(month)
        self._connection.execute(upsert(self._connection, usage_months, values, values))


def _from_row(row: RowMapping) -> UsageMonth:
    return UsageMonth(**row)
