"""How agreements stand: what was told of it last, and what it is worked out from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, or_, select

from billing_sdk.server.domain.agreements import Agreement, Circumstances, OwedInvoice, Standing
from billing_sdk.server.storage.tables.billing import agreements, charges, invoice_lines, invoices, payments
from billing_sdk.server.storage.tables.collection import dunnings, standings
from billing_sdk.server.storage.upsert import upsert

UNPAID = ("issued", "overdue", "uncollectible")
# Ends of dunning that leave an invoice unpaid for good.
IN_VAIN = ("cancelled", "paused", "uncollectible")

BY_ID = select(standings).where(standings.c.agreement_id == bindparam("wanted"))
# One after the other they are one subscription.
_CHAIN = select(agreements.c.id).where(
    or_(agreements.c.id == bindparam("subscription"), agreements.c.first_id == bindparam("subscription"))
)
_THEIRS = select(invoice_lines.c.invoice_id).where(invoice_lines.c.agreement_id.in_(_CHAIN))
LAST_PAID = select(func.max(invoices.c.issued_at)).where(invoices.c.id.in_(_THEIRS), invoices.c.status == "paid")
NOT_PAID = (
    select(
        invoices.c.id,
        invoices.c.status,
        invoices.c.issued_at,
        invoices.c.collection_method,
        dunnings.c.outcome,
        dunnings.c.started_at.label("dunned_since"),
        charges.c.awaits,
    )
    .select_from(
        invoices.outerjoin(dunnings, dunnings.c.invoice_id == invoices.c.id).outerjoin(
            charges, charges.c.invoice_id == invoices.c.id
        )
    )
    .where(invoices.c.id.in_(_THEIRS), invoices.c.status.in_(UNPAID))
    .order_by(invoices.c.id)
)
LAST_ATTEMPT = (
    select(payments.c.decline_code)
    .where(payments.c.invoice_id == bindparam("invoice"))
    .order_by(payments.c.attempted_at.desc(), payments.c.id.desc())
    .limit(1)
)


class StandingRepository:
    """Keeps how agreements stand, in the transaction of its connection.

    Attributes:
        touched: the agreements of which something has changed that their standing may follow from.
        touched_invoices: the invoices of which something has.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.touched: set[str] = set()
        self.touched_invoices: set[str] = set()

    def find(self, subscription_id: str) -> Standing | None:
        """Return how a subscription stands; None where nobody has asked yet."""
        row = self._connection.execute(BY_ID, {"wanted": subscription_id}).mappings().first()
        return None if row is None else _from_row(row)

    def find_many(self, subscription_ids: Collection[str]) -> dict[str, Standing]:
        """Return how many subscriptions stand, by their ids."""
        query = select(standings).where(standings.c.agreement_id.in_(subscription_ids))
        return {row["agreement_id"]: _from_row(row) for row in self._connection.execute(query).mappings()}

    def save(self, standing: Standing) -> None:
        """Store how a subscription stands now."""
        values = _to_row(standing)
        changes = {name: value for name, value in values.items() if name != "agreement_id"}
        self._connection.execute(upsert(self._connection, standings, values, changes))

    def take_touched(self) -> tuple[str, ...]:
        """Return the subscriptions of which something has changed since this was last asked, in the order of their ids.

        Only those of agreements that are billed at a cadence of their customer.
        """
        ids, self.touched = set(self.touched), set()
        found, self.touched_invoices = sorted(self.touched_invoices), set()
        if found:
            query = select(invoice_lines.c.agreement_id).where(
                invoice_lines.c.invoice_id.in_(found), invoice_lines.c.agreement_id.is_not(None)
            )
            ids |= set(self._connection.execute(query).scalars())
        if not ids:
            return ()
        query = select(func.coalesce(agreements.c.first_id, agreements.c.id)).where(
            agreements.c.id.in_(ids), agreements.c.billing_cadence_id.is_not(None)
        )
        return tuple(sorted(set(self._connection.execute(query).scalars())))

    def circumstances(self, agreement: Agreement, before: Standing | None) -> Circumstances:
        """Return what the standing of an agreement depends on.

        What was given up counts until a later invoice is paid: whoever pays again is not in arrears for ever.
        """
        wanted = {"subscription": agreement.subscription_id}
        rows = self._connection.execute(NOT_PAID, wanted).mappings().all()
        was_active = before is not None and "active" in before.servicing_at
        # Most of the time all is paid, and when that was says nothing more.
        paid_at = self._connection.execute(LAST_PAID, wanted).scalar() if rows else None
        return Circumstances(
            status=agreement.status,
            is_suspended=agreement.suspended_at is not None,
            was_served=was_active or paid_at is not None,
            owed=tuple(self._owed(row) for row in rows if not _is_past(row, paid_at)),
        )

    def _owed(self, row: RowMapping) -> OwedInvoice:
        awaits = row["awaits"]
        is_asked = awaits is not None and awaits["reason"] == "authentication"
        if not is_asked and row["dunned_since"] is not None:
            last = self._connection.execute(LAST_ATTEMPT, {"invoice": row["id"]}).scalar()
            is_asked = last == "authentication_required"
        return OwedInvoice(
            is_charged=row["collection_method"] == "charge_automatically",
            is_overdue=row["status"] == "overdue" or row["dunned_since"] is not None,
            is_given_up=row["status"] == "uncollectible" or row["outcome"] in IN_VAIN,
            awaits_customer=is_asked,
        )


def _is_past(row: RowMapping, paid_at: datetime | None) -> bool:
    return row["status"] == "uncollectible" and paid_at is not None and paid_at > row["issued_at"]


def _to_row(standing: Standing) -> dict[str, Any]:
    return {
        "agreement_id": standing.subscription_id,
        "servicing": standing.servicing,
        "collection": standing.collection,
        "servicing_at": _times_to_json(standing.servicing_at),
        "collection_at": _times_to_json(standing.collection_at),
    }


def _from_row(row: RowMapping) -> Standing:
    return Standing(
        row["agreement_id"],
        row["servicing"],
        row["collection"],
        _times_from_json(row["servicing_at"]),
        _times_from_json(row["collection_at"]),
    )


def _times_to_json(times: Mapping[str, datetime]) -> dict[str, str]:
    return {status: at.isoformat() for status, at in times.items()}


def _times_from_json(times: Mapping[str, str]) -> dict[str, datetime]:
    return {status: datetime.fromisoformat(at) for status, at in times.items()}
