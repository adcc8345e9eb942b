"""Plan groups."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, Select, Text, cast, delete, select, update

from billing_sdk.errors import DuplicateKey, UnknownPlanGroup
from billing_sdk.server.domain.catalog import PlanGroup
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.billing import agreements, charges, invoice_lines
from billing_sdk.server.storage.tables.catalog import plan_groups, plan_versions, plans
from billing_sdk.server.storage.tables.objects import attachments
from billing_sdk.server.storage.tables.search import search_terms
from billing_sdk.server.storage.upsert import insert_new

GROUP_COLUMNS = [column.label(f"in_group_{column.name}") for column in plan_groups.c]


def group_from_row(row: RowMapping) -> PlanGroup:
    """Return the group in the `in_group_` columns of a row."""
    return PlanGroup(**{column.name: row[f"in_group_{column.name}"] for column in plan_groups.c})


class PlanGroupRepository:
    """Keeps the groups that plans are sold in, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, group: PlanGroup) -> None:
        """Store a new plan group; where it is the default of its scope, no other one is any more.

        Raises:
            DuplicateKey: there is one with this key, or another default one was added at the same time.
        """
        self._make_room(group)
        if not insert_new(self._connection, plan_groups, row_of(group)):
            raise DuplicateKey(f"there is a plan group {group.key!r} already")

    def save(self, group: PlanGroup) -> None:
        """Store a group that has changed; where it is the default of its scope, no other one is any more."""
        self._make_room(group)
        self._connection.execute(update(plan_groups).where(plan_groups.c.id == group.id).values(row_of(group)))

    def delete(self, group_id: str) -> None:
        """Remove a group with its plans and all of their versions, which nobody has agreed to."""
        for query in (
            delete(attachments).where(attachments.c.plan_version_id.in_(_versions_of(group_id))),
            delete(plan_versions).where(plan_versions.c.plan_key.in_(_plans_of(group_id))),
            delete(search_terms).where(search_terms.c.kind == "plan", search_terms.c.noun_id.in_(_plans_of(group_id))),
            delete(plans).where(plans.c.group_id == group_id),
            delete(plan_groups).where(plan_groups.c.id == group_id),
        ):
            self._connection.execute(query)

    def is_in_use(self, group_id: str) -> bool:
        """Tell whether anybody has agreed to a plan or an add-on of a group, or has been charged for one."""
        uses = (
            select(agreements.c.id).where(agreements.c.group_id == group_id),
            select(charges.c.id).where(charges.c.group_id == group_id),
            select(invoice_lines.c.invoice_id).where(invoice_lines.c.plan_version_id.in_(_versions_of(group_id))),
        )
        if any(self._connection.execute(query.limit(1)).first() is not None for query in uses):
            return True
        keys = set(self._connection.execute(_plans_of(group_id)).scalars())
        has_add_ons = cast(agreements.c.add_ons, Text) != "[]"
        add_ons = self._connection.execute(select(agreements.c.add_ons).where(has_add_ons)).scalars()
        return any(add_on["plan_key"] in keys for agreed in add_ons for add_on in agreed)

    def find(self, key: str) -> PlanGroup | None:
        """Return a group, if there is one with this key."""
        row = self._connection.execute(select(plan_groups).where(plan_groups.c.key == key)).mappings().first()
        return None if row is None else PlanGroup(**row)

    def get(self, key: str) -> PlanGroup:
        """Return a group.

        Raises:
            UnknownPlanGroup: there is none with this key.
        """
        group = self.find(key)
        if group is None:
            raise UnknownPlanGroup(f"there is no plan group {key[:64]!r}")
        return group

    def lock(self, key: str) -> PlanGroup:
        """Return a group, which nobody else changes, deletes or adds a plan to before the transaction ends.

        Raises:
            UnknownPlanGroup: there is none with this key.
        """
        self._connection.execute(select(plan_groups.c.id).where(plan_groups.c.key == key).with_for_update())
        return self.get(key)

    def list(self) -> tuple[PlanGroup, ...]:
        """Return all plan groups, in their order."""
        query = select(plan_groups).order_by(plan_groups.c.position, plan_groups.c.key)
        return tuple(PlanGroup(**row) for row in self._connection.execute(query).mappings())

    def _make_room(self, group: PlanGroup) -> None:
        if group.is_default:
            others = (plan_groups.c.scope == group.scope) & (plan_groups.c.id != group.id)
            self._connection.execute(update(plan_groups).where(others).values(is_default=False))


def _plans_of(group_id: str) -> Select[tuple[str]]:
    return select(plans.c.key).where(plans.c.group_id == group_id)


def _versions_of(group_id: str) -> Select[tuple[str]]:
    return select(plan_versions.c.id).where(plan_versions.c.plan_key.in_(_plans_of(group_id)))
