"""Metered, licensed and one-time items."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, insert, or_, select, update

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.catalog import LicensedItem, MeteredItem, OneTimeItem
from billing_sdk.server.storage.lookup_keys import LookupKeys, among, giving_lookup_key_once
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.objects import licensed_items, metered_items, one_time_items

Item = MeteredItem | LicensedItem | OneTimeItem


class ItemRepository:
    """Keeps what usage and licences are of, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, item: Item) -> None:
        """Store a new item.

        Raises:
            LookupKeyTaken: another item of its kind has its lookup key.
        """
        with giving_lookup_key_once(self._connection, item.lookup_key):
            self._connection.execute(insert(_table_of(item)).values(_to_row(item)))

    def save(self, item: Item) -> None:
        """Store an item whose labels have changed.

        Raises:
            LookupKeyTaken: another item of its kind has its lookup key.
        """
        table = _table_of(item)
        with giving_lookup_key_once(self._connection, item.lookup_key):
            self._connection.execute(update(table).where(table.c.id == item.id).values(_to_row(item)))

    def get_metered(self, wanted: str) -> MeteredItem:
        """Return a metered item by its id or lookup key.

        Raises:
            NotFound: there is no such item.
        """
        return metered_item_from_row(self._get(metered_items, wanted))

    def get_licensed(self, wanted: str) -> LicensedItem:
        """Return a licensed item by its id or lookup key.

        Raises:
            NotFound: there is no such item.
        """
        return licensed_item_from_row(self._get(licensed_items, wanted))

    def get_one_time(self, wanted: str) -> OneTimeItem:
        """Return a one-time item by its id or lookup key.

        Raises:
            NotFound: there is no such item.
        """
        return OneTimeItem(**self._get(one_time_items, wanted))

    def find_metered(self, item_ids: Collection[str]) -> dict[str, MeteredItem]:
        """Return metered items by id; those that do not exist are left out."""
        query = select(metered_items).where(metered_items.c.id.in_(item_ids))
        found = (metered_item_from_row(row) for row in self._connection.execute(query).mappings())
        return {item.id: item for item in found}

    def list_metered(self, wanted: PageRequest = FIRST_PAGE, *, lookup_keys: LookupKeys = None) -> Page[MeteredItem]:
        """Return a page of metered items, in the order of their ids: all of them, or those with some lookup keys."""
        query = among(select(metered_items), metered_items, lookup_keys)
        return read_page(self._connection, query, metered_items.c.id, wanted, metered_item_from_row)

    def list_licensed(self, wanted: PageRequest = FIRST_PAGE, *, lookup_keys: LookupKeys = None) -> Page[LicensedItem]:
        """Return a page of licensed items, as `list_metered` does."""
        query = among(select(licensed_items), licensed_items, lookup_keys)
        return read_page(self._connection, query, licensed_items.c.id, wanted, licensed_item_from_row)

    def list_one_time(self, wanted: PageRequest = FIRST_PAGE, *, lookup_keys: LookupKeys = None) -> Page[OneTimeItem]:
        """Return a page of one-time items, as `list_metered` does."""
        query = among(select(one_time_items), one_time_items, lookup_keys)
        return read_page(self._connection, query, one_time_items.c.id, wanted, lambda row: OneTimeItem(**row))

    def _get(self, table: Table, wanted: str) -> RowMapping:
        query = select(table).where(or_(table.c.id == wanted, table.c.lookup_key == wanted))
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no item {wanted[:64]!r}")
        return row


def metered_item_from_row(row: Mapping[str, Any] | RowMapping) -> MeteredItem:
    """Return the metered item of a row."""
    conditions = tuple((dimension, value) for dimension, value in row["conditions"])
    return MeteredItem(**{**row, "conditions": conditions, "shown_dimensions": tuple(row["shown_dimensions"])})


def licensed_item_from_row(row: RowMapping) -> LicensedItem:
    """Return the licensed item of a row."""
    return LicensedItem(**row)


def _table_of(item: Item) -> Table:
    match item:
        case MeteredItem():
            return metered_items
        case LicensedItem():
            return licensed_items
        case OneTimeItem():
            return one_time_items


def _to_row(item: Item) -> dict[str, Any]:
    return row_of(item)
