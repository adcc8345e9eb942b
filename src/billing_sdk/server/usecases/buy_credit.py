"""Sell credit: an invoice for it, and a grant that comes into effect once that is paid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from billing_sdk.money import Money, zero
from billing_sdk.server.domain.credits import CreditGrant, bought_for, check_grant, check_number
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    TOP_UP,
    Invoice,
    InvoiceLine,
    Lines,
    bought_line,
    grants_bought,
)
from billing_sdk.server.domain.periods import Duration, Period
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.credit_known_as import KnownAs, let_key_go, remember_grant
from billing_sdk.server.usecases.grant_credit import ends_at, let_in
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.tax_customer import require_location


def buy_credit(
    tx: UnitOfWork,
    customer: Customer,
    amount: Money,
    *,
    name: str = TOP_UP,
    priority: int = 50,
    effective_at: datetime | None = None,
    expires_at: datetime | None = None,
    expires_after: Duration | None = None,
    applies_to: Sequence[str] = (),
    price: Money | None = None,
    known_as: KnownAs | None = None,
    source: EventSource,
    actor: str,
    at: datetime,
) -> tuple[CreditGrant, Invoice]:
    """Issue the invoice for credit, and keep the credit until it is paid; the customer is locked by the caller.

    Where the customer's own balance pays for all of it, it is in effect at once. The invoice is for the price, where
    that is not as much as the credit.

    Raises:
        InvalidAmount, InvalidCreditGrant, InvalidRequest, TooManyCreditGrants: as `grant_credit`.
        TaxLocationMissing: nobody knows where the customer is, and the profile won't have anything sold without tax.
    """
    grant = CreditGrant(
        id=new_id("grant"),
        customer_id=customer.id,
        name=name.strip(),
        amount=amount,
        left=amount,
        category="paid",
        effective_at=effective_at or at,
        created_at=at,
        priority=priority,
        expires_at=ends_at(tx, customer, expires_at, expires_after, effective_at or at),
        applies_to=tuple(dict.fromkeys(applies_to)),
        price=price,
        source="top_up",
        status="awaiting_payment",
    )
    check_grant(grant, at=at)
    check_number(tx.grants.count_unused(customer.id) + len(tx.grants.awaiting_payment(customer.id)))
    wanted = new_invoice(
        customer,
        _completed(tx, customer, bought_line(grant, at=at), at),
        currency=amount.currency,
        agreement=None,
        reason="one_off",
        at=at,
    )
    remember_grant(tx, grant, known_as, at=at)
    [grant] = await_payment(tx, [grant], wanted, actor=actor, at=at)
    require_location(tx, customer, wanted.lines)
    invoice = issue_invoice(tx, customer, wanted, source=source, actor=actor, at=at)
    if invoice.status == "paid":
        credit_paid(tx, customer, invoice, source=source, actor=actor, at=at)
    return grant, invoice


def await_payment(
    tx: UnitOfWork, grants: Iterable[CreditGrant], invoice: Invoice, *, actor: str, at: datetime
) -> tuple[CreditGrant, ...]:
    """Keep credit that an invoice sells until that is paid."""
    sold = tuple(replace(grant, invoice_id=invoice.id) for grant in grants)
    for grant in sold:
        tx.grants.add(replace(grant, left=zero(grant.amount.currency)))
        tx.audit.record(actor, "credit.buy", grant.id, at, after=grant)
    return sold


def sold_again(tx: UnitOfWork, lines: Lines, *, at: datetime) -> tuple[Lines, tuple[CreditGrant, ...]]:
    """Return lines of a void invoice for another one, and the credit that they sell: as much as they come to now."""
    again: list[InvoiceLine] = []
    grants: list[CreditGrant] = []
    for line in lines:
        grant_id = line.derivation.get("grant")
        if grant_id is None:
            again.append(line)
            continue
        void = tx.grants.get(grant_id)
        grant = replace(
            void,
            id=new_id("grant"),
            amount=bought_for(void, line.amount),
            left=bought_for(void, line.amount),
            price=None if void.price is None else line.amount,
            effective_at=max(void.effective_at, at),
            created_at=at,
            status="awaiting_payment",
            voided_at=None,
        )
        derivation = {**line.derivation, "component": grant.id, "grant": grant.id}
        again.append(replace(line, component_id=grant.id, derivation=derivation))
        grants.append(grant)
    return tuple(again), tuple(grants)


def credit_paid(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, *, source: EventSource, actor: str, at: datetime
) -> None:
    """Let credit in that an invoice is for which has been paid; it counts from now on, or from when it was to begin."""
    if not grants_bought(invoice.lines):
        return
    for before in tx.grants.bought_by(invoice.id):
        if before.status == "awaiting_payment":
            grant = replace(before.after("pay"), effective_at=max(before.effective_at, at))
            tx.grants.save(grant)
            tx.audit.record(actor, "credit.grant", grant.id, at, before=before, after=grant)
            let_in(tx, customer, replace(grant, left=grant.amount), source=source, at=at)


def credit_not_bought(tx: UnitOfWork, invoice: Invoice, *, actor: str, at: datetime) -> None:
    """Drop credit that was never paid, because its invoice is void."""
    if not grants_bought(invoice.lines):
        return
    for before in tx.grants.bought_by(invoice.id):
        if before.status == "awaiting_payment":
            dropped = replace(before.after("void"), voided_at=at)
            tx.grants.save(dropped)
            let_key_go(tx, dropped)
            tx.audit.record(actor, "credit.void", before.id, at, before=before, after=dropped)


def _completed(tx: UnitOfWork, customer: Customer, line: InvoiceLine, at: datetime) -> tuple[InvoiceLine, ...]:
    period, currency = Period(at, at), line.amount.currency
    return complete_lines(tx, customer, (line,), currency=currency, agreement=None, period=period, at=at)
