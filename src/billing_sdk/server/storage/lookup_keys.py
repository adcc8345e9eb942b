"""What objects with a lookup key have in common: each key is given once among objects of a kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from sqlalchemy import Connection, Select, Table
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import LookupKeyTaken

LookupKeys: TypeAlias = Collection[str] | None


@contextmanager
def giving_lookup_key_once(connection: Connection, lookup_key: str | None) -> Iterator[None]:
    """Let one row be written in the block, whose lookup key is all that can stand in its way.

    Raises:
        LookupKeyTaken: another object of the kind has it.
    """
    try:
        with connection.begin_nested():
            yield
    except IntegrityError:
        raise LookupKeyTaken(f"another object has the lookup key {lookup_key!r}", lookup_key=lookup_key) from None


def among(query: Select[Any], table: Table, lookup_keys: LookupKeys) -> Select[Any]:
    """Return a query for those rows that have one of some lookup keys; None leaves all of them."""
    return query if lookup_keys is None else query.where(table.c.lookup_key.in_(lookup_keys))
