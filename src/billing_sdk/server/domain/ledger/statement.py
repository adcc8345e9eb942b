"""What a customer has owed and paid, entry by entry: an account of the customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from billing_sdk.server.domain.ledger.accounts import Account
from billing_sdk.server.domain.ledger.entry import EntryKind, JournalEntry

# What the customer owes, less what it has to its credit and what is to be paid back to it. Who disputes a payment has
# the money again, and owes it until that is decided.
OF_THE_CUSTOMER: tuple[Account, ...] = (
    "receivable",
    "credit_liability",
    "unapplied_payments",
    "refunds",
    "disputed",
)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One change of what a customer owes.

    Attributes:
        amount_minor: above zero what was charged, below zero what was paid or given.
        balance_minor: what the customer owes from then on, in this currency; below zero what it has to its credit.
        reference_id: the credit note, refund or grant, where it is about one.
    """

    on: date
    kind: EntryKind
    currency: str
    amount_minor: int
    balance_minor: int
    invoice_id: str | None
    payment_id: str | None
    reference_id: str | None


def statement_of(entries: Iterable[JournalEntry]) -> tuple[StatementLine, ...]:
    """Return what has changed what a customer owes.

    Args:
        entries: all of the customer, in their order.
    """
    balances: defaultdict[str, int] = defaultdict(int)
    lines = []
    for entry in entries:
        change = sum(entry.amount_of(account) for account in OF_THE_CUSTOMER)
        # An invoice that the balance has paid in full changes nothing, and is told all the same.
        if not change and entry.kind != "issue":
            continue
        balances[entry.currency] += change
        lines.append(
            StatementLine(
                entry.on,
                entry.kind,
                entry.currency,
                change,
                balances[entry.currency],
                entry.invoice_id,
                entry.payment_id,
                entry.reference_id,
            )
        )
    return tuple(lines)
