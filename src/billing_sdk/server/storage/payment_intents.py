"""Payment intents, and what of them was given back before it had paid anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from billing_sdk.errors import Conflict, UnknownPaymentIntent
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import Payment, PaymentIntent, UnusedRefund
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.billing import payments
from billing_sdk.server.storage.tables.payment_intents import payment_intents, unused_refunds


class PaymentIntentRepository:
    """Keeps payment intents, in the transaction of its connection; whoever changes one holds the customer's lock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, intent: PaymentIntent) -> None:
        """Store a new payment intent."""
        self._connection.execute(insert(payment_intents), _to_row(intent))

    def save(self, intent: PaymentIntent) -> None:
        """Store what has become of a payment intent."""
        values = _to_row(intent)
        mine = payment_intents.c.id == values.pop("id")
        self._connection.execute(update(payment_intents).where(mine).values(values))

    def get(self, intent_id: str) -> PaymentIntent:
        """Return a payment intent.

        Raises:
            UnknownPaymentIntent: there is none with this id.
        """
        query = select(payment_intents).where(payment_intents.c.id == intent_id)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise UnknownPaymentIntent(f"there is no payment intent {intent_id[:64]!r}")
        return _from_row(row)

    def find_by_payment(self, payment_id: str) -> PaymentIntent | None:
        """Return the payment intent that a payment is of, if it is of one."""
        query = select(payment_intents).where(payment_intents.c.payment_id == payment_id)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _from_row(row)

    def page(self, wanted: PageRequest = FIRST_PAGE, *, customer_id: str | None = None) -> Page[PaymentIntent]:
        """Return a page of payment intents in the order of their ids: all, or a customer's."""
        query = select(payment_intents)
        if customer_id is not None:
            query = query.where(payment_intents.c.customer_id == customer_id)
        return read_page(self._connection, query, payment_intents.c.id, wanted, _from_row)

    def unused_of(self, customer_id: str) -> dict[str, Money]:
        """Return what a customer has with us that has paid for nothing yet, by its currency."""
        left = func.sum(payment_intents.c.amount_minor - payment_intents.c.refunded_minor)
        query = (
            select(payment_intents.c.currency, left.label("left"))
            .where(
                payment_intents.c.customer_id == customer_id,
                payment_intents.c.status == "succeeded",
                payment_intents.c.invoice_id.is_(None),
            )
            .group_by(payment_intents.c.currency)
        )
        found = {row.currency: Money(int(row.left), row.currency) for row in self._connection.execute(query)}
        return {currency: money for currency, money in found.items() if money}

    def use(self, payment: Payment) -> None:
        """Store which invoice the payment of a payment intent has paid.

        Raises:
            Conflict: it has paid another one meanwhile.
        """
        unused = (payments.c.id == payment.id, payments.c.invoice_id.is_(None))
        used = update(payments).where(*unused).values(invoice_id=payment.invoice_id)
        if not self._connection.execute(used).rowcount:
            raise Conflict(f"the payment {payment.id} has paid something else meanwhile")
        mine = payment_intents.c.id == payment.payment_intent_id
        self._connection.execute(update(payment_intents).where(mine).values(invoice_id=payment.invoice_id))

    def add_refund(self, refund: UnusedRefund) -> None:
        """Store a refund before the gateway is asked for it."""
        self._connection.execute(insert(unused_refunds), _to_row(refund))

    def settle_refund(self, refund: UnusedRefund) -> bool:
        """Store the outcome of a refund that is pending; False where somebody else has done so before."""
        pending = update(unused_refunds).where(unused_refunds.c.id == refund.id, unused_refunds.c.status == "pending")
        return bool(self._connection.execute(pending.values(_to_row(refund))).rowcount)

    def release_refund(self, refund_id: str, *, at: datetime) -> None:
        """Let anybody take up a refund whose outcome could not be learnt."""
        mine = (unused_refunds.c.id == refund_id, unused_refunds.c.status == "pending")
        self._connection.execute(update(unused_refunds).where(*mine).values(lease_ends_at=at))

    def find_refund(self, refund_id: str) -> UnusedRefund | None:
        """Return a refund of what had paid nothing, if there is one."""
        query = select(unused_refunds).where(unused_refunds.c.id == refund_id)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _refund_from(row)

    def refunds_of(self, intent_id: str) -> tuple[UnusedRefund, ...]:
        """Return the refunds of a payment intent, the oldest first."""
        query = select(unused_refunds).where(unused_refunds.c.payment_intent_id == intent_id)
        rows = self._connection.execute(query.order_by(unused_refunds.c.id)).mappings()
        return tuple(_refund_from(row) for row in rows)

    def refunds_left_over(self, *, at: datetime) -> tuple[UnusedRefund, ...]:
        """Return the refunds that nobody seems to be working on any more, the oldest first."""
        query = select(unused_refunds).where(unused_refunds.c.status == "pending", unused_refunds.c.lease_ends_at <= at)
        rows = self._connection.execute(query.order_by(unused_refunds.c.id)).mappings()
        return tuple(_refund_from(row) for row in rows)


def _to_row(thing: PaymentIntent | UnusedRefund) -> dict[str, Any]:
    row = row_of(thing)
    amount = row.pop("amount")
    if "metadata" in row:
        row["metadata"] = dict(row["metadata"])
    return {**row, "amount_minor": amount.minor, "currency": amount.currency}


def _from_row(row: RowMapping) -> PaymentIntent:
    values: dict[str, Any] = dict(row)
    return PaymentIntent(amount=Money(values.pop("amount_minor"), values.pop("currency")), **values)


def _refund_from(row: RowMapping) -> UnusedRefund:
    values: dict[str, Any] = dict(row)
    return UnusedRefund(amount=Money(values.pop("amount_minor"), values.pop("currency")), **values)
