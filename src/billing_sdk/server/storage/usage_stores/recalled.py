"""What a process recalls of a database, and need not ask again."""

from __future__ import annotations

from dataclasses import dataclass, field

from billing_sdk.server.storage.usage_stores.names import KnownNames
from billing_sdk.server.storage.usage_stores.sums import HourKey, Sum

MOST_SUMS = 50_000
SubjectHour = tuple[int, int, int]


class RecalledHours:
    """The hours that were appended to of late, as they stand in the database.

    Each append leaves a token in the database that nobody can guess and nobody else leaves. They still stand so where
    the newest token there is that of the last append here: nothing else has been appended, and it has committed. Only
    who appends works with them, and so alone.
    """

    def __init__(self) -> None:
        self._newest: int | None = None
        self.sums: dict[HourKey, Sum] = {}
        self.last_hour: int | None = None
        # For the hours that were looked at: where a total is said in them.
        self.resets: dict[int, set[SubjectHour]] = {}

    def begin(self, newest: int) -> None:
        """Forget everything unless it is as this process has left it; until `end` it is nobody's."""
        if newest != self._newest or len(self.sums) > MOST_SUMS:
            self.forget()
        self._newest = None

    def forget(self) -> None:
        """Forget everything: what is stored has been changed by other means."""
        self.sums, self.resets, self.last_hour = {}, {}, None

    def end(self, token: int) -> None:
        """Say that everything is as the append with this token has left it."""
        self._newest = token


@dataclass(slots=True)
class Known:
    """Of one database.

    Attributes:
        months: those that have a partition.
    """

    names: KnownNames = field(default_factory=KnownNames)
    hours: RecalledHours = field(default_factory=RecalledHours)
    months: set[tuple[int, int]] = field(default_factory=set)
