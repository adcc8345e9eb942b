"""What has been billed of each service interval."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, not_, or_, select, true, update

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import amount_of
from billing_sdk.server.domain.invoicing import UNISSUED, RatedInterval
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import RatingPolicy
from billing_sdk.server.storage.agreed import discount_from_json, discount_to_json
from billing_sdk.server.storage.later import Later
from billing_sdk.server.storage.tables.billing import invoice_lines, invoices
from billing_sdk.server.storage.tables.rated import rated_intervals

BILLED_BY = (
    select(
        invoice_lines.c.invoice_id,
        invoice_lines.c.position,
        invoice_lines.c.amount_minor,
        invoice_lines.c.derivation,
    )
    .select_from(invoice_lines.join(invoices, invoices.c.id == invoice_lines.c.invoice_id))
    .where(invoices.c.status.not_in((*UNISSUED, "void")))
    .order_by(invoices.c.id.desc(), invoice_lines.c.position.desc())
)
INSTANTS = ("period_start", "period_end", "interval_start", "interval_end", "counted_until")
COLUMNS = rated_intervals.c
OF_AGREEMENT = (
    select(rated_intervals)
    .where(COLUMNS.agreement_id == bindparam("agreement"))
    .order_by(COLUMNS.period_start, COLUMNS.id)
)
# As the index says it, so that a database finds the index.
IS_UNSETTLED = or_(COLUMNS.is_dirty, not_(COLUMNS.is_closed))
UNSETTLED = OF_AGREEMENT.where(IS_UNSETTLED)
UNSETTLED_OF_MANY = (
    select(rated_intervals)
    .where(COLUMNS.agreement_id.in_(bindparam("wanted", expanding=True)), IS_UNSETTLED)
    .order_by(COLUMNS.period_start, COLUMNS.id)
)
LATE = (
    update(rated_intervals)
    .where(
        and_(
            COLUMNS.agreement_id == bindparam("agreement"),
            COLUMNS.feature_key == bindparam("feature"),
            COLUMNS.period_start <= bindparam("at"),
            COLUMNS.counted_until > bindparam("at"),
            COLUMNS.is_closed,
        )
    )
    .values(is_dirty=true())
)
CLOSED_SINCE = OF_AGREEMENT.where(
    COLUMNS.feature_key == bindparam("feature"), COLUMNS.counted_until > bindparam("since"), COLUMNS.is_closed
)
NAMES = [column.name for column in COLUMNS if column.name != "id"]
SAVE = (
    update(rated_intervals)
    .where(COLUMNS.id == bindparam("its_id"))
    .values({name: bindparam(f"its_{name}") for name in NAMES})
)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of an invoice, counted from 1."""

    invoice_id: str
    line: int
    amount: Money


