"""Charges whose outcome is not known yet: at most one for each customer and plan group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from billing_sdk.errors import Conflict
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import AwaitReason, Awaits, InvoiceLine, PendingCharge
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.agreed import agreement_from_json, agreement_to_json
from billing_sdk.server.storage.invoice_rows import frames_from_json, frames_to_json
from billing_sdk.server.storage.later import Together
from billing_sdk.server.storage.rated_intervals import rated_from_json, rated_to_json
from billing_sdk.server.storage.tables.billing import charges
from billing_sdk.server.storage.upsert import insert_new

OF_CUSTOMER = select(charges).where(charges.c.customer_id == bindparam("customer"))
GROUPS_OF_MANY = select(charges.c.customer_id, charges.c.group_id).where(
    charges.c.customer_id.in_(bindparam("wanted", expanding=True))
)
OF_GROUP = OF_CUSTOMER.where(charges.c.group_id == bindparam("group"))
LEFT_OVER = select(charges).where(charges.c.lease_ends_at <= bindparam("at")).order_by(charges.c.id)
LEFT_OVER_OF_CUSTOMER = LEFT_OVER.where(charges.c.customer_id == bindparam("customer"))


class ChargeRepository:
    """Keeps pending charges, in the transaction of its connection."""

    def __init__(self, connection: Connection, together: Together) -> None:
        self._connection = connection
        self._together = together
        self._ahead: dict[str, set[str | None]] = {}
        self._removed: dict[str, bool] = {}

    def read_ahead(self, customer_ids: Collection[str]) -> None:
        """Read what is being charged to many customers at once; the caller holds the locks on them."""
        self._ahead.update((customer_id, set()) for customer_id in customer_ids)
        for row in self._connection.execute(GROUPS_OF_MANY, {"wanted": sorted(customer_ids)}):
            self._ahead[row.customer_id].add(row.group_id)

    def is_under_way(self, customer_id: str, group_id: str) -> bool:
        """Tell whether anything is being charged for a customer's plan of a group, after `read_ahead`."""
        return group_id in self._ahead[customer_id]

    def add(self, charge: PendingCharge) -> None:
        """Store a charge before the gateway is asked for it.

        Raises:
            Conflict: another one of the same customer and plan group, or of the same invoice, is under way.
        """
        groups, agreement = self._ahead.get(charge.customer_id), charge.agreement
        if groups is not None and agreement is not None and agreement.group_id not in groups:
            groups.add(agreement.group_id)
            self._together.insert(charges, _to_row(charge))
            return
        if not insert_new(self._connection, charges, _to_row(charge)):
            raise Conflict("another change of this customer's plan is under way")

    def find(self, customer_id: str, group_id: str) -> PendingCharge | None:
        """Return what is being charged for a customer's plan of a group, if anything is."""
        row = self._connection.execute(OF_GROUP, {"customer": customer_id, "group": group_id}).mappings().first()
        return None if row is None else _from_row(row)

    def by_id(self, charge_id: str) -> PendingCharge | None:
        """Return a charge whose outcome is not known yet."""
        row = self._connection.execute(select(charges).where(charges.c.id == charge_id)).mappings().first()
        return None if row is None else _from_row(row)

    def of_invoice(self, invoice_id: str) -> PendingCharge | None:
        """Return what is being charged for an issued invoice, if anything is."""
        row = self._connection.execute(select(charges).where(charges.c.invoice_id == invoice_id)).mappings().first()
        return None if row is None else _from_row(row)

    def of_customer(self, customer_id: str) -> tuple[PendingCharge, ...]:
        """Return every charge of a customer whose outcome is not known yet."""
        rows = self._connection.execute(OF_CUSTOMER.order_by(charges.c.id), {"customer": customer_id}).mappings()
        return tuple(_from_row(row) for row in rows)

    def has_any(self) -> bool:
        """Tell whether the outcome of any charge of anybody is not known yet."""
        return self._connection.execute(select(charges.c.id).limit(1)).first() is not None

    def awaits_invoice(self, customer_id: str, group_id: str) -> bool:
        """Tell whether an issued invoice of a customer's plan of a group waits for its payment."""
        charge = self.find(customer_id, group_id)
        return charge is not None and charge.invoice_id is not None and charge.awaits is not None

    def waiting_reasons(self) -> Counter[AwaitReason]:
        """Count the charges of everybody that wait, by what they wait for."""
        found = self._connection.execute(select(charges.c.awaits)).scalars()
        return Counter(awaits["reason"] for awaits in found if awaits is not None)

    def has_open(self, customer_id: str) -> bool:
        """Tell whether the outcome of any charge of a customer is not known yet."""
        return self._connection.execute(OF_CUSTOMER, {"customer": customer_id}).first() is not None

    def has_for_invoice(self, invoice_id: str) -> bool:
        """Tell whether the outcome of a charge for an invoice is not known yet."""
        query = select(charges.c.id).where(charges.c.invoice_id == invoice_id).limit(1)
        return self._connection.execute(query).first() is not None

    def list_left_over(self, *, at: datetime, customer_id: str | None = None) -> tuple[PendingCharge, ...]:
        """Return the charges that nobody seems to be working on any more, the oldest first."""
        query = LEFT_OVER if customer_id is None else LEFT_OVER_OF_CUSTOMER
        rows = self._connection.execute(query, {"at": at, "customer": customer_id}).mappings()
        return tuple(_from_row(row) for row in rows)

    def release(self, charge_id: str, *, at: datetime) -> None:
        """Let anybody take up a charge whose outcome could not be learnt."""
        self._connection.execute(update(charges).where(charges.c.id == charge_id).values(lease_ends_at=at))

    def wait(self, charge_id: str, awaits: Awaits, *, look_again_at: datetime) -> None:
        """Say what a charge waits for, and when its gateway is asked again if nobody has heard from it before."""
        values = {"awaits": _awaits_to_json(awaits), "lease_ends_at": look_again_at}
        self._connection.execute(update(charges).where(charges.c.id == charge_id).values(values))

    def remove_ahead(self, charge_ids: Collection[str]) -> None:
        """Remove many charges whose outcomes are known, for whoever removes one of them in this transaction."""
        removed = delete(charges).where(charges.c.id.in_(charge_ids)).returning(charges.c.id)
        self._removed.update(dict.fromkeys(charge_ids, False))
        self._removed.update(dict.fromkeys(self._connection.execute(removed).scalars(), True))

    def remove(self, charge_id: str) -> bool:
        """Remove a charge whose outcome is known; False where somebody else has done so before."""
        if charge_id in self._removed:
            return self._removed.pop(charge_id)
        return bool(self._connection.execute(delete(charges).where(charges.c.id == charge_id)).rowcount)


