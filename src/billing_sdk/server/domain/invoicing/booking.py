"""What an invoice, and what becomes of it, means for the books, from its lines alone.

Fees are earned over the time that they are for, usage when it is invoiced, because it was delivered before; what was
accrued for it is reversed then (Stripe documentation, "How advanced usage-based billing works", Revenue Recognition).
What takes something off follows the line that it lowers: to the same account, over the same time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing.credit import BALANCE
from billing_sdk.server.domain.invoicing.credit_note import CreditDestination
from billing_sdk.server.domain.invoicing.invoice import Invoice, InvoiceLine, InvoiceReason, Payment
from billing_sdk.server.domain.ledger import (
    Account,
    EntryKind,
    JournalEntry,
    day_of,
    last_day_before,
    mirrored,
    month_begin,
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
        "adjustment": "revenue",
        "overage": "revenue",
        "tax": "tax_payable",
        "credit_balance": "credit_liability",
        # Lines from before they said what they are about.
        None: "deferred_revenue",
    }
)
FOLLOWS = frozenset({"discount"})
# What pays for usage: credit that was paid for is owed to the customer, other credit lowers what is earned.
GRANT_ACCOUNTS: Mapping[str, Account] = MappingProxyType(
    {"paid": "credit_liability", "promotional": "promotional_credit"}
)
# What is against a credit note, by where it goes.
NOTE_ACCOUNTS: Mapping[CreditDestination, Account] = MappingProxyType(
    {"invoice": "receivable", "refund": "refunds", "balance": "credit_liability"}
)
# What is earned at once, or in time.
EARNED: frozenset[Account] = frozenset({"revenue", "deferred_revenue"})
# What can be billed at the very end of a month, for that month.
WITH_A_MONTH: frozenset[InvoiceReason] = frozenset({"renewal", "change", "end"})
# What is undone where an invoice is void. Accrual that it has taken back stays so.
VOIDED: frozenset[EntryKind] = frozenset({"issue", "recognition", "credit_note", "write_off"})


@dataclass(frozen=True, slots=True)
class BookedShare:
    """What is booked of a line: all of it when it is issued, or how much of it is credited.

    Attributes:
        amount: with the taxes that it includes.
        included_tax_minor: those.
        added_tax_minor: taxes that are credited with it, which stand on lines of their own.
    """

    line: InvoiceLine
    amount: Money
    included_tax_minor: int = 0
    added_tax_minor: int = 0

    def taken_back(self) -> BookedShare:
        """Return it as it is booked where it is credited."""
        return BookedShare(self.line, -self.amount, -self.included_tax_minor, -self.added_tax_minor)


def account_of(line: InvoiceLine) -> Account:
    """Return the account that a line is booked to, against what the customer owes."""
    if line.component_id == BALANCE or line.derivation.get("grant") is not None:
        return "credit_liability"  # the customer's money, that is kept or has bought credit
    if line.kind == "credit_grant":
        return GRANT_ACCOUNTS[line.derivation["category"]]
    kind = line.derivation.get("of", "usage") if line.kind in FOLLOWS else line.kind
    return LINE_ACCOUNTS[kind]


def agreements_delivered(invoice: Invoice, *, at: datetime) -> tuple[str, ...]:
    """Return the agreements for which an invoice bills what was delivered before: what may have been accrued.

    Args:
        invoice: what is issued.
        at: when, in the customer's time.
    """
    found = (line.agreement_id for line in invoice.lines if line.period.start < at and account_of(line) in EARNED)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def agreements_earning(invoice: Invoice) -> tuple[str, ...]:
    """Return the agreements under which an invoice bills something that is earned, at once or in time."""
    found = (line.agreement_id for line in invoice.lines if account_of(line) in EARNED)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def earned_before(lines: Iterable[InvoiceLine], until: datetime) -> int:
    """Return what of lines was earned before an instant, in minor units: usage, and fees by the time that has passed.

    Args:
        lines: what is charged for usage before that instant, and for time that has begun by then.
        until: the instant.
    """
    last = last_day_before(until)
    earned = 0
    for line in lines:
        account, net = account_of(line), line.amount.minor - included_tax_minor(line)
        if account == "revenue":
            earned += net
        elif account == "deferred_revenue":
            shares = straight_line(Money(net, line.amount.currency), line.period)
            earned += sum(minor for day, minor in shares if day <= last)
    return earned


def accrual_entry(customer_id: str, agreement_id: str, change: Money, *, until: datetime, at: datetime) -> JournalEntry:
    """Return the entry that accrues what a month has delivered and no invoice has, or takes some of it back.

    Args:
        customer_id: whose agreement it is.
        agreement_id: under which agreement it was delivered.
        change: by how much what is accrued changes.
        until: the end of the month.
        at: the customer's present.
    """
    return JournalEntry(
        "accrual",
        on=last_day_before(until),
        at=at,
        customer_id=customer_id,
        currency=change.currency,
        postings=postings_of({"unbilled_receivable": change.minor, "revenue": -change.minor}),
        agreement_id=agreement_id,
    )


def used_until_month(invoice: Invoice, agreement_id: str, *, at: datetime) -> Money:
    """Return what an invoice that comes with the end of a month bills of usage which that month has delivered.

    An adjustment comes later: what is reported late counts to the month that it is known in.

    Args:
        invoice: what is issued.
        agreement_id: whose usage.
        at: when, in the customer's time.
    """
    begin = month_begin(at)
    its = [
        line.amount.minor - included_tax_minor(line)
        for line in invoice.lines
        if (line.agreement_id, line.period.end) == (agreement_id, begin) and account_of(line) == "revenue"
    ]
    return Money(sum(its) if invoice.reason in WITH_A_MONTH else 0, invoice.currency)


def reversal_entry(invoice: Invoice, agreement_id: str, accrued: Money, *, at: datetime) -> JournalEntry:
    """Return the entry that takes back what was accrued for an agreement, since an invoice has it now."""
    amounts: dict[Account, int] = {"revenue": accrued.minor, "unbilled_receivable": -accrued.minor}
    return replace(_entry("reversal", invoice, amounts, at=at), agreement_id=agreement_id)


def issue_entries(invoice: Invoice, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of an invoice that is issued, the recognition of its fees with them.

    Args:
        invoice: what is issued.
        at: when, in the customer's time.
    """
    shares = [BookedShare(line, line.amount, included_tax_minor(line)) for line in invoice.lines]
    return tuple(_booked("issue", invoice, shares, {"receivable": invoice.amount.minor}, at=at))


