"""The statements that are sent to databases: what a page or a use case costs, whatever else the machine does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine as DatabaseEngine


@contextmanager
def statements_sent() -> Iterator[list[str]]:
    """Yield a list that comes to hold the statements that are sent for the length of a `with` block."""
    found: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    event.listen(DatabaseEngine, "before_cursor_execute", remember)
    try:
        yield found
    finally:
        event.remove(DatabaseEngine, "before_cursor_execute", remember)
