"""Take credit back whose price a credit note gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import CreditGrantEnded, CreditGrantUsed
from billing_sdk.money import Money, total
from billing_sdk.server.domain.credits import CreditGrant, CreditMovement, bought_for, moved, uncovered
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import CreditedLine, Invoice
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.pending_usage import pending_usage
from billing_sdk.server.usecases.post import post_bought_back


def take_back_bought(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, credited: Sequence[CreditedLine], *, actor: str, at: datetime
) -> None:
    """Take credit back that was bought; what was used of it, or is reserved, is not given back.

    Raises:
        CreditGrantUsed: there is less left of it than what is given back, or usage that is billed later needs it.
        CreditGrantEnded: it is not paid yet.
    """
    for line in credited:
        grant_id = invoice.lines[line.number - 1].derivation.get("grant")
        if grant_id is None:
            continue
        before = tx.grants.get(grant_id)
        amount = _bought_with(tx, invoice, line, before)
        _check(tx, customer, before, amount, at)
        gone = CreditMovement(new_id("movement"), grant_id, customer.id, "voided", -amount, at, invoice_id=invoice.id)
        tx.grants.move([gone])
        post_bought_back(tx, before, amount, line.amount, at=at)
        tx.audit.record(actor, "credit.take_back", grant_id, at, before=before, after=moved(before, gone.amount))


def _bought_with(tx: UnitOfWork, invoice: Invoice, line: CreditedLine, grant: CreditGrant) -> Money:
    """Return how much credit was bought with what is given back of its price: all of it goes with all of that."""
    notes = tx.credit_notes.of_invoice(invoice.id)
    given = total([one.amount for note in notes for one in note.lines if one.number == line.number], invoice.currency)
    return bought_for(grant, given) - bought_for(grant, given - line.amount)


def _check(tx: UnitOfWork, customer: Customer, grant: CreditGrant, amount: Money, at: datetime) -> None:
    if grant.status == "awaiting_payment":
        raise CreditGrantEnded(
            "the credit is not paid yet, so there is nothing of it to give back",
            remedy="Make the invoice void, or re-issue it with what it should come to.",
            grant_status=grant.status,
        )
    if grant.left < amount:
        raise CreditGrantUsed(
            f"{grant.left} is left of the credit that was bought, not {amount}",
            remedy="Give back what is left of it.",
            grant=grant.id,
        )
    grants = tx.grants.unused_of(customer.id)
    rest = [replace(one, left=one.left - amount) if one.id == grant.id else one for one in grants]
    used = pending_usage(tx, customer, at=at, more=tx.reservations.held_of(customer.id, at=at))
    lacking = uncovered(rest, used, amount.currency) - uncovered(grants, used, amount.currency)
    if lacking:
        raise CreditGrantUsed(
            f"{lacking} of the credit that was bought pays for usage that is billed later",
            remedy=f"Give back {lacking} less.",
            grant=grant.id,
        )
