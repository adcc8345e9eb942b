"""What differs between SQLite and PostgreSQL when usage is written, since it has to be quick."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

# Of an event, with `EVENT_COLUMNS`. What is true is 1, and no fingerprint is a bytearray: Python's driver of SQLite
# binds these as they are. For each True, None or bytes it looks for what adapts it, for as long as five columns take.
EventRow = tuple[int, int, str, int, int, int, int, int, int, int, int, bytes | bytearray, str]

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
    "is_timed",
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


class Places(NamedTuple):
    """Places in the order of arrival.

    Attributes:
        first: of those that were taken.
        last: of those that were taken.
        token: that was left before.
        indexed: the last event that `usage_by_hour` leads to.
    """

    first: int
    last: int
    token: int
    indexed: int


class Writer(Protocol):
    """Writes rows in the transaction of a connection; whoever writes has taken places first."""

    def take_places(self, count: int, token: int) -> Places:
        """Take places in the order of arrival, and leave a token; until the transaction ends nobody else can."""
        ...

    def add_events(self, rows: Sequence[EventRow]) -> dict[int, int]:
        """Add those events whose key nobody has yet, with their keys; one may be there twice, also within these.

        Returns: the numbers of events that are not the first with their keys, and the number of the first.
        """
        ...

    def index(self, after: int, last: int) -> None:
        """Let `usage_by_hour` lead to the events after one number and up to another."""
        ...

    def find_hours(self, keys: Collection[tuple[int, int, int, int]]) -> list[tuple[Any, ...]]:
        """Return those rows of `usage_hours` that there are, with `HOUR_COLUMNS`."""
        ...

    def last_hour(self) -> int:
        """Return the highest number of a row of `usage_hours`."""
        ...

    def add_hours(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows of `usage_hours`, with `HOUR_COLUMNS`; what is true is 1, as in the rows of events."""
        ...

    def update_hours(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Change rows of `usage_hours`, by `CHANGING` and their numbers."""
        ...

    def add_values(self, rows: Sequence[tuple[int, int, int, int, str]]) -> None:
        """Add what unique counts have seen, each once."""
        ...
