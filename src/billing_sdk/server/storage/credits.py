"""What is owed to customers, and what of it was used."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select, update

from billing_sdk.money import Money, zero
from billing_sdk.server.domain.invoicing import CreditEntry
from billing_sdk.server.storage.later import Together
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.billing import customer_credits

BALANCE = select(func.coalesce(func.sum(customer_credits.c.amount_minor), 0)).where(
    customer_credits.c.customer_id == bindparam("customer"), customer_credits.c.currency == bindparam("currency")
)
BALANCES = (
    select(
        customer_credits.c.customer_id,
        customer_credits.c.currency,
        func.sum(customer_credits.c.amount_minor).label("minor"),
    )
    .where(customer_credits.c.customer_id.in_(bindparam("wanted", expanding=True)))
    .group_by(customer_credits.c.customer_id, customer_credits.c.currency)
)
OF_CHARGE = customer_credits.c.charge_id == bindparam("charge")


class CreditRepository:
    """Keeps credit balances, in the transaction of its connection; whoever changes one holds the customer's lock."""

    def __init__(self, connection: Connection, together: Together) -> None:
        self._connection = connection
        self._together = together
        self._ahead: dict[str, dict[str, Money]] = {}

    def read_ahead(self, customer_ids: Collection[str]) -> None:
        """Read the balances of many customers at once, for whoever asks for one of them later."""
        self._ahead.update((customer_id, {}) for customer_id in customer_ids)
        for row in self._connection.execute(BALANCES, {"wanted": sorted(customer_ids)}):
            self._ahead[row.customer_id][row.currency] = Money(int(row.minor), row.currency)

    def add(self, entry: CreditEntry) -> None:
        """Store a change of a balance."""
        values = row_of(entry)
        amount = values.pop("amount")
        row = {**values, "amount_minor": amount.minor, "currency": amount.currency}
        self._ahead.pop(entry.customer_id, None)
        self._together.insert(customer_credits, row)

    def balance(self, customer_id: str, currency: str) -> Money:
        """Return what is owed to a customer in a currency."""
        if customer_id in self._ahead:
            return self._ahead[customer_id].get(currency, zero(currency))
        found = self._connection.execute(BALANCE, {"customer": customer_id, "currency": currency}).scalar_one()
        return Money(int(found), currency)

    def balances(self, customer_id: str) -> tuple[Money, ...]:
        """Return what is owed to a customer, in every currency in which that is more than nothing."""
        total = func.sum(customer_credits.c.amount_minor)
        query = (
            select(customer_credits.c.currency, total.label("minor"))
            .where(customer_credits.c.customer_id == customer_id)
            .group_by(customer_credits.c.currency)
            .having(total > 0)
            .order_by(customer_credits.c.currency)
        )
        return tuple(Money(int(row.minor), row.currency) for row in self._connection.execute(query))

    def of_customer(self, customer_id: str) -> tuple[CreditEntry, ...]:
        """Return every change of a customer's balances, the oldest first."""
        query = select(customer_credits).where(customer_credits.c.customer_id == customer_id)
        rows = self._connection.execute(query.order_by(customer_credits.c.id)).mappings()
        return tuple(_from_row(row) for row in rows)

    def find_by_charge(self, charge_id: str) -> CreditEntry | None:
        """Return what a charge that is pending has used of the balance, if it has used any."""
        row = self._connection.execute(select(customer_credits).where(OF_CHARGE), {"charge": charge_id})
        found = row.mappings().first()
        return None if found is None else _from_row(found)

    def settle(self, charge_id: str, *, invoice_id: str) -> None:
        """Say which invoice the balance that a charge has used was used for."""
        change = update(customer_credits).where(OF_CHARGE).values(invoice_id=bindparam("invoice"))
        self._connection.execute(change, {"charge": charge_id, "invoice": invoice_id})


def _from_row(row: RowMapping) -> CreditEntry:
    values: dict[str, Any] = dict(row)
    amount = Money(values.pop("amount_minor"), values.pop("currency"))
    return CreditEntry(amount=amount, **values)
