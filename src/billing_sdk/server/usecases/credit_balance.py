"""The credit balance: what invoices put there and use of it, in the transaction of the invoice or of its charge."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.invoicing import CreditEntry, Invoice, PendingCharge, balance_change
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork


def book_invoice(tx: UnitOfWork, invoice: Invoice, *, at: datetime) -> None:
    """Book what an invoice that no charge was made for keeps on the balance, or uses of it."""
    change = balance_change(invoice.lines, invoice.currency)
    if change:
        entry = CreditEntry(
            id=new_id("credit"),
            customer_id=invoice.customer_id,
            amount=change,
            reason="unused_time" if change.minor > 0 else "invoice",
            at=at,
            agreement_id=invoice.agreement_id,
            invoice_id=invoice.id,
        )
        tx.credits.add(entry)


def hold_for_charge(tx: UnitOfWork, charge: PendingCharge) -> None:
    """Take what a charge uses of the balance off it at once: nobody else can use it while the bank is asked."""
    change = balance_change(charge.lines, charge.currency)
    if change:
        entry = CreditEntry(
            id=new_id("credit"),
            customer_id=charge.customer_id,
            amount=change,
            reason="invoice",
            at=charge.started_at,
            agreement_id=charge.agreement_id,
            charge_id=charge.id,
        )
        tx.credits.add(entry)


def give_back(tx: UnitOfWork, charge_id: str, *, at: datetime) -> None:
    """Put back on the balance what a charge that was declined had used."""
    held = tx.credits.find_by_charge(charge_id)
    if held is not None:
        returned = replace(held, id=new_id("credit"), amount=-held.amount, reason="declined", at=at, charge_id=None)
        tx.credits.add(returned)
