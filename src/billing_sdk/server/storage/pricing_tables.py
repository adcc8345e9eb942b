"""Pricing tables."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, select, update
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import DuplicateKey, UnknownPricingTable
from billing_sdk.server.domain.catalog import CardContent, PricingCard, PricingTable
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.storage.plan_groups import GROUP_COLUMNS, group_from_row
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.catalog import plan_groups, pricing_tables
from billing_sdk.server.storage.upsert import upsert


class PricingTableRepository:
    """Keeps the tables that plans are chosen from, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, table: PricingTable) -> None:
        """Store a new or changed table; where it is the default of its scope, no other one is any more.

        Raises:
            DuplicateKey: another one has this key, or was made the default at the same time.
        """
        values = _to_row(table)
        changes = {name: value for name, value in values.items() if name != "id"}
        try:
            with self._connection.begin_nested():
                if table.is_default:
                    # Only the one that is: two that lock all others would wait for each other.
                    default = (pricing_tables.c.scope == table.group.scope) & pricing_tables.c.is_default
                    others = default & (pricing_tables.c.id != table.id)
                    self._connection.execute(update(pricing_tables).where(others).values(is_default=False))
                self._connection.execute(upsert(self._connection, pricing_tables, values, changes))
        except IntegrityError:
            raise DuplicateKey(f"there is a pricing table {table.key!r} already") from None

    def delete(self, table_id: str) -> None:
        """Remove a table."""
        self._connection.execute(delete(pricing_tables).where(pricing_tables.c.id == table_id))

    def delete_of_group(self, group_id: str) -> None:
        """Remove all tables of a plan group."""
        self._connection.execute(delete(pricing_tables).where(pricing_tables.c.group_id == group_id))

    def find(self, key: str) -> PricingTable | None:
        """Return a pricing table, live or not."""
        return next(iter(self._list(pricing_tables.c.key == key)), None)

    def lock(self, key: str) -> PricingTable | None:
        """Return a table, if there is one with this key; nobody else changes it before the transaction ends."""
        self._connection.execute(select(pricing_tables.c.id).where(pricing_tables.c.key == key).with_for_update())
        return self.find(key)

    def get(self, key: str) -> PricingTable:
        """Return a pricing table, live or not.

        Raises:
            UnknownPricingTable: there is none with this key.
        """
        table = self.find(key)
        if table is None:
            raise UnknownPricingTable(f"there is no pricing table {key[:64]!r}", pricing_table=key[:64])
        return table

    def get_live(self, key: str) -> PricingTable:
        """Return a table that may be shown.

        Raises:
            UnknownPricingTable: no live table has this key.
        """
        table = self.find(key)
        if table is None or not table.is_live:
            raise UnknownPricingTable(f"there is no live pricing table {key[:64]!r}", pricing_table=key[:64])
        return table

    def list(self, *, live_only: bool = True) -> tuple[PricingTable, ...]:
        """Return the pricing tables, a default one before the others."""
        return self._list(pricing_tables.c.is_live if live_only else pricing_tables.c.id.is_not(None))

    def _list(self, condition: ColumnElement[bool]) -> tuple[PricingTable, ...]:
        query = (
            select(pricing_tables, *GROUP_COLUMNS)
            .select_from(pricing_tables.join(plan_groups, plan_groups.c.id == pricing_tables.c.group_id))
            .where(condition)
            .order_by(
                pricing_tables.c.is_default.desc(),
                plan_groups.c.is_default.desc(),
                plan_groups.c.position,
                pricing_tables.c.key,
            )
        )
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())


def _to_row(table: PricingTable) -> dict[str, Any]:
    values = row_of(table)
    del values["group"]
    return {
        **values,
        "group_id": table.group.id,
        "scope": table.group.scope,
        "cards": [asdict(card) for card in table.cards],
        "headings": dict(table.headings),
        "default_cadence": None if table.default_cadence is None else str(table.default_cadence),
    }


def _from_row(row: RowMapping) -> PricingTable:
    return PricingTable(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        group=group_from_row(row),
        cards=tuple(_card(stored) for stored in row["cards"]),
        is_live=row["is_live"],
        is_default=row["is_default"],
        language=row["language"],
        heading=row["heading"],
        headings=row["headings"],
        default_cadence=Cadence.from_text(row["default_cadence"]) if row["default_cadence"] else None,
        has_comparison=row["has_comparison"],
    )


def _card(stored: dict[str, Any]) -> PricingCard:
    translations = {tag: _content(content) for tag, content in stored["translations"].items()}
    others = tuple(stored["other_plan_keys"])
    return PricingCard(stored["plan_key"], _content(stored["content"]), translations, others)


def _content(stored: dict[str, Any]) -> CardContent:
    return CardContent(**{**stored, "features": tuple(stored["features"])})
