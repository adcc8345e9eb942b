"""Agreements."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    exists,
    false,
    func,
    or_,
    select,
    true,
    union_all,
    update,
)

from billing_sdk.errors import Conflict, NotFound
from billing_sdk.server.domain.agreements import LIVE, Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.entitlements import AddedOn, with_add_ons
from billing_sdk.server.storage.agreed import agreement_from_row, agreement_to_row
from billing_sdk.server.storage.later import Together
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.plan_versions import VERSION_COLUMNS, versions_from_rows
from billing_sdk.server.storage.tables.billing import agreements, customers
from billing_sdk.server.storage.tables.catalog import plan_versions, plans
from billing_sdk.server.storage.upsert import insert_new

IS_LIVE = agreements.c.status.in_(sorted(LIVE))
BY_ID = select(agreements).where(agreements.c.id == bindparam("wanted"))
OF_MANY = select(agreements).where(agreements.c.id.in_(bindparam("wanted", expanding=True))).order_by(agreements.c.id)
OF_CUSTOMERS = (
    select(agreements)
    .where(agreements.c.customer_id.in_(bindparam("customers", expanding=True)))
    .order_by(agreements.c.id)
)
LIVE_OF_GROUP = select(agreements).where(
    agreements.c.customer_id == bindparam("customer"), agreements.c.group_id == bindparam("group"), IS_LIVE
)
LIVE_WITH_PLANS = (
    select(agreements, plans.c.name.label("plan_name"), *VERSION_COLUMNS)
    .select_from(
        agreements.join(customers, customers.c.id == agreements.c.customer_id)
        .join(plans, plans.c.key == agreements.c.plan_key)
        .join(plan_versions, plan_versions.c.id == agreements.c.plan_version_id)
    )
    .where(
        # A parameter that is not given is NULL, which equals nothing, so it selects nobody.
        or_(
            customers.c.user_id == bindparam("user"),
            customers.c.org_code.in_(bindparam("org_codes", expanding=True)),
            customers.c.id == bindparam("customer"),
        ),
        IS_LIVE,
    )
    .order_by(customers.c.kind.desc(), agreements.c.id)
)
KNOWN_AS = (
    select(agreements)
    .where(or_(agreements.c.id == bindparam("wanted"), agreements.c.first_id == bindparam("wanted")))
    .order_by(IS_LIVE.desc(), agreements.c.started_at.desc(), agreements.c.id.desc())
)
VERSIONS_AT_ONCE = 50
CHANGE = update(agreements).where(agreements.c.id == bindparam("wanted"))


class AgreementRepository:
    """Keeps agreements, in the transaction of its connection."""

    def __init__(self, connection: Connection, together: Together) -> None:
        self._connection = connection
        self._together = together
        self._ahead: dict[str, Agreement] = {}
        self._looked_at: dict[str, tuple[Agreement, ...]] = {}
        self._versions: dict[str, PlanVersion] = {}

    def read_ahead(self, agreement_ids: Collection[str]) -> tuple[Agreement, ...]:
        """Read many agreements at once, in the order of their ids; what becomes of them is written at once, too."""
        rows = self._connection.execute(OF_MANY, {"wanted": sorted(agreement_ids)}).mappings()
        self._ahead.update((row["id"], agreement_from_row(row)) for row in rows)
        return tuple(self._ahead.values())

    def look_ahead(self, customer_ids: Collection[str]) -> tuple[Agreement, ...]:
        """Read at once all that some customers have ever agreed to; the transaction changes none of it."""
        if new := set(customer_ids) - self._looked_at.keys():
            theirs: dict[str, list[Agreement]] = {customer_id: [] for customer_id in new}
            for agreement in self._of_customers(new):
                theirs[agreement.customer_id].append(agreement)
                self._ahead[agreement.id] = agreement
            self._looked_at.update((customer_id, tuple(several)) for customer_id, several in theirs.items())
        return tuple(agreement for customer_id in customer_ids for agreement in self._looked_at[customer_id])

    def add(self, agreement: Agreement) -> None:
        """Store a new agreement.

        Raises:
            Conflict: the customer has a live agreement of the same plan group.
        """
        if not insert_new(self._connection, agreements, agreement_to_row(agreement)):
            raise Conflict("the customer has an agreement of this plan group already")

    def save(self, agreement: Agreement) -> None:
        """Store an agreement that has changed."""
        # Not the key itself: to write it, even as it was, costs a look at everything that refers to it.
        change = {name: value for name, value in agreement_to_row(agreement).items() if name != "id"}
        change["wanted"] = agreement.id
        if agreement.id in self._ahead:
            self._ahead[agreement.id] = agreement
        self._together.run(CHANGE, change)

    def get(self, agreement_id: str) -> Agreement:
        """Return an agreement.

        Raises:
            NotFound: there is no such agreement.
        """
        agreement = self.find(agreement_id)
        if agreement is None:
            raise NotFound(f"there is no agreement {agreement_id[:64]!r}")
        return agreement

    def find(self, agreement_id: str) -> Agreement | None:
        """Return an agreement, if there is one with this id."""
        return self._ahead.get(agreement_id) or self._find(BY_ID, wanted=agreement_id)

    def find_current(self, subscription_id: str) -> Agreement | None:
        """Return what an agreement has become that may have been modified since; the live one, or the last."""
        return self._find(KNOWN_AS.limit(1), wanted=subscription_id)

    def find_live(self, customer_id: str, group_id: str) -> Agreement | None:
        """Return the customer's live agreement of a plan group, of which there is one at most."""
        if customer_id in self._looked_at:
            theirs = (one for one in self._looked_at[customer_id] if one.is_live and one.group_id == group_id)
            return next(theirs, None)
        return self._find(LIVE_OF_GROUP, customer=customer_id, group=group_id)

    def live_of(self, customer_id: str) -> tuple[Agreement, ...]:
        """Return all live agreements of a customer, the oldest first."""
        if customer_id in self._looked_at:
            return tuple(one for one in self._looked_at[customer_id] if one.is_live)
        query = select(agreements).where(agreements.c.customer_id == customer_id, IS_LIVE).order_by(agreements.c.id)
        return tuple(agreement_from_row(row) for row in self._connection.execute(query).mappings())

    def since(self, customer_id: str, at: datetime) -> tuple[Agreement, ...]:
        """Return a customer's agreements that had not ended by an instant, by their starts."""
        if customer_id in self._looked_at:
            found = [one for one in self._looked_at[customer_id] if one.ended_at is None or one.ended_at > at]
            return tuple(sorted(found, key=lambda one: (one.started_at, one.id)))
        query = select(agreements).where(
            agreements.c.customer_id == customer_id, or_(agreements.c.ended_at.is_(None), agreements.c.ended_at > at)
        )
        rows = self._connection.execute(query.order_by(agreements.c.started_at, agreements.c.id)).mappings()
        return tuple(agreement_from_row(row) for row in rows)

    def of_customer(self, customer_id: str) -> tuple[Agreement, ...]:
        """Return all agreements that a customer has ever had, the oldest first."""
        if customer_id in self._looked_at:
            return self._looked_at[customer_id]
        return self._of_customers((customer_id,))

    def has_had_trial(self, customer_id: str, plan_key: str) -> bool:
        """Tell whether a customer has ever been on trial of a plan."""
        query = select(agreements.c.id).where(
            agreements.c.customer_id == customer_id,
            agreements.c.plan_key == plan_key,
            agreements.c.trial_ends_at.is_not(None),
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def trial_end_of(self, *, user_id: str, org_code: str | None) -> datetime | None:
        """Return when the last trial of a person, or of an organization, ends; None where neither is in one."""
        owner = or_(customers.c.user_id == user_id, false() if org_code is None else customers.c.org_code == org_code)
        query = (
            select(agreements.c.trial_ends_at)
            .join(customers, customers.c.id == agreements.c.customer_id)
            .where(agreements.c.status == "trialing", owner)
            .order_by(agreements.c.trial_ends_at.desc())
            .limit(1)
        )
        found: datetime | None = self._connection.execute(query).scalar()
        return found

    def list(self, wanted: PageRequest = FIRST_PAGE, *, customer_id: str, live_only: bool = True) -> Page[Agreement]:
        """Return a page of a customer's agreements, in the order of their ids."""
        query = select(agreements).where(agreements.c.customer_id == customer_id)
        if live_only:
            query = query.where(IS_LIVE)
        return read_page(self._connection, query, agreements.c.id, wanted, agreement_from_row)

    def page_on_versions(
        self, version_ids: Sequence[str], target_id: str, *, after: str | None, limit: int
    ) -> tuple[str, ...]:
        """Return the ids of live agreements on some versions, or on the target and about to leave it, in their order.

        Args:
            version_ids: the versions.
            target_id: the target.
            after: the id that the page follows.
            limit: how many at most.
        """
        live = select(agreements.c.id).where(IS_LIVE, agreements.c.plan_version_id == plan_versions.c.id)
        is_taken = exists(live.where(agreements.c.id > (after or "")).correlate(plan_versions))
        taken = select(plan_versions.c.id).where(plan_versions.c.id.in_(version_ids), is_taken)
        wanted: list[tuple[str, ColumnElement[bool]]] = [
            (version_id, true()) for version_id in self._connection.execute(taken).scalars()
        ]
        wanted.append((target_id, agreements.c.next_version_id.is_not(None)))
        found: list[str] = []
        for begin in range(0, len(wanted), VERSIONS_AT_ONCE):
            # An index has the agreements of one version and status in their order: so many of each are enough.
            parts = [
                select(agreements.c.id)
                .where(agreements.c.plan_version_id == version_id, agreements.c.status == status)
                .where(agreements.c.id > (after or ""), condition)
                .order_by(agreements.c.id)
                .limit(limit)
                .subquery()
                for version_id, condition in wanted[begin : begin + VERSIONS_AT_ONCE]
                for status in sorted(LIVE)
            ]
            found += self._connection.execute(union_all(*(select(part.c.id) for part in parts))).scalars()
        return tuple(sorted(found)[:limit])

    def count_on_versions(self, version_ids: Sequence[str], *, most: int | None = None) -> dict[str, int]:
        """Return how many live agreements are on each of some versions; those with none are left out.

        Args:
            version_ids: the versions.
            most: where counting stops, for whoever only shows the figure.
        """
        of_version = select(agreements.c.id).where(IS_LIVE, agreements.c.plan_version_id == plan_versions.c.id)
        counted = of_version.limit(most).correlate(plan_versions).subquery()
        agreed = select(func.count()).select_from(counted).scalar_subquery()
        query = select(plan_versions.c.id, agreed.label("agreed")).where(plan_versions.c.id.in_(version_ids))
        return {row.id: row.agreed for row in self._connection.execute(query) if row.agreed}

    def count_leaving(self, version_id: str, *, most: int) -> int:
        """Return how many live agreements on a version are about to go over to another one; counting stops at most."""
        on_it = (IS_LIVE, agreements.c.plan_version_id == version_id, agreements.c.next_version_id.is_not(None))
        counted = select(agreements.c.id).where(*on_it).limit(most).subquery()
        return self._connection.execute(select(func.count()).select_from(counted)).scalar_one()

    def count_on_plans(self, plan_keys: Collection[str], *, most: int, below: int | None = None) -> dict[str, int]:
        """Return how many live agreements are on each of some plans; those with none are left out.

        Args:
            plan_keys: the plans.
            most: where counting stops.
            below: only those on versions that are older than the one of this number, where it is given.
        """
        versions = select(plan_versions.c.id).where(plan_versions.c.plan_key == plans.c.key)
        versions = versions if below is None else versions.where(plan_versions.c.number < below)
        of_plan = select(agreements.c.id).where(
            IS_LIVE, agreements.c.plan_version_id.in_(versions.correlate(plans).scalar_subquery())
        )
        counted = of_plan.limit(most).correlate(plans).subquery()
        agreed = select(func.count()).select_from(counted).scalar_subquery()
        query = select(plans.c.key, agreed.label("agreed")).where(plans.c.key.in_(sorted(plan_keys)))
        return {row.key: row.agreed for row in self._connection.execute(query) if row.agreed}

    def versions_agreed(self) -> frozenset[str]:
        """Return the ids of the versions that live agreements are on."""
        return frozenset(
            self._connection.execute(select(agreements.c.plan_version_id).where(IS_LIVE).distinct()).scalars()
        )

    def live_with_more(self) -> Iterator[Agreement]:
        """Yield the live agreements that have add-ons, or that change to something else later."""
        has_more = or_(
            agreements.c.next_version_id.is_not(None),
            agreements.c.pending_change.is_not(None),
            cast(agreements.c.add_ons, Text) != "[]",
        )
        for row in self._connection.execute(select(agreements).where(IS_LIVE, has_more)).mappings():
            yield agreement_from_row(row)

    def live_with_plans(
        self, *, user_id: str | None = None, org_codes: Sequence[str] = (), customer_id: str | None = None
    ) -> tuple[tuple[Agreement, PlanVersion, str], ...]:
        """Return live agreements with what they include and the plan's name: a person's own, then the others'.

        What an agreement includes is the version agreed to with the entitlements of its add-ons. One query, however
        many agreements there are, and one more where there are add-ons.
        """
        owners = {"user": user_id, "org_codes": list(org_codes), "customer": customer_id}
        rows = self._connection.execute(LIVE_WITH_PLANS, owners).mappings().all()
        found = [agreement_from_row(row) for row in rows]
        versions = self._including_add_ons(found, versions_from_rows(self._connection, rows))
        names = [row["plan_name"] for row in rows]
        return tuple(zip(found, versions, names, strict=True))

    def version_included(self, agreement: Agreement) -> PlanVersion:
        """Return what one agreement includes: the version agreed to with the entitlements of its add-ons."""
        own = self.versions([agreement.plan_version_id])
        (version,) = self._including_add_ons([agreement], [own[agreement.plan_version_id]])
        return version

    def coming_version(self, agreement: Agreement) -> int | None:
        """Return the number of the version that takes over when an agreement is billed next, if one does."""
        if agreement.next_version_id is None:
            return None
        query = select(plan_versions.c.number).where(plan_versions.c.id == agreement.next_version_id)
        number: int = self._connection.execute(query).scalar_one()
        return number

    def _including_add_ons(
        self, found: Sequence[Agreement], versions: Sequence[PlanVersion]
    ) -> tuple[PlanVersion, ...]:
        added = self.versions({add_on.plan_version_id for agreement in found for add_on in agreement.add_ons})
        return tuple(
            with_add_ons(
                version, [AddedOn(added[add_on.plan_version_id], add_on.quantity) for add_on in agreement.add_ons]
            )
            for agreement, version in zip(found, versions, strict=True)
        )

    def versions(self, version_ids: Collection[str]) -> dict[str, PlanVersion]:
        """Return versions of plans and add-ons by their ids, each without the add-ons of any agreement."""
        if not self._looked_at:
            return self._read_versions(version_ids)
        if missing := set(version_ids) - self._versions.keys():
            agreed = [agreement for found in self._looked_at.values() for agreement in found]
            missing.update(agreement.plan_version_id for agreement in agreed)
            missing.update(add_on.plan_version_id for agreement in agreed for add_on in agreement.add_ons)
            self._versions.update(self._read_versions(missing - self._versions.keys()))
        return {version_id: self._versions[version_id] for version_id in version_ids if version_id in self._versions}

    def _read_versions(self, version_ids: Collection[str]) -> dict[str, PlanVersion]:
        if not version_ids:
            return {}
        query = select(*VERSION_COLUMNS).where(plan_versions.c.id.in_(version_ids))
        rows = self._connection.execute(query).mappings().all()
        return {version.id: version for version in versions_from_rows(self._connection, rows)}

    def _of_customers(self, customer_ids: Collection[str]) -> tuple[Agreement, ...]:
        rows = self._connection.execute(OF_CUSTOMERS, {"customers": sorted(customer_ids)}).mappings()
        return tuple(agreement_from_row(row) for row in rows)

    def _find(self, query: Select[Any], **wanted: str) -> Agreement | None:
        row = self._connection.execute(query, wanted).mappings().first()
        return None if row is None else agreement_from_row(row)
