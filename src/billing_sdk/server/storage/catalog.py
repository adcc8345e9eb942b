"""The catalogue: features, plan groups, plans with their versions, pricing tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, bindparam, func, insert, select

from billing_sdk.errors import UnknownPlan, UnknownPricingTable
from billing_sdk.server.domain.catalog import (
    Feature,
    Plan,
    PlanGroup,
    PlanVersion,
    PricingCard,
    PricingTable,
)
from billing_sdk.server.storage.components import from_json, to_json
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.catalog import features, plan_groups, plan_versions, plans, pricing_tables
from billing_sdk.server.storage.upsert import upsert

GROUP_COLUMNS = [column.label(f"in_group_{column.name}") for column in plan_groups.c]
VERSION_COLUMNS = [column.label(f"version_{column.name}") for column in plan_versions.c]
VERSION = select(*VERSION_COLUMNS).where(plan_versions.c.id == bindparam("wanted"))
NEWEST = (
    select(func.max(plan_versions.c.number))
    .where(plan_versions.c.plan_key == plans.c.key)
    .correlate(plans)
    .scalar_subquery()
)
PLANS = (
    select(plans, *GROUP_COLUMNS, *VERSION_COLUMNS)
    .select_from(
        plans.join(plan_groups, plan_groups.c.id == plans.c.group_id).join(
            plan_versions, and_(plan_versions.c.plan_key == plans.c.key, plan_versions.c.number == NEWEST)
        )
    )
    .order_by(plan_groups.c.key, plans.c.position, plans.c.key)
)
NAMED = PLANS.where(plans.c.key.in_(bindparam("keys", expanding=True)))


class CatalogRepository:
    """Keeps what is for sale, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_feature(self, feature: Feature) -> None:
        """Store a new feature."""
        self._connection.execute(insert(features).values(row_of(feature)))

    def add_group(self, group: PlanGroup) -> None:
        """Store a new plan group."""
        self._connection.execute(insert(plan_groups).values(row_of(group)))

    def add_plan(self, plan: Plan) -> None:
        """Store a new plan with its first version."""
        self._connection.execute(insert(plans).values(_plan_row(plan)))
        self.add_version(plan.version)

    def save_plan(self, plan: Plan) -> None:
        """Store a plan whose name, status or position has changed; its versions stay as they are."""
        values = _plan_row(plan)
        self._connection.execute(upsert(self._connection, plans, values, values))

    def add_version(self, version: PlanVersion) -> None:
        """Store a new version of a plan, which is what is sold from now on."""
        values = row_of(version)
        values["components"] = [to_json(component) for component in version.components]
        self._connection.execute(insert(plan_versions).values(values))

    def save_pricing_table(self, table: PricingTable) -> None:
        """Store a new or changed pricing table."""
        values = row_of(table)
        values["group_id"] = values.pop("group").id
        values["cards"] = [asdict(card) for card in table.cards]
        changes = {name: value for name, value in values.items() if name != "id"}
        self._connection.execute(upsert(self._connection, pricing_tables, values, changes))

    def find_feature(self, key: str) -> Feature | None:
        """Return a feature, if there is one with this key."""
        row = self._connection.execute(select(features).where(features.c.key == key)).mappings().first()
        return None if row is None else Feature(**row)

    def list_features(self) -> tuple[Feature, ...]:
        """Return all features, in the order of their keys."""
        rows = self._connection.execute(select(features).order_by(features.c.key)).mappings()
        return tuple(Feature(**row) for row in rows)

    def list_groups(self) -> tuple[PlanGroup, ...]:
        """Return all plan groups, in the order of their keys."""
        rows = self._connection.execute(select(plan_groups).order_by(plan_groups.c.key)).mappings()
        return tuple(PlanGroup(**row) for row in rows)

    def find_plan(self, key: str) -> Plan | None:
        """Return a plan in any status, if there is one with this key."""
        return next(iter(self._plans(NAMED, [key])), None)

    def get_plan(self, key: str) -> Plan:
        """Return a plan that can be bought.

        Raises:
            UnknownPlan: no published plan has this key.
        """
        plan = self.find_plan(key)
        if plan is None or plan.status != "published":
            raise UnknownPlan(f"there is no published plan {key[:64]!r}", plan=key[:64])
        return plan

    def list_plans(self, keys: Sequence[str] | None = None) -> tuple[Plan, ...]:
        """Return plans in any status, by group and position: all of them, or those named."""
        return self._plans(PLANS) if keys is None else self._plans(NAMED, keys)

    def get_version(self, version_id: str) -> PlanVersion:
        """Return a version; whoever refers to one knows that it exists."""
        return version_from_row(self._connection.execute(VERSION, {"wanted": version_id}).mappings().one())

    def find_pricing_table(self, key: str) -> PricingTable | None:
        """Return a pricing table, live or not."""
        return next(iter(self._tables(pricing_tables.c.key == key)), None)

    def get_live_pricing_table(self, key: str) -> PricingTable:
        """Return a table that may be shown.

        Raises:
            UnknownPricingTable: no live table has this key.
        """
        table = self.find_pricing_table(key)
        if table is None or not table.is_live:
            raise UnknownPricingTable(f"there is no live pricing table {key[:64]!r}", pricing_table=key[:64])
        return table

    def list_pricing_tables(self, *, live_only: bool = True) -> tuple[PricingTable, ...]:
        """Return the pricing tables, a default one before the others."""
        return self._tables(pricing_tables.c.is_live if live_only else pricing_tables.c.id.is_not(None))

    def _plans(self, query: Select[Any], keys: Sequence[str] = ()) -> tuple[Plan, ...]:
        rows = self._connection.execute(query, {"keys": list(keys)}).mappings()
        return tuple(_plan_from_row(row) for row in rows)

    def _tables(self, condition: ColumnElement[bool]) -> tuple[PricingTable, ...]:
        query = (
            select(pricing_tables, *GROUP_COLUMNS)
            .select_from(pricing_tables.join(plan_groups, plan_groups.c.id == pricing_tables.c.group_id))
            .where(condition)
            .order_by(plan_groups.c.is_default.desc(), pricing_tables.c.is_default.desc(), pricing_tables.c.key)
        )
        return tuple(_table_from_row(row) for row in self._connection.execute(query).mappings())


def version_from_row(row: RowMapping) -> PlanVersion:
    """Return the version in the `version_` columns of a row."""
    return PlanVersion(
        id=row["version_id"],
        plan_key=row["version_plan_key"],
        number=row["version_number"],
        currency=row["version_currency"],
        components=tuple(from_json(stored) for stored in row["version_components"]),
        created_at=row["version_created_at"],
    )


def _group_from_row(row: RowMapping) -> PlanGroup:
    return PlanGroup(
        id=row["in_group_id"],
        key=row["in_group_key"],
        name=row["in_group_name"],
        scope=row["in_group_scope"],
        is_default=row["in_group_is_default"],
    )


def _plan_row(plan: Plan) -> dict[str, Any]:
    values = row_of(plan)
    del values["version"]
    values["group_id"] = values.pop("group").id
    return values


def _plan_from_row(row: RowMapping) -> Plan:
    return Plan(
        key=row["key"],
        name=row["name"],
        description=row["description"],
        group=_group_from_row(row),
        status=row["status"],
        version=version_from_row(row),
        interval=row["interval"],
        position=row["position"],
    )


def _table_from_row(row: RowMapping) -> PricingTable:
    return PricingTable(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        group=_group_from_row(row),
        cards=tuple(PricingCard(**{**card, "features": tuple(card["features"])}) for card in row["cards"]),
        is_live=row["is_live"],
        is_default=row["is_default"],
    )