def _to_row(charge: PendingCharge) -> dict[str, Any]:
    return {
        "id": charge.id,
        "customer_id": charge.customer_id,
        "group_id": None if charge.agreement is None else charge.agreement.group_id,
        "agreement": None if charge.agreement is None else agreement_to_json(charge.agreement),
        "payment_method_id": charge.payment_method_id,
        "lines": [_line_to_json(line) for line in charge.lines],
        "currency": charge.currency,
        "source": charge.source,
        "actor": charge.actor,
        "started_at": charge.started_at,
        "lease_ends_at": charge.lease_ends_at,
        "invoice_id": charge.invoice_id,
        "rated": [rated_to_json(one) for one in charge.rated],
        "gateway": charge.gateway,
        "awaits": _awaits_to_json(charge.awaits),
        "payment_intent_id": charge.payment_intent_id,
    }


def _from_row(row: RowMapping) -> PendingCharge:
    return PendingCharge(
        id=row["id"],
        customer_id=row["customer_id"],
        agreement=None if row["agreement"] is None else agreement_from_json(row["agreement"]),
        payment_method_id=row["payment_method_id"],
        lines=tuple(_line_from_json(stored, row["currency"]) for stored in row["lines"]),
        currency=row["currency"],
        source=row["source"],
        actor=row["actor"],
        started_at=row["started_at"],
        lease_ends_at=row["lease_ends_at"],
        invoice_id=row["invoice_id"],
        rated=tuple(rated_from_json(one) for one in row["rated"]),
        gateway=row["gateway"],
        awaits=_awaits_from_json(row["awaits"]),
        payment_intent_id=row["payment_intent_id"],
    )


def _awaits_to_json(awaits: Awaits | None) -> dict[str, Any] | None:
    return None if awaits is None else {"reason": awaits.reason, "since": awaits.since.isoformat(), "url": awaits.url}


def _awaits_from_json(stored: dict[str, Any] | None) -> Awaits | None:
    if stored is None:
        return None
    return Awaits(stored["reason"], datetime.fromisoformat(stored["since"]), stored["url"])


def _line_to_json(line: InvoiceLine) -> dict[str, Any]:
    return {
        "subject": line.subject,
        "frames": frames_to_json(line.frames),
        "amount_minor": line.amount.minor,
        "period_start": line.period.start.isoformat(),
        "period_end": line.period.end.isoformat(),
        "agreement_id": line.agreement_id,
        "plan_version_id": line.plan_version_id,
        "component_id": line.component_id,
        "quantity": None if line.quantity is None else f"{line.quantity:f}",
        "derivation": dict(line.derivation),
    }


def _line_from_json(stored: dict[str, Any], currency: str) -> InvoiceLine:
    return InvoiceLine(
        subject=stored["subject"],
        amount=Money(stored["amount_minor"], currency),
        period=Period(datetime.fromisoformat(stored["period_start"]), datetime.fromisoformat(stored["period_end"])),
        plan_version_id=stored["plan_version_id"],
        component_id=stored["component_id"],
        quantity=None if stored["quantity"] is None else Decimal(stored["quantity"]),
        derivation=stored["derivation"],
        agreement_id=stored["agreement_id"],
        frames=frames_from_json(stored["frames"]),
    )
