"""What an invoice means for the books, from its lines alone.

Fees are earned over the time that they are for, usage when it is invoiced, because it was delivered before; what was
accrued for it is reversed then (Stripe documentation, "How advanced usage-based billing works", Revenue Recognition).
What takes something off follows the line that it lowers: to the same account, over the same time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.invoicing.credit import BALANCE
from billing_sdk.server.domain.invoicing.invoice import Invoice, InvoiceLine
from billing_sdk.server.domain.ledger import (
    Account,
    EntryKind,
    JournalEntry,
    Posting,
    day_of,
    last_day_before,
    postings_of,
    straight_line,
)

# The account of each kind of line; a line that takes something off has that of the kind which it lowers.
LINE_ACCOUNTS: Mapping[str | None, Account] = MappingProxyType(
    {
        "licence_fee": "deferred_revenue",
        "unused_time": "deferred_revenue",
        "one_off": "deferred_revenue",
        "usage": "revenue",
        "tax": "tax_payable",
        "credit_balance": "credit_liability",
        # Lines from before they said what they are about.
        None: "deferred_revenue",
    }
)
FOLLOWS = frozenset({"discount", "adjustment"})


@dataclass(frozen=True, slots=True)
class Share:
    """What is booked of a line: all of it when it is issued, a part when it is credited."""

    line: InvoiceLine
    amount: Money


def account_of(line: InvoiceLine) -> Account:
    """Return the account that a line is booked to, against what the customer owes."""
    if line.component_id == BALANCE:
        return "credit_liability"
    kind = line.derivation.get("of", "usage") if line.kind in FOLLOWS else line.kind
    return LINE_ACCOUNTS[kind]


def issue_entries(invoice: Invoice, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of an invoice that is issued, the recognition of its fees with them.

    Args:
        invoice: what is issued.
        at: when, in the customer's time.
    """
    shares = [Share(line, line.amount) for line in invoice.lines]
    return tuple(_booked("issue", invoice, shares, against="receivable", at=at))


def reversal_entry(invoice: Invoice, agreement_id: str, accrued: Money, *, at: datetime) -> JournalEntry:
    """Return the entry that takes back what was accrued for usage of an agreement, since an invoice has it now."""
    return JournalEntry(
        "reversal",
        on=day_of(at),
        at=at,
        customer_id=invoice.customer_id,
        currency=accrued.currency,
        postings=postings_of({"revenue": accrued.minor, "unbilled_receivable": -accrued.minor}),
        invoice_id=invoice.id,
        agreement_id=agreement_id,
    )


def accrual_entry(agreement: Agreement, change: Money, *, until: datetime, at: datetime) -> JournalEntry:
    """Return the entry that accrues usage of a month which no invoice has, or takes some of it back.

    Args:
        agreement: whose usage.
        change: by how much what is accrued changes.
        until: the end of the month.
        at: the customer's present.
    """
    return JournalEntry(
        "accrual",
        on=last_day_before(until),
        at=at,
        customer_id=agreement.customer_id,
        currency=change.currency,
        postings=postings_of({"unbilled_receivable": change.minor, "revenue": -change.minor}),
        agreement_id=agreement.id,
    )


def agreements_with_usage(invoice: Invoice) -> tuple[str, ...]:
    """Return the agreements whose usage an invoice is about: what may have been accrued before."""
    found = (line.agreement_id for line in invoice.lines if account_of(line) == "revenue")
    return tuple(dict.fromkeys(one for one in found if one is not None))


def payment_entry(
    invoice: Invoice, payment_id: str, amount: Money, *, at: datetime, is_written_off: bool = False
) -> JournalEntry:
    """Return the entry of a payment that has settled an invoice.

    Args:
        invoice: what was paid.
        payment_id: the payment.
        amount: how much it was.
        at: when, in the customer's time.
        is_written_off: the invoice was given up for lost: what is paid after all was no loss.
    """
    owed: Account = "bad_debt" if is_written_off else "receivable"
    return JournalEntry(
        "payment",
        on=day_of(at),
        at=at,
        customer_id=invoice.customer_id,
        currency=amount.currency,
        postings=postings_of({"cash": amount.minor, owed: -amount.minor}),
        invoice_id=invoice.id,
        payment_id=payment_id,
    )


def _booked(
    kind: EntryKind, invoice: Invoice, shares: Iterable[Share], *, against: Account, at: datetime
) -> Iterator[JournalEntry]:
    """Book shares of lines against an account, and what is earned of them later on the day when it is earned."""
    today = day_of(at)
    amounts: defaultdict[Account, int] = defaultdict(int)
    later: defaultdict[date, int] = defaultdict(int)
    for share in shares:
        amounts[against] += share.amount.minor
        account = account_of(share.line)
        if account != "deferred_revenue":
            amounts[account] -= share.amount.minor
            continue
        for day, minor in straight_line(share.amount, share.line.period):
            if day <= today:
                amounts["revenue"] -= minor
            else:
                amounts["deferred_revenue"] -= minor
                later[day] += minor
    if postings := postings_of(amounts):
        yield _entry(kind, invoice, postings, on=today, at=at)
    for day, minor in sorted(later.items()):
        if minor:
            yield _entry(
                "recognition", invoice, postings_of({"deferred_revenue": minor, "revenue": -minor}), on=day, at=at
            )


def _entry(kind: EntryKind, invoice: Invoice, postings: tuple[Posting, ...], *, on: date, at: datetime) -> JournalEntry:
    return JournalEntry(
        kind,
        on=on,
        at=at,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        postings=postings,
        invoice_id=invoice.id,
    )
