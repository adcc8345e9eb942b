"""Allowance grants, how they stood when usage periods began, and what customers were told of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, bindparam, delete, func, insert, null, or_, select, update

from billing_sdk.errors import UnknownAllowance
from billing_sdk.money import digits_of
from billing_sdk.server.domain.catalog import UsageThreshold, thresholds_from
from billing_sdk.server.domain.entitlements import AllowanceGrant, Standing
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.allowances import (
    allowance_grants,
    allowance_openings,
    usage_alerts,
    usage_thresholds,
)
from billing_sdk.server.storage.upsert import upsert

OF_FEATURE = select(allowance_grants).where(
    allowance_grants.c.customer_id == bindparam("customer"), allowance_grants.c.feature_key == bindparam("feature")
)
OF_OPENINGS = (
    allowance_openings.c.customer_id == bindparam("customer"),
    allowance_openings.c.feature_key == bindparam("feature"),
)
LAST_STANDING = (
    select(func.max(allowance_openings.c.started_at))
    .where(
        *OF_OPENINGS,
        allowance_openings.c.started_at <= bindparam("since"),
        allowance_openings.c.standing.is_not(null()),
    )
    .scalar_subquery()
)
OPENINGS = (
    select(allowance_openings)
    .where(
        *OF_OPENINGS,
        allowance_openings.c.started_at <= bindparam("at"),
        or_(LAST_STANDING.is_(None), allowance_openings.c.started_at >= LAST_STANDING),
    )
    .order_by(allowance_openings.c.started_at)
)
OF_CUSTOMER = select(allowance_grants).where(allowance_grants.c.customer_id == bindparam("customer"))
LATER = allowance_openings.alias()
LAST_OF_EACH = (
    select(func.max(LATER.c.started_at))
    .where(
        LATER.c.customer_id == allowance_openings.c.customer_id,
        LATER.c.feature_key == allowance_openings.c.feature_key,
        LATER.c.started_at <= bindparam("at"),
        LATER.c.standing.is_not(null()),
    )
    .scalar_subquery()
)
OPENINGS_OF_CUSTOMER = (
    select(allowance_openings)
    .where(
        allowance_openings.c.customer_id == bindparam("customer"),
        allowance_openings.c.started_at <= bindparam("at"),
        or_(LAST_OF_EACH.is_(None), allowance_openings.c.started_at >= LAST_OF_EACH),
    )
    .order_by(allowance_openings.c.started_at)
)
FORGET = (
    update(allowance_openings)
    .where(*OF_OPENINGS, allowance_openings.c.started_at > bindparam("since"))
    .values(standing=None)
)
THRESHOLDS = select(usage_thresholds.c.thresholds).where(
    usage_thresholds.c.customer_id == bindparam("customer"), usage_thresholds.c.feature_key == bindparam("feature")
)
ALERTS = select(usage_alerts).where(
    usage_alerts.c.agreement_id == bindparam("agreement"), usage_alerts.c.feature_key == bindparam("feature")
)


@dataclass(frozen=True, slots=True)
class Opening:
    """How everything stood just before a usage period began, and what the plan includes in it.

    Attributes:
        standing: None where something that came late has changed it since.
    """

    started_at: datetime
    included: Decimal
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of an agreement's usage period.

    Attributes:
        thresholds: those that were reached.
        has_access: whether the feature could be used when it was looked at last.
    """

    period_start: datetime
    thresholds: frozenset[str] = frozenset()
    has_access: bool = True