class RatedIntervalRepository:
    """Keeps rated intervals, in the transaction of its connection; whoever changes one holds the customer's lock."""

    def __init__(self, connection: Connection, later: Later) -> None:
        self._connection = connection
        self._later = later
        self._ahead: dict[str, list[RatedInterval]] = {}

    def read_ahead(self, agreement_ids: Collection[str]) -> None:
        """Read what is unsettled of many agreements at once; the caller holds the locks on their customers."""
        self._ahead.update((agreement_id, []) for agreement_id in agreement_ids)
        for row in self._connection.execute(UNSETTLED_OF_MANY, {"wanted": sorted(agreement_ids)}).mappings():
            self._ahead[row["agreement_id"]].append(_from_row(row))

    def bill(self, rated: Collection[RatedInterval], *, invoice_id: str | None, waits: bool) -> None:
        """Store what was billed before the transaction ends, what is new all at once.

        Args:
            rated: the intervals.
            invoice_id: the invoice that bills them, if there is one.
            waits: usage still gets on that invoice, so they are not closed.
        """
        self._forget(rated)
        # In place of `replace`, which takes longer than all the rest: a renewal does this for every rate.
        rows = [(one, _to_row(one, invoice_id or one.invoice_id, one.is_closed and not waits)) for one in rated]
        if new := [row for one, row in rows if one.is_new]:
            self._later.insert(rated_intervals, *new)
        self._update([row for one, row in rows if not one.is_new])

    def save(self, rated: Collection[RatedInterval]) -> None:
        """Store those that were there, as they are now."""
        self._forget(rated)
        self._update([_to_row(one, one.invoice_id, one.is_closed) for one in rated])

    def unsettled(self, agreement_id: str) -> tuple[RatedInterval, ...]:
        """Return those of an agreement that were billed in part, or whose usage has changed since, the oldest first."""
        if agreement_id in self._ahead:
            return tuple(self._ahead[agreement_id])
        self._later.flush()
        rows = self._connection.execute(UNSETTLED, {"agreement": agreement_id}).mappings()
        return tuple(_from_row(row) for row in rows)

    def of_agreement(self, agreement_id: str) -> tuple[RatedInterval, ...]:
        """Return all of an agreement, the oldest first."""
        self._later.flush()
        rows = self._connection.execute(OF_AGREEMENT, {"agreement": agreement_id}).mappings()
        return tuple(_from_row(row) for row in rows)

    def billed_by(self, one: RatedInterval) -> tuple[Place, ...]:
        """Return the lines of issued invoices that have billed an interval, the newest first; void ones don't count."""
        self._later.flush()
        query = BILLED_BY.where(
            invoice_lines.c.agreement_id == one.agreement_id,
            invoice_lines.c.plan_version_id == one.plan_version_id,
            invoice_lines.c.component_id == one.component_id,
            invoice_lines.c.period_start == one.period.start,
        )
        return tuple(
            Place(row.invoice_id, row.position + 1, amount_of(row.amount_minor, one.billed.currency))
            for row in self._connection.execute(query)
            if row.derivation.get("kind") in ("usage", "adjustment")
        )

    def of_invoice(self, invoice_id: str) -> tuple[RatedInterval, ...]:
        """Return those that an invoice has billed last."""
        self._later.flush()
        query = select(rated_intervals).where(COLUMNS.invoice_id == invoice_id).order_by(COLUMNS.id)
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def moved(self, from_invoice_id: str, to_invoice_id: str) -> None:
        """Note that another invoice has taken the place of one that is void."""
        self._ahead.clear()
        self._later.flush()
        its = COLUMNS.invoice_id == from_invoice_id
        self._connection.execute(update(rated_intervals).where(its).values(invoice_id=to_invoice_id))

    def mark_late(self, agreement_id: str, feature_key: str, at: datetime) -> bool:
        """Note that usage of an instant has changed; return whether it was billed already."""
        self._ahead.pop(agreement_id, None)
        self._later.flush()
        late = {"agreement": agreement_id, "feature": feature_key, "at": at}
        return bool(self._connection.execute(LATE, late).rowcount)

    def closed_since(self, agreement_id: str, feature_key: str, since: datetime) -> tuple[RatedInterval, ...]:
        """Return those of a feature that are closed, and count what is used at an instant or later."""
        self._later.flush()
        late = {"agreement": agreement_id, "feature": feature_key, "since": since}
        rows = self._connection.execute(CLOSED_SINCE, late).mappings()
        return tuple(_from_row(row) for row in rows)

    def mark_dirty(self, rated: Collection[RatedInterval]) -> None:
        """Note that the usage of some has changed."""
        self._forget(rated)
        self._connection.execute(
            update(rated_intervals).where(COLUMNS.id.in_([one.id for one in rated])).values(is_dirty=true())
        )

    def _update(self, rows: Collection[dict[str, Any]]) -> None:
        if rows:
            self._later.flush()
            self._connection.execute(SAVE, [{f"its_{name}": value for name, value in row.items()} for row in rows])

    def _forget(self, rated: Collection[RatedInterval]) -> None:
        for one in rated:
            self._ahead.pop(one.agreement_id, None)


def rated_to_json(one: RatedInterval) -> dict[str, Any]:
    """Return a rated interval in JSON values; those that pay for it keep it until they are paid."""
    row = {**_to_row(one, one.invoice_id, one.is_closed), "quantity": f"{one.quantity:f}", "is_new": one.is_new}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def rated_from_json(stored: Mapping[str, Any]) -> RatedInterval:
    """Return the rated interval that was stored as JSON."""
    instants = {name: datetime.fromisoformat(stored[name]) for name in INSTANTS}
    row = {**stored, **instants, "quantity": Decimal(stored["quantity"])}
    return replace(_from_row(row), is_new=stored["is_new"])


def _to_row(one: RatedInterval, invoice_id: str | None, is_closed: bool) -> dict[str, Any]:
    return {
        "id": one.id,
        "agreement_id": one.agreement_id,
        "plan_version_id": one.plan_version_id,
        "component_id": one.component_id,
        "feature_key": one.feature_key,
        "period_start": one.period.start,
        "period_end": one.period.end,
        "interval_start": one.interval.start,
        "interval_end": one.interval.end,
        "counted_until": one.counted_until,
        "quantity": one.quantity,
        "billed_minor": one.billed.minor,
        "currency": one.billed.currency,
        "rounding": one.rating.rounding,
        "zero_usage_flat_fee": one.rating.zero_usage_flat_fee,
        "discounts": [discount_to_json(found) for found in one.discounts] or None,
        "invoice_id": invoice_id,
        "is_closed": is_closed,
        "is_dirty": one.is_dirty,
    }


def _from_row(row: RowMapping | Mapping[str, Any]) -> RatedInterval:
    return RatedInterval(
        id=row["id"],
        agreement_id=row["agreement_id"],
        plan_version_id=row["plan_version_id"],
        component_id=row["component_id"],
        feature_key=row["feature_key"],
        period=Period(row["period_start"], row["period_end"]),
        interval=Period(row["interval_start"], row["interval_end"]),
        counted_until=row["counted_until"],
        quantity=row["quantity"],
        billed=amount_of(row["billed_minor"], row["currency"]),
        rating=RatingPolicy(zero_usage_flat_fee=row["zero_usage_flat_fee"], rounding=row["rounding"]),
        discounts=tuple(discount_from_json(found) for found in row["discounts"] or ()),
        invoice_id=row["invoice_id"],
        is_closed=row["is_closed"],
        is_dirty=row["is_dirty"],
    )
