"""What is owed to a customer: entries that add up to a balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing_sdk.money import Money, total
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine

# The component of the lines that use some of the balance, or put something there.
BALANCE = "credit_balance"

# Given for time that was paid and not used, by a credit note, or because a refund has failed; used for an invoice;
# given back because the charge was declined or the invoice is void; more was paid at the processor than was owed by
# then, until that is given back there.
CreditReason = Literal["unused_time", "invoice", "declined", "credit_note", "refund_failed", "void", "overpaid"]


@dataclass(frozen=True, slots=True)
class CreditEntry:
    """One change of a customer's balance; the entries of one currency add up to it.

    Attributes:
        amount: above zero what is owed to the customer, below zero what was used.
        charge_id: the charge that it was used with, whose outcome decides whether it stays used.
    """

    id: str
    customer_id: str
    amount: Money
    reason: CreditReason
    at: datetime
    agreement_id: str | None = None
    charge_id: str | None = None
    invoice_id: str | None = None


def balance_change(lines: tuple[InvoiceLine, ...], currency: str) -> Money:
    """Return what an invoice does to the customer's balance: it keeps a surplus there, or uses some of it."""
    return total([line.amount for line in lines if line.component_id == BALANCE], currency)
