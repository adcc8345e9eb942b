"""Statements as text: each is compiled once in a process, and not once for each database that it opens."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Compiled
from sqlalchemy.util import LRUCache

# More than there are statements: the library's own 500 would be compiled again and again where all doors are in use.
KEPT = 4_000


class CompiledStatements(LRUCache[Any, Compiled]):
    """What statements came to, for all engines of this process.

    The library tells engines apart, since they may speak different dialects. Ours of one kind speak the same, and to
    compile a statement takes longer than most of them run.
    """

    def __init__(self) -> None:
        super().__init__(KEPT)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return what a statement was compiled to, or the default."""
        return super().get(_without_engine(key), default)

    def __getitem__(self, key: Any) -> Compiled:
        return super().__getitem__(_without_engine(key))

    def __setitem__(self, key: Any, compiled: Compiled) -> None:
        super().__setitem__(_without_engine(key), compiled)


def _without_engine(key: Any) -> tuple[Any, ...]:
    """Return a key of the library's with the kind of dialect in place of that of one engine."""
    dialect, *rest = key
    return (type(dialect), *rest)


COMPILED = CompiledStatements()
