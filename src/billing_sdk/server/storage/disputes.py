"""Disputes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from billing_sdk.errors import UnknownDispute
from billing_sdk.money import Money, total, zero
from billing_sdk.server.domain.invoicing import Dispute, DisputeStatus, Invoice
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.corrections import disputes

OF_PAYMENT = select(disputes).where(disputes.c.payment_id == bindparam("payment")).order_by(disputes.c.id)


class DisputeRepository:
    """Keeps disputes, in the transaction of its connection; whoever changes one holds the customer's lock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, dispute: Dispute) -> None:
        """Store a new dispute."""
        self._connection.execute(insert(disputes), _to_row(dispute))

    def save(self, dispute: Dispute) -> None:
        """Store what has become of a dispute."""
        values = _to_row(dispute)
        self._connection.execute(update(disputes).where(disputes.c.id == values.pop("id")).values(values))

    def get(self, dispute_id: str) -> Dispute:
        """Return a dispute.

        Raises:
            UnknownDispute: there is none with this id.
        """
        row = self._connection.execute(select(disputes).where(disputes.c.id == dispute_id)).mappings().first()
        if row is None:
            raise UnknownDispute(f"there is no dispute {dispute_id[:64]!r}")
        return _from_row(row)

    def find_by_reference(self, gateway: GatewayKind, reference: str) -> Dispute | None:
        """Return the dispute that a processor calls so, if it is known here."""
        query = select(disputes).where(disputes.c.gateway == gateway, disputes.c.reference == reference)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _from_row(row)

    def of_payment(self, payment_id: str) -> tuple[Dispute, ...]:
        """Return the disputes of a payment, the oldest first."""
        rows = self._connection.execute(OF_PAYMENT, {"payment": payment_id}).mappings()
        return tuple(_from_row(row) for row in rows)

    def held(self, invoice: Invoice) -> Money:
        """Return what is not ours of the payment of an invoice, since it is disputed, or lost to the bank."""
        if invoice.payment_id is None:
            return zero(invoice.currency)
        return total([dispute.held for dispute in self.of_payment(invoice.payment_id)], invoice.currency)

    def page(
        self,
        wanted: PageRequest = FIRST_PAGE,
        *,
        customer_id: str | None = None,
        invoice_id: str | None = None,
        status: DisputeStatus | None = None,
    ) -> Page[Dispute]:
        """Return a page of disputes in the order of their ids: all, or a customer's, an invoice's, of a status."""
        query = select(disputes)
        wants = (
            (disputes.c.customer_id, customer_id),
            (disputes.c.invoice_id, invoice_id),
            (disputes.c.status, status),
        )
        for column, value in wants:
            query = query if value is None else query.where(column == value)
        return read_page(self._connection, query, disputes.c.id, wanted, _from_row)


def _to_row(dispute: Dispute) -> dict[str, Any]:
    row = row_of(dispute)
    amount = row.pop("amount")
    return {**row, "amount_minor": amount.minor, "currency": amount.currency}


def _from_row(row: RowMapping) -> Dispute:
    values: dict[str, Any] = dict(row)
    amount = Money(values.pop("amount_minor"), values.pop("currency"))
    return Dispute(amount=amount, **values)
