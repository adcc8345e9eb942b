"""Own pages: a row for each page that an operator has written something for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from billing_sdk.server.domain.workspace import OwnPage, PageCode, PageName
from billing_sdk.server.storage.tables.brand import own_pages
from billing_sdk.server.storage.upsert import insert_new, upsert


class OwnPageRepository:
    """Keeps own pages, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: PageName) -> OwnPage:
        """Return a page; one that nobody has written anything for is empty."""
        row = self._connection.execute(select(own_pages).where(own_pages.c.name == name)).mappings().first()
        return OwnPage(name) if row is None else _from_row(row)

    def lock(self, name: PageName) -> OwnPage:
        """Return a page, which nobody else changes before the transaction ends."""
        insert_new(self._connection, own_pages, _to_row(OwnPage(name)))
        found = self._connection.execute(select(own_pages).where(own_pages.c.name == name).with_for_update())
        return _from_row(found.mappings().one())

    def save(self, changed: OwnPage) -> None:
        """Store a page."""
        values = _to_row(changed)
        self._connection.execute(upsert(self._connection, own_pages, values, values))

    def list(self) -> dict[PageName, OwnPage]:
        """Return the pages that somebody has written something for, by name."""
        rows = self._connection.execute(select(own_pages)).mappings()
        return {page.name: page for page in map(_from_row, rows)}


def _to_row(one: OwnPage) -> dict[str, Any]:
    return asdict(one)


def _from_row(row: RowMapping) -> OwnPage:
    return OwnPage(
        row["name"], PageCode(**row["draft"]), PageCode(**row["live"]), row["updated_at"], row["published_at"]
    )
