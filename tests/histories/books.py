"""All that has been written about one customer."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Event
from billing_sdk.server.domain.invoicing import (
    CreditEntry,
    CreditNote,
    Dispute,
    Invoice,
    Payment,
    Refund,
    UnusedRefund,
)
from billing_sdk.server.domain.ledger import JournalEntry


@dataclass(frozen=True, slots=True)
class Books:
    """All that has been written about one customer; what `waiting` holds is not issued yet."""

    customer: Customer
    agreements: tuple[Agreement, ...]
    invoices: tuple[Invoice, ...]
    waiting: tuple[Invoice, ...]
    events: tuple[Event, ...]
    credits: tuple[CreditEntry, ...]
    entries: tuple[JournalEntry, ...]
    payments: tuple[Payment, ...]
    unused_refunds: tuple[UnusedRefund, ...]
    notes: tuple[CreditNote, ...]
    refunds: tuple[Refund, ...]
    grants: tuple[CreditGrant, ...]
    disputes: tuple[Dispute, ...]

    @property
    def billed(self) -> tuple[Invoice, ...]:
        """What was billed, issued or not."""
        return self.invoices + self.waiting

    @property
    def charged(self) -> tuple[Invoice, ...]:
        """What was billed, without what only takes the place of an invoice that was billed before."""
        return tuple(invoice for invoice in self.billed if invoice.replaces_id is None)

    @property
    def void_for_good(self) -> frozenset[str]:
        """The invoices, by their ids, that are void, and so is each that has taken their place."""
        followed_by = {invoice.replaces_id: invoice for invoice in self.invoices if invoice.replaces_id is not None}
        found = set()
        for invoice in self.invoices:
            last = invoice
            while last.id in followed_by:
                last = followed_by[last.id]
            if last.status == "void":
                found.add(invoice.id)
        return frozenset(found)
