"""Meters."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, func, select, update

from billing_sdk.errors import DuplicateKey, NotFound
from billing_sdk.server.domain.metering import Condition, Meter
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.catalog import features
from billing_sdk.server.storage.tables.metering import meters
from billing_sdk.server.storage.upsert import insert_new

WANTED: BindParameter[str] = bindparam("wanted", expanding=True)
OF_TYPES = select(meters).where(meters.c.event_type.in_(WANTED), meters.c.archived_at.is_(None)).order_by(meters.c.key)
MEASURED = features.join(meters, meters.c.key == func.coalesce(features.c.meter_key, features.c.key))
OF_FEATURES = (
    select(features.c.key.label("feature_key"), meters).select_from(MEASURED).where(features.c.key.in_(WANTED))
)
FEATURES_OF = (
    select(features.c.key, meters.c.event_type)
    .select_from(MEASURED)
    .where(features.c.type == "metered", meters.c.event_type.in_(WANTED))
    .order_by(features.c.key)
)
VERSION = select(
    func.count(meters.c.id),
    func.count(meters.c.archived_at),
    func.max(meters.c.archived_at),
    func.sum(meters.c.revision),
)


class MeterRepository:
    """Keeps what is measured, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, meter: Meter) -> None:
        """Store a new meter.

        Raises:
            DuplicateKey: there is one with this key.
        """
        if not insert_new(self._connection, meters, _to_row(meter)):
            raise DuplicateKey(f"there is a meter {meter.key!r} already")

    def save(self, meter: Meter) -> None:
        """Store a meter whose words have changed, or that is archived."""
        self._connection.execute(update(meters).where(meters.c.id == meter.id).values(_to_row(meter)))

    def find(self, meter_id: str) -> Meter | None:
        """Return a meter, if there is one with this id."""
        row = self._connection.execute(select(meters).where(meters.c.id == meter_id)).mappings().first()
        return None if row is None else _from_row(row)

    def find_by_key(self, key: str) -> Meter | None:
        """Return a meter, if there is one with this key."""
        row = self._connection.execute(select(meters).where(meters.c.key == key)).mappings().first()
        return None if row is None else _from_row(row)

    def get(self, key: str) -> Meter:
        """Return a meter by its key.

        Raises:
            NotFound: there is none with this key.
        """
        meter = self.find_by_key(key)
        if meter is None:
            raise NotFound(f"there is no meter {key[:64]!r}")
        return meter

    def lock(self, key: str) -> Meter:
        """Return a meter, which nobody else changes before the transaction ends.

        Raises:
            NotFound: there is none with this key.
        """
        self._connection.execute(select(meters.c.id).where(meters.c.key == key).with_for_update())
        return self.get(key)

    def lock_type(self, event_type: str) -> None:
        """Have whoever locks the meters of a type of events wait until the transaction ends."""
        query = select(meters.c.id).where(meters.c.event_type == event_type).order_by(meters.c.id)
        self._connection.execute(query.with_for_update())

    def of_type(self, types: Collection[str]) -> tuple[Meter, ...]:
        """Return the meters that count events of some types and are not archived, in the order of their keys."""
        rows = self._connection.execute(OF_TYPES, {"wanted": sorted(types)}).mappings()
        return tuple(_from_row(row) for row in rows)

    def version(self) -> tuple[Any, ...]:
        """Return what is another whenever a meter was added, archived, taken back, or given other dimensions."""
        return tuple(self._connection.execute(VERSION).one())

    def of_features(self, keys: Collection[str]) -> dict[str, Meter]:
        """Return the meters that count the usage of features, by the features' keys.

        What was used of a feature that was deleted is still counted by the meter that goes by its key.
        """
        rows = self._connection.execute(OF_FEATURES, {"wanted": sorted(keys)}).mappings()
        found = {row["feature_key"]: _from_row(row) for row in rows}
        if gone := [key for key in keys if key not in found]:
            rows = self._connection.execute(select(meters).where(meters.c.key.in_(gone))).mappings()
            found |= {row["key"]: _from_row(row) for row in rows}
        return found

    def features_of(self, types: Collection[str]) -> dict[str, frozenset[str]]:
        """Return the features whose usage is counted by events of some types: their keys, and which types."""
        rows = self._connection.execute(FEATURES_OF, {"wanted": sorted(types)})
        return {row.key: frozenset((row.event_type,)) for row in rows}

    def all(self) -> tuple[Meter, ...]:
        """Return all meters, archived ones too, in the order of their keys."""
        rows = self._connection.execute(select(meters).order_by(meters.c.key)).mappings()
        return tuple(_from_row(row) for row in rows)


def _from_row(row: RowMapping) -> Meter:
    dimensions = tuple((name, path) for name, path in row["dimensions"])
    conditions = tuple(Condition(path, operator, tuple(values)) for path, operator, values in row["conditions"])
    values = {name: row[name] for name in meters.c.keys()}  # noqa: SIM118 - columns, not a dict
    return Meter(**{**values, "dimensions": dimensions, "conditions": conditions})


def _to_row(meter: Meter) -> dict[str, Any]:
    conditions = [[one.path, one.operator, list(one.values)] for one in meter.conditions]
    return {**row_of(meter), "dimensions": [list(one) for one in meter.dimensions], "conditions": conditions}