class AllowanceRepository:
    """Keeps allowances, in the transaction of its connection; whoever changes any holds the customer's lock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._grants: dict[str, defaultdict[str, tuple[AllowanceGrant, ...]]] = {}
        self._openings: dict[tuple[str, datetime], dict[str, tuple[Opening, ...]] | None] = {}

    def look_ahead(self, customer_id: str, *, at: datetime) -> None:
        """Read at once what counts at an instant of all features of a customer; the transaction changes none of it."""
        grants: defaultdict[str, tuple[AllowanceGrant, ...]] = defaultdict(tuple)
        for grant in self._connection.execute(OF_CUSTOMER, {"customer": customer_id}).mappings():
            grants[grant["feature_key"]] += (_from_row(grant),)
        self._grants[customer_id] = grants
        self._openings[customer_id, at] = None  # which most never ask for

    def add(self, grant: AllowanceGrant) -> None:
        """Store a new grant."""
        self._connection.execute(insert(allowance_grants), _to_row(grant))

    def save(self, grant: AllowanceGrant) -> None:
        """Store a grant that was voided."""
        mine = allowance_grants.c.id == grant.id
        self._connection.execute(update(allowance_grants).where(mine).values(voided_at=grant.voided_at))

    def get(self, allowance_id: str, *, customer_id: str) -> AllowanceGrant:
        """Return a grant of a customer.

        Raises:
            UnknownAllowance: the customer has none with this id.
        """
        query = select(allowance_grants).where(
            allowance_grants.c.id == allowance_id, allowance_grants.c.customer_id == customer_id
        )
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise UnknownAllowance(f"there is no allowance grant {allowance_id[:64]!r}", allowance=allowance_id[:64])
        return _from_row(row)

    def list(
        self, wanted: PageRequest = FIRST_PAGE, *, customer_id: str, feature_key: str | None = None
    ) -> Page[AllowanceGrant]:
        """Return a page of a customer's grants, of one feature or of all, the oldest first."""
        query = select(allowance_grants).where(allowance_grants.c.customer_id == customer_id)
        if feature_key is not None:
            query = query.where(allowance_grants.c.feature_key == feature_key)
        return read_page(self._connection, query, allowance_grants.c.id, wanted, _from_row)

    def of_feature(self, customer_id: str, feature_key: str) -> tuple[AllowanceGrant, ...]:
        """Return every grant of a feature that a customer has had."""
        if customer_id in self._grants:
            return self._grants[customer_id][feature_key]
        rows = self._connection.execute(OF_FEATURE, {"customer": customer_id, "feature": feature_key}).mappings()
        return tuple(_from_row(row) for row in rows)

    def count_unended(self, customer_id: str, feature_key: str, *, at: datetime) -> int:
        """Return how many grants of a feature a customer has that have not ended."""
        return sum(grant.ends_at is None or grant.ends_at > at for grant in self.of_feature(customer_id, feature_key))

    def openings(self, customer_id: str, feature_key: str, *, since: datetime, at: datetime) -> tuple[Opening, ...]:
        """Return what is kept of usage periods, the oldest first: from the last whose standing is known on.

        Args:
            customer_id: whose.
            feature_key: of which feature.
            since: the one whose standing is known has begun by then; where there is none, all are returned.
            at: all of them have begun by then.
        """
        if since == at and (customer_id, at) in self._openings:
            known = self._openings[customer_id, at]
            if known is None:
                known = self._openings[customer_id, at] = self._openings_of(customer_id, at)
            return known.get(feature_key, ())
        wanted = {"customer": customer_id, "feature": feature_key, "since": since, "at": at}
        return tuple(_opening(row) for row in self._connection.execute(OPENINGS, wanted))

    def _openings_of(self, customer_id: str, at: datetime) -> dict[str, tuple[Opening, ...]]:
        found: defaultdict[str, tuple[Opening, ...]] = defaultdict(tuple)
        for row in self._connection.execute(OPENINGS_OF_CUSTOMER, {"customer": customer_id, "at": at}):
            found[row.feature_key] += (_opening(row),)
        return found

    def save_opening(self, customer_id: str, feature_key: str, opening: Opening) -> None:
        """Keep how everything stood when a usage period began."""
        key = {"customer_id": customer_id, "feature_key": feature_key, "started_at": opening.started_at}
        standing = opening.standing
        kept = None
        if standing is not None:
            balances = {grant_id: digits_of(left) for grant_id, left in standing.balances.items()}
            kept = {"balances": balances, "overage": digits_of(standing.overage)}
        changes = {"included": opening.included, "standing": kept}
        self._connection.execute(upsert(self._connection, allowance_openings, {**key, **changes}, changes))

    def forget_openings(self, customer_id: str, feature_key: str, *, since: datetime) -> bool:
        """Have later balances worked out anew, because something counts differently since; tell whether there are."""
        forgotten = self._connection.execute(FORGET, {"customer": customer_id, "feature": feature_key, "since": since})
        return forgotten.rowcount > 0

    def thresholds_of(self, customer_id: str, feature_key: str) -> tuple[UsageThreshold, ...] | None:
        """Return the customer's own thresholds of a feature; None where those of the plan count."""
        wanted = {"customer": customer_id, "feature": feature_key}
        found: list[str] | None = self._connection.execute(THRESHOLDS, wanted).scalar()
        return None if found is None else thresholds_from(found)

    def list_thresholds(self, customer_id: str) -> Mapping[str, tuple[UsageThreshold, ...]]:
        """Return a customer's own thresholds by feature."""
        query = select(usage_thresholds).where(usage_thresholds.c.customer_id == customer_id)
        rows = self._connection.execute(query.order_by(usage_thresholds.c.feature_key))
        return {row.feature_key: thresholds_from(row.thresholds) for row in rows}

    def save_thresholds(self, customer_id: str, feature_key: str, thresholds: Sequence[UsageThreshold]) -> None:
        """Let a customer be told at other thresholds of a feature than the plan says."""
        key = {"customer_id": customer_id, "feature_key": feature_key}
        changes = {"thresholds": [str(threshold) for threshold in thresholds]}
        self._connection.execute(upsert(self._connection, usage_thresholds, {**key, **changes}, changes))

    def delete_thresholds(self, customer_id: str, feature_key: str) -> None:
        """Let the plan's thresholds of a feature count."""
        mine = (usage_thresholds.c.customer_id == customer_id, usage_thresholds.c.feature_key == feature_key)
        self._connection.execute(delete(usage_thresholds).where(*mine))

    def told(self, agreement_id: str, feature_key: str, period_start: datetime) -> Told:
        """Return what was told of a usage period; what was told of another one is no more."""
        row: Any = self._connection.execute(ALERTS, {"agreement": agreement_id, "feature": feature_key}).first()
        if row is None:
            return Told(period_start)
        thresholds = frozenset(row.told) if row.period_start == period_start else frozenset()
        return Told(period_start, thresholds, row.has_access)

    def save_told(self, agreement_id: str, feature_key: str, told: Told) -> None:
        """Remember what was told."""
        key = {"agreement_id": agreement_id, "feature_key": feature_key}
        changes = {
            "period_start": told.period_start,
            "told": sorted(told.thresholds),
            "has_access": told.has_access,
        }
        self._connection.execute(upsert(self._connection, usage_alerts, {**key, **changes}, changes))


def _opening(row: Row[Any]) -> Opening:
    return Opening(row.started_at, row.included, _standing(row.standing))


def _standing(kept: Mapping[str, Any] | None) -> Standing | None:
    if kept is None:
        return None
    balances = {grant_id: Decimal(left) for grant_id, left in kept["balances"].items()}
    return Standing(balances, Decimal(kept["overage"]))


def _to_row(grant: AllowanceGrant) -> dict[str, Any]:
    return {**row_of(grant), "recurrence": None if grant.recurrence is None else str(grant.recurrence)}


def _from_row(row: RowMapping) -> AllowanceGrant:
    recurrence = None if row["recurrence"] is None else Cadence.from_text(row["recurrence"])
    return AllowanceGrant(**{**row, "recurrence": recurrence})
