"""Custom pricing units, and what rate cards charge for those that no grant covers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from sqlalchemy import Connection, insert, or_, select, update

from billing_sdk.errors import NotFound
from billing_sdk.money import digits_of
from billing_sdk.server.domain.catalog import CustomUnit, OneTimeItem, OverageRate
from billing_sdk.server.storage.lookup_keys import LookupKeys, among, giving_lookup_key_once
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.objects import one_time_items
from billing_sdk.server.storage.tables.units import custom_units, overage_rates


class CustomUnitRepository:
    """Keeps custom pricing units, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, unit: CustomUnit) -> None:
        """Store a new unit.

        Raises:
            LookupKeyTaken: another unit has its lookup key.
        """
        with giving_lookup_key_once(self._connection, unit.lookup_key):
            self._connection.execute(insert(custom_units).values(row_of(unit)))

    def save(self, unit: CustomUnit) -> None:
        """Store a unit that has changed.

        Raises:
            LookupKeyTaken: another unit has its lookup key.
        """
        with giving_lookup_key_once(self._connection, unit.lookup_key):
            self._connection.execute(update(custom_units).where(custom_units.c.id == unit.id).values(row_of(unit)))

    def get(self, wanted: str) -> CustomUnit:
        """Return a unit by its id or lookup key.

        Raises:
            NotFound: there is no such unit.
        """
        query = select(custom_units).where(or_(custom_units.c.id == wanted, custom_units.c.lookup_key == wanted))
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no custom pricing unit {wanted[:64]!r}", entity="custom_pricing_unit")
        return CustomUnit(**row)

    def find_all(self, unit_ids: Collection[str]) -> dict[str, CustomUnit]:
        """Return units by their ids; those that do not exist are left out."""
        return units_by_id(self._connection, unit_ids)

    def has_overage_rate(self, rate_id: str) -> bool:
        """Tell whether any rate card has, or had, an overage rate with this id."""
        return self._connection.scalar(select(overage_rates.c.id).where(overage_rates.c.id == rate_id)) is not None

    def list(
        self, wanted: PageRequest = FIRST_PAGE, *, lookup_keys: LookupKeys = None, is_active: bool | None = None
    ) -> Page[CustomUnit]:
        """Return a page of units, in the order of their ids."""
        query = among(select(custom_units), custom_units, lookup_keys)
        if is_active is not None:
            query = query.where(custom_units.c.is_active.is_(is_active))
        return read_page(self._connection, query, custom_units.c.id, wanted, lambda row: CustomUnit(**row))


def units_by_id(connection: Connection, unit_ids: Collection[str]) -> dict[str, CustomUnit]:
    """Return units by their ids; nothing is asked for none."""
    if not unit_ids:
        return {}
    query = select(custom_units).where(custom_units.c.id.in_(sorted(unit_ids)))
    return {row["id"]: CustomUnit(**row) for row in connection.execute(query).mappings()}


def overage_rates_of(connection: Connection, card_ids: Collection[str]) -> Mapping[str, list[OverageRate]]:
    """Return what rate cards charge for units that no grant covers, in all of their versions."""
    query = select(overage_rates).where(overage_rates.c.card_id.in_(sorted(card_ids)))
    rows = connection.execute(query.order_by(overage_rates.c.since, overage_rates.c.id)).mappings().all()
    units = units_by_id(connection, {row["unit_id"] for row in rows})
    named = select(one_time_items).where(one_time_items.c.id.in_({row["item_id"] for row in rows}))
    items = {row["id"]: OneTimeItem(**row) for row in connection.execute(named).mappings()} if rows else {}
    found: dict[str, list[OverageRate]] = {card_id: [] for card_id in card_ids}
    for row in rows:
        rate = OverageRate(
            id=row["id"],
            unit=units[row["unit_id"]],
            unit_amount=Decimal(row["unit_amount"]),
            item=items[row["item_id"]],
            created_at=row["created_at"],
            since=row["since"],
            until=row["until"],
            metadata=row["metadata"],
        )
        found[row["card_id"]].append(rate)
    return found


def save_overage_rates(
    connection: Connection, card_id: str, before: Iterable[OverageRate], after: Iterable[OverageRate]
) -> None:
    """Store what has changed: which rates of a card have ended, and which are new."""
    known = {rate.id: rate for rate in before}
    for rate in after:
        if rate.id not in known:
            row = {
                "id": rate.id,
                "card_id": card_id,
                "unit_id": rate.unit.id,
                "item_id": rate.item.id,
                "unit_amount": digits_of(rate.unit_amount),
                "since": rate.since,
                "until": rate.until,
                "metadata": dict(rate.metadata),
                "created_at": rate.created_at,
            }
            connection.execute(insert(overage_rates), row)
        elif rate.until != known[rate.id].until:
            ended = update(overage_rates).where(overage_rates.c.id == rate.id).values(until=rate.until)
            connection.execute(ended)
