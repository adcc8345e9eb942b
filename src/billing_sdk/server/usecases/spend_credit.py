"""Spend credit: what invoices say was paid with grants, in the transaction of the invoice or of its charge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.catalog import amount_of
from billing_sdk.server.domain.credits import CreditMovement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import (
    CreditedLine,
    Invoice,
    Lines,
    PendingCharge,
    applications_of,
    charge_of,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork


def spend_credit(tx: UnitOfWork, invoice: Invoice, *, at: datetime) -> None:
    """Spend what an invoice says that is issued now, and that no charge was made for."""
    _spend(tx, invoice.customer_id, invoice.lines, at=at, invoice_id=invoice.id)


def hold_credit(tx: UnitOfWork, charge: PendingCharge, *, at: datetime) -> None:
    """Spend what a charge leaves to credit at once: nothing else can use it while the bank is asked."""
    _spend(tx, charge.customer_id, charge.lines, at=at, charge_id=charge.id)


def settle_credit(tx: UnitOfWork, charge_id: str, invoice: Invoice) -> None:
    """Say which invoice the credit was spent for that a charge has held."""
    if applications_of(invoice.lines):
        tx.grants.settle(charge_id, invoice_id=invoice.id)


def give_credit_back(tx: UnitOfWork, customer: Customer, charge: PendingCharge, *, at: datetime) -> None:
    """Put back what a charge that was declined had held."""
    if applications_of(charge.lines):
        _return(tx, customer, tx.grants.held_by(charge.id), kind_is_declined=True, at=at)


def reinstate_credit(tx: UnitOfWork, customer: Customer, invoice: Invoice, *, at: datetime) -> None:
    """Put back what an invoice has used that is voided; what has expired by now ends again, once.

    The end comes as a timer of the present instant, after an invoice that is issued in the place of the voided one:
    what was used in time can be paid with it again.
    """
    if not applications_of(invoice.lines):
        return
    left: Counter[tuple[str, int | None, str]] = Counter()
    for movement in tx.grants.moved_by(invoice.id):
        left[movement.grant_id, movement.line, movement.amount.currency] -= movement.amount.minor
    used = [
        CreditMovement("", grant_id, invoice.customer_id, "applied", amount_of(-minor, currency), at, line=line)
        for (grant_id, line, currency), minor in left.items()
        if minor > 0
    ]
    _return(tx, customer, used, kind_is_declined=False, at=at, invoice_id=invoice.id)


def reinstate_part(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, credited: Iterable[CreditedLine], *, at: datetime
) -> None:
    """Put back what a credit note says that credit had paid for usage which there was not."""
    used = [
        CreditMovement(
            id="",
            grant_id=invoice.lines[line.number - 1].component_id,
            customer_id=customer.id,
            kind="applied",
            amount=line.amount,
            at=at,
            line=charge_of(invoice, line.number),
        )
        for line in credited
        if invoice.lines[line.number - 1].kind == "credit_grant"
    ]
    _return(tx, customer, used, kind_is_declined=False, at=at, invoice_id=invoice.id)


def _spend(
    tx: UnitOfWork,
    customer_id: str,
    lines: Lines,
    *,
    at: datetime,
    invoice_id: str | None = None,
    charge_id: str | None = None,
) -> None:
    tx.grants.move(
        [
            CreditMovement(
                id=new_id("movement"),
                grant_id=applied.grant_id,
                customer_id=customer_id,
                kind="applied",
                amount=-applied.amount,
                at=at,
                invoice_id=invoice_id,
                line=applied.line,
                charge_id=charge_id,
            )
            for applied in applications_of(lines)
        ]
    )


def _return(
    tx: UnitOfWork,
    customer: Customer,
    used: Iterable[CreditMovement],
    *,
    kind_is_declined: bool,
    at: datetime,
    invoice_id: str | None = None,
) -> None:
    back = [
        replace(
            movement,
            id=new_id("movement"),
            kind="given_back" if kind_is_declined else "reinstated",
            amount=-movement.amount,
            at=at,
            charge_id=None,
            invoice_id=invoice_id,
        )
        for movement in used
    ]
    tx.grants.move(back)
    for grant in tx.grants.find_all({movement.grant_id for movement in back}).values():
        if grant.status != "granted":
            tx.grants.save(grant.after("reinstate"))
        if grant.expires_at is not None:
            tx.timers.set("expire_credit", grant.id, max(grant.expires_at, at), customer)
