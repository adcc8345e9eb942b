"""The catalogue: plans with their versions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import Conflict, DuplicateKey, UnknownPlan, VersionNotFound
from billing_sdk.server.domain.catalog import Plan, PlanVersion
from billing_sdk.server.storage.lookup_keys import LookupKeys, among, giving_lookup_key_once
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.plan_groups import GROUP_COLUMNS, group_from_row
from billing_sdk.server.storage.plan_versions import (
    VERSION_COLUMNS,
    version_from_row,
    version_to_row,
    versions_from_rows,
)
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.search import file_plan, forget
from billing_sdk.server.storage.tables.catalog import plan_groups, plan_versions, plans
from billing_sdk.server.storage.tables.objects import metered_items
from billing_sdk.server.storage.tables.stripe_door import HIDDEN_PLANS
from billing_sdk.server.storage.upsert import insert_new

VERSIONS = select(*VERSION_COLUMNS)
VERSION = VERSIONS.where(plan_versions.c.id == bindparam("wanted"))
IN_ORDER = (plan_groups.c.position, plan_groups.c.key, plans.c.position, plans.c.key)
LATEST = (
    select(plan_versions.c.id)
    .where(plan_versions.c.plan_key == plans.c.key)
    .order_by(plan_versions.c.number.desc())
    .limit(1)
    .correlate(plans)
    .scalar_subquery()
)
PLANS = (
    select(plans, LATEST.label("latest_version_id"), *GROUP_COLUMNS, *VERSION_COLUMNS)
    .select_from(
        plans.join(plan_groups, plan_groups.c.id == plans.c.group_id).join(
            plan_versions,
            and_(
                plan_versions.c.plan_key == plans.c.key,
                plan_versions.c.id == func.coalesce(plans.c.live_version_id, LATEST),
            ),
        )
    )
    .order_by(*IN_ORDER)
)
NAMED = PLANS.where(plans.c.key.in_(bindparam("keys", expanding=True)))


class CatalogRepository:
    """Keeps plans and their versions, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._versions: dict[str, PlanVersion] | None = None
        self._plans_ahead: dict[tuple[str, ...], tuple[Plan, ...]] = {}

    def keep_what_is_read(self, version_ids: Collection[str] = ()) -> None:
        """Read each version, and each plan by its key, once in this transaction, which changes none of them.

        Args:
            version_ids: versions that are read at once, with what they refer to.
        """
        self._versions = {} if self._versions is None else self._versions
        if missing := sorted(set(version_ids) - self._versions.keys()):
            query = VERSIONS.where(plan_versions.c.id.in_(missing))
            self._versions_in(self._connection.execute(query).mappings().all())

    def add_plan(self, plan: Plan) -> None:
        """Store a new plan with its first version.

        Raises:
            DuplicateKey: there is one with this key or lookup key.
        """
        if not insert_new(self._connection, plans, _plan_row(plan)):
            raise DuplicateKey(f"there is a plan {plan.key!r} already", plan=plan.key)
        file_plan(self._connection, plan)
        self.add_version(plan.version)

    def save_plan(self, plan: Plan) -> None:
        """Store a plan whose words, status, live version or position have changed; its versions stay as they are.

        Raises:
            LookupKeyTaken: another plan has its lookup key.
        """
        with giving_lookup_key_once(self._connection, plan.lookup_key):
            self._connection.execute(update(plans).where(plans.c.key == plan.key).values(_plan_row(plan)))
        file_plan(self._connection, plan)

    def rename_plan(self, plan: Plan, key: str) -> None:
        """Give a plan that nobody has agreed to another key."""
        self._connection.execute(update(plans).where(plans.c.key == plan.key).values(lookup_key=None))
        self._connection.execute(insert(plans).values({**_plan_row(plan), "key": key}))
        moved = update(plan_versions).where(plan_versions.c.plan_key == plan.key).values(plan_key=key)
        self._connection.execute(moved)
        self._connection.execute(delete(plans).where(plans.c.key == plan.key))
        forget(self._connection, "plan", plan.key)
        file_plan(self._connection, replace(plan, key=key))

    def add_version(self, version: PlanVersion) -> None:
        """Store a new version of a plan, which is its latest from now on; what is sold stays as it is."""
        self._connection.execute(insert(plan_versions).values(version_to_row(version)))

    def delete_version(self, version_id: str) -> None:
        """Remove a version that nothing refers to.

        Raises:
            Conflict: an agreement or an object refers to it.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(delete(plan_versions).where(plan_versions.c.id == version_id))
        except IntegrityError:
            raise Conflict("the version is in use", remedy="Make another version of the plan.") from None

    def delete_plan(self, key: str) -> None:
        """Remove a plan that has no versions any more."""
        self._connection.execute(delete(plans).where(plans.c.key == key))
        forget(self._connection, "plan", key)

    def lock_plan(self, key: str) -> Plan:
        """Return a plan in any status, which nobody else changes before the transaction ends.

        Raises:
            UnknownPlan: there is no plan with this key.
        """
        self._connection.execute(select(plans.c.key).where(plans.c.key == key).with_for_update())
        plan = self.find_plan(key)
        if plan is None:
            raise UnknownPlan(f"there is no plan {key[:64]!r}", plan=key[:64])
        return plan

    def find_plan(self, key: str) -> Plan | None:
        """Return a plan in any status, if there is one with this key."""
        for several in self._plans_ahead.values():
            if found := next((plan for plan in several if plan.key == key), None):
                return found
        return next(iter(self.list_plans([key])), None)

    def plan_agreed_to(self, key: str) -> Plan:
        """Return a plan in any status; whoever has agreed to one knows that it stays."""
        (plan,) = filter(None, [self.find_plan(key)])
        return plan

    def find_plan_by_lookup_key(self, lookup_key: str) -> Plan | None:
        """Return the plan that a lookup key stands for at present."""
        return next(iter(self._plans(PLANS.where(plans.c.lookup_key == lookup_key))), None)

    def get_plan(self, key: str) -> Plan:
        """Return a plan that can be bought.

        Raises:
            UnknownPlan: no published plan has this key.
        """
        plan = self.find_plan(key)
        if plan is None or plan.status != "published":
            raise UnknownPlan(f"there is no published plan {key[:64]!r}", plan=key[:64])
        return plan

    def list_plans(self, keys: Sequence[str] | None = None, *, group_id: str | None = None) -> tuple[Plan, ...]:
        """Return plans in any status, by group and position: all of them, those named, or those of a group."""
        if group_id is not None:
            return self._plans(PLANS.where(plans.c.group_id == group_id))
        if keys is None:
            return self._plans(PLANS)
        if self._versions is None:
            return self._plans(NAMED, keys)
        named = tuple(keys)
        if named not in self._plans_ahead:
            self._plans_ahead[named] = self._plans(NAMED, keys)
        return self._plans_ahead[named]

    def page_in_order(
        self, *, after: str | None, limit: int, group_key: str = "", status: str = "", kind: str = ""
    ) -> tuple[Plan, ...]:
        """Return some plans in any status, by group and position.

        Args:
            after: the key of the plan that they follow; the first ones where there is no such plan.
            limit: how many at most.
            group_key: only those of a group, where it is given.
            status: only those with this status, likewise.
            kind: only those of this kind, likewise.
        """
        query = PLANS
        if after is not None:
            joined = plans.join(plan_groups, plan_groups.c.id == plans.c.group_id)
            place = self._connection.execute(select(*IN_ORDER).select_from(joined).where(plans.c.key == after)).first()
            query = query if place is None else query.where(tuple_(*IN_ORDER) > tuple_(*map(literal, place)))
        for column, wanted in ((plan_groups.c.key, group_key), (plans.c.status, status), (plans.c.kind, kind)):
            query = query.where(column == wanted) if wanted else query
        return self._plans(query.limit(limit))

    def names_in_order(
        self, *, limit: int, group_id: str = "", kind: str = "", status: str = "", key: str = ""
    ) -> dict[str, str]:
        """Return the names of the first plans by group and position, by their keys; nothing else is read.

        Args:
            limit: how many at most.
            group_id: only those of a group, where it is given.
            kind: only those of this kind, likewise.
            status: only those with this status, likewise.
            key: only the one with this key, likewise.
        """
        joined = plans.join(plan_groups, plan_groups.c.id == plans.c.group_id)
        query = select(plans.c.key, plans.c.name).select_from(joined).order_by(*IN_ORDER).limit(limit)
        wanted = {plans.c.group_id: group_id, plans.c.kind: kind, plans.c.status: status, plans.c.key: key}
        for column, value in wanted.items():
            query = query.where(column == value) if value else query
        return {row.key: row.name for row in self._connection.execute(query)}

    def count(self, *, status: str) -> int:
        """Return how many plans and add-ons have a status."""
        query = select(func.count()).select_from(plans).where(plans.c.status == status)
        return self._connection.execute(query).scalar_one()

    def names(self, keys: Collection[str]) -> dict[str, str]:
        """Return the names of plans by their keys; nothing else is read."""
        query = select(plans.c.key, plans.c.name).where(plans.c.key.in_(sorted(keys)))
        return {row.key: row.name for row in self._connection.execute(query)}

    def list_page(
        self, wanted: PageRequest = FIRST_PAGE, *, lookup_keys: LookupKeys = None, is_archived: bool | None = None
    ) -> Page[Plan]:
        """Return a page of plans in the order of their keys: all, or those with some lookup keys.

        Add-ons are left out, and plans that stand for one rate card each.
        """
        query = among(select(plans.c.key).where(plans.c.kind == "plan"), plans, lookup_keys)
        query = query.where(plans.c.key.not_in(HIDDEN_PLANS))
        if is_archived is not None:
            query = query.where((plans.c.status == "archived") == is_archived)
        page = read_page(self._connection, query, plans.c.key, wanted, lambda row: str(row["key"]))
        found = {plan.key: plan for plan in self._plans(NAMED, page.items)}
        return Page(tuple(found[key] for key in page.items), page.has_more)

    def created_at(self, keys: Collection[str]) -> dict[str, datetime]:
        """Return by key when plans were made: with their first versions."""
        query = select(plan_versions.c.plan_key, plan_versions.c.created_at).where(
            plan_versions.c.plan_key.in_(keys), plan_versions.c.number == 1
        )
        return {row.plan_key: row.created_at for row in self._connection.execute(query)}

    def get_version(self, version_id: str) -> PlanVersion:
        """Return a version; whoever refers to one knows that it exists."""
        if self._versions is not None and version_id in self._versions:
            return self._versions[version_id]
        row = self._connection.execute(VERSION, {"wanted": version_id}).mappings().one()
        return self._versions_in([row])[0]

    def find_version(self, version_id: str) -> PlanVersion | None:
        """Return a version, if there is one with this id."""
        row = self._connection.execute(VERSION, {"wanted": version_id}).mappings().first()
        return None if row is None else versions_from_rows(self._connection, [row])[0]

    def get_own_version(self, version_id: str) -> PlanVersion:
        """Return a version without the objects that it refers to, as what another version begins with."""
        return version_from_row(self._connection.execute(VERSION, {"wanted": version_id}).mappings().one())

    def get_version_of(self, plan_key: str, *, number: int | None = None, version_id: str | None = None) -> PlanVersion:
        """Return a version of a plan by its number or its id.

        Raises:
            VersionNotFound: the plan has no such version.
        """
        for kept in (self._versions or {}).values():
            if kept.plan_key == plan_key and (kept.number == number if version_id is None else kept.id == version_id):
                return kept
        wanted = plan_versions.c.number == number if version_id is None else plan_versions.c.id == version_id
        query = VERSIONS.where(plan_versions.c.plan_key == plan_key, wanted)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise VersionNotFound(f"the plan {plan_key[:64]!r} has no version {str(version_id or number)[:64]!r}")
        return self._versions_in([row])[0]

    def list_versions(self, plan_key: str) -> tuple[PlanVersion, ...]:
        """Return all versions of a plan, the latest first."""
        query = VERSIONS.where(plan_versions.c.plan_key == plan_key).order_by(plan_versions.c.number.desc())
        return versions_from_rows(self._connection, self._connection.execute(query).mappings().all())

    def page_versions(self, plan_key: str, *, below: int | None = None, limit: int) -> tuple[PlanVersion, ...]:
        """Return some versions of a plan, the latest first; only those older than a number, where one is given."""
        query = VERSIONS.where(plan_versions.c.plan_key == plan_key)
        query = query if below is None else query.where(plan_versions.c.number < below)
        query = query.order_by(plan_versions.c.number.desc()).limit(limit)
        return versions_from_rows(self._connection, self._connection.execute(query).mappings().all())

    def latest_numbers(self, plan_keys: Collection[str]) -> dict[str, int]:
        """Return the number of the latest version of each of some plans, by their keys."""
        latest = func.max(plan_versions.c.number).label("latest")
        query = select(plan_versions.c.plan_key, latest).where(plan_versions.c.plan_key.in_(sorted(plan_keys)))
        rows = self._connection.execute(query.group_by(plan_versions.c.plan_key))
        return {row.plan_key: row.latest for row in rows}

    def numbers_before(self, plan_key: str, number: int) -> dict[str, int]:
        """Return the numbers of a plan's versions that are older than one, by their ids; nothing else is read."""
        query = select(plan_versions.c.id, plan_versions.c.number).where(
            plan_versions.c.plan_key == plan_key, plan_versions.c.number < number
        )
        return {row.id: row.number for row in self._connection.execute(query)}

    def list_all_versions(self) -> dict[str, tuple[PlanVersion, ...]]:
        """Return all versions of all plans by the plans' keys, the latest first; two reads, however many there are."""
        query = VERSIONS.order_by(plan_versions.c.plan_key, plan_versions.c.number.desc())
        found: dict[str, tuple[PlanVersion, ...]] = {}
        for version in versions_from_rows(self._connection, self._connection.execute(query).mappings().all()):
            found[version.plan_key] = (*found.get(version.plan_key, ()), version)
        return found

    def names_feature(self, feature_key: str) -> bool:
        """Tell whether a metered item, or a version of any plan, live or not, is about a feature."""
        if self._connection.execute(
            select(metered_items.c.id).where(metered_items.c.feature_key == feature_key)
        ).first():
            return True
        versions = versions_from_rows(self._connection, self._connection.execute(VERSIONS).mappings().all())
        return any(feature_key in version.feature_keys for version in versions)

    def _plans(self, query: Select[Any], keys: Sequence[str] = ()) -> tuple[Plan, ...]:
        rows = self._connection.execute(query, {"keys": list(keys)}).mappings().all()
        return tuple(_plan_from_row(row, version) for row, version in zip(rows, self._versions_in(rows), strict=True))

    def _versions_in(self, rows: Sequence[RowMapping]) -> tuple[PlanVersion, ...]:
        """Return the versions in the `version_` columns of rows; where they are kept, each is put together once."""
        if self._versions is None:
            return versions_from_rows(self._connection, rows)
        new = [row for row in rows if row["version_id"] not in self._versions]
        self._versions.update((version.id, version) for version in versions_from_rows(self._connection, new))
        return tuple(self._versions[row["version_id"]] for row in rows)


def _plan_row(plan: Plan) -> dict[str, Any]:
    values = row_of(plan)
    for derived in ("version", "latest_version_id", "group"):
        del values[derived]
    return {**values, "group_id": plan.group.id, "metadata": dict(plan.metadata)}


def _plan_from_row(row: RowMapping, version: PlanVersion) -> Plan:
    return Plan(
        key=row["key"],
        name=row["name"],
        description=row["description"],
        group=group_from_row(row),
        status=row["status"],
        kind=row["kind"],
        version=version,
        latest_version_id=row["latest_version_id"],
        live_version_id=row["live_version_id"],
        position=row["position"],
        lookup_key=row["lookup_key"],
        metadata=row["metadata"],
        tax_behavior=row["tax_behavior"],
    )