def payment_entry(invoice: Invoice, payment: Payment, *, at: datetime) -> JournalEntry:
    """Return the entry of a payment that has settled an invoice.

    Args:
        invoice: what was paid, as it was before.
        payment: the payment.
        at: when it has settled it, in the customer's time.
    """
    # What was given up for lost and is paid after all was no loss.
    owed: Account = "bad_debt" if invoice.status == "uncollectible" else "receivable"
    # What was taken before its invoice is with us already.
    paid_with: Account = "cash" if payment.payment_intent_id is None else "unapplied_payments"
    amounts: dict[Account, int] = {paid_with: payment.amount.minor, owed: -payment.amount.minor}
    return replace(_entry("payment", invoice, amounts, at=at), payment_id=payment.id)


def credit_note_entries(
    invoice: Invoice,
    credited: Iterable[BookedShare],
    parts: Mapping[CreditDestination, Money],
    *,
    note_id: str,
    at: datetime,
) -> tuple[JournalEntry, ...]:
    """Return the entries of a credit note: what it takes back is not earned, on the days on which it was or would be.

    Args:
        invoice: what is corrected.
        credited: how much of which lines.
        note_id: the note.
        parts: how much lowers what is owed (`invoice`), is to be paid back (`refund`), or kept (`balance`).
        at: the customer's present.
    """
    taken = [share.taken_back() for share in credited]
    against = {NOTE_ACCOUNTS[destination]: -amount.minor for destination, amount in parts.items() if amount}
    booked = _booked("credit_note", invoice, taken, against, at=at)
    return tuple(replace(entry, reference_id=note_id) for entry in booked)


