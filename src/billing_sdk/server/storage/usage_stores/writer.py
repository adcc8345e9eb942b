"""What differs between SQLite and PostgreSQL when usage is written, since it has to be quick."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

Key = tuple[int, str]
EVENT_COLUMNS = (
    "number",
    "source_no",
    "id",
    "type_no",
    "subject_no",
    "hour",
    "counted_at",
    "time",
    "recorded_at",
    "is_absolute",
    "fingerprint",
    "data",
)
HOUR_COLUMNS = (
    "number",
    "meter_no",
    "hour",
    "subject_no",
    "dimensions_no",
    "first_at",
    "last_at",
    "count",
    "total",
    "detail",
    "is_reset",
)
CHANGING = HOUR_COLUMNS[5:-1]


class Writer(Protocol):
    """Writes rows in the transaction of a connection; whoever writes has taken places first."""

    def take_places(self, count: int, token: int) -> tuple[int, int]:
        """Take places in the order of arrival, and leave a token; until the transaction ends nobody else can.

        Returns: the first of the places, and the token that was left before.
        """
        ...

    def add_keys(self, rows: Sequence[tuple[int, str, int]]) -> dict[Key, int]:
        """Add the keys of events with their numbers; return those that are there already, with the numbers there."""
        ...

    def add_events(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add events, with `EVENT_COLUMNS`; every one of them has its key."""
        ...

    def find_hours(self, keys: Collection[tuple[int, int, int, int]]) -> list[tuple[Any, ...]]:
        """Return those rows of `usage_hours` that there are, with `HOUR_COLUMNS`."""
        ...

    def last_hour(self) -> int:
        """Return the highest number of a row of `usage_hours`."""
        ...

    def add_hours(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows of `usage_hours`, with `HOUR_COLUMNS`."""
        ...

    def update_hours(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Change rows of `usage_hours`, by `CHANGING` and their numbers."""
        ...

    def add_values(self, rows: Sequence[tuple[int, int, int, int, str]]) -> None:
        """Add what unique counts have seen, each once."""
        ...
