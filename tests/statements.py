"""The statements that are sent to databases: what a page or a use case costs, whatever else the machine does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine as DatabaseEngine

_IS_OURS: ContextVar[bool] = ContextVar("is_ours", default=False)


@contextmanager
def statements_sent() -> Iterator[list[str]]:
    """Yield a list that comes to hold the statements that are sent for the length of a `with` block.

    Those that other servers of this process send meanwhile, by threads of their own, are not among them.
    """
    found: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if _IS_OURS.get():
            found.append(statement)

    event.listen(DatabaseEngine, "before_cursor_execute", remember)
    before = _IS_OURS.set(True)
    try:
        yield found
    finally:
        _IS_OURS.reset(before)
        event.remove(DatabaseEngine, "before_cursor_execute", remember)