def refund_entry(
    invoice: Invoice, amount: Money, *, refund_id: str, to: Account = "cash", at: datetime
) -> JournalEntry:
    """Return the entry of money that was paid back, or that is on the customer's balance since it could not be."""
    entry = _entry("refund", invoice, {"refunds": amount.minor, to: -amount.minor}, at=at)
    return replace(entry, reference_id=refund_id)


def refund_returned_entry(invoice: Invoice, amount: Money, *, refund_id: str, at: datetime) -> JournalEntry:
    """Return the entry of money that was paid back and has come back, and is on the customer's balance."""
    entry = _entry("refund", invoice, {"cash": amount.minor, "credit_liability": -amount.minor}, at=at)
    return replace(entry, reference_id=refund_id)


def overpaid_entry(invoice: Invoice, surplus: Money, *, payment_id: str, at: datetime) -> JournalEntry:
    """Return the entry of what was paid beyond what was owed, and is on the customer's balance; below zero it goes."""
    entry = _entry("payment", invoice, {"cash": surplus.minor, "credit_liability": -surplus.minor}, at=at)
    return replace(entry, payment_id=payment_id)


def write_off_entry(invoice: Invoice, *, at: datetime) -> JournalEntry:
    """Return the entry of an invoice that is given up for lost.

    Args:
        invoice: as it was before, still owed.
        at: the customer's present.
    """
    due = invoice.amount_due.minor
    return _entry("write_off", invoice, {"bad_debt": due, "receivable": -due}, at=at)


def void_entries(booked: Iterable[JournalEntry], *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return what undoes all that was booked of an invoice.

    Args:
        booked: the entries of the invoice.
        at: the customer's present.
    """
    return tuple(mirrored(entry, kind="void", at=at) for entry in booked if entry.kind in VOIDED)


def included_tax_minor(line: InvoiceLine) -> int:
    """Return the taxes that a line's amount includes; those that are added stand on lines of their own."""
    tax = line.derivation.get("tax") or {}
    if tax.get("behavior") != "inclusive":
        return 0
    return sum(int(share["amount_minor"]) for share in tax.get("shares", ()))


def _booked(
    kind: EntryKind,
    invoice: Invoice,
    shares: Iterable[BookedShare],
    against: Mapping[Account, int],
    *,
    at: datetime,
) -> Iterator[JournalEntry]:
    """Book shares of lines against other accounts, and what is earned of them later on the day when it is earned."""
    today = day_of(at)
    amounts: defaultdict[Account, int] = defaultdict(int, against)
    later: defaultdict[date, int] = defaultdict(int)
    for share in shares:
        amounts["tax_payable"] -= share.included_tax_minor + share.added_tax_minor
        net = Money(share.amount.minor - share.included_tax_minor, share.amount.currency)
        account = account_of(share.line)
        if account in GRANT_ACCOUNTS.values():
            # Credit pays taxes that a price includes as well, which no revenue was lowered by.
            amounts[account] -= share.amount.minor
            amounts["revenue"] += share.included_tax_minor
            continue
        if account != "deferred_revenue":
            amounts[account] -= net.minor
            continue
        for day, minor in straight_line(net, share.line.period):
            if day <= today:
                amounts["revenue"] -= minor
            else:
                amounts["deferred_revenue"] -= minor
                later[day] += minor
    if any(amounts.values()):
        yield _entry(kind, invoice, amounts, at=at)
    for day, minor in sorted(later.items()):
        if minor:
            earned: dict[Account, int] = {"deferred_revenue": minor, "revenue": -minor}
            yield replace(_entry("recognition", invoice, earned, at=at), on=day)


def _entry(kind: EntryKind, invoice: Invoice, amounts_minor: Mapping[Account, int], *, at: datetime) -> JournalEntry:
    return JournalEntry(
        kind,
        on=day_of(at),
        at=at,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        postings=postings_of(amounts_minor),
        invoice_id=invoice.id,
    )
