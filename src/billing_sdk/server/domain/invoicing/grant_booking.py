"""What grants of credit mean for the books, apart from the invoices that they pay for.

Credit that was paid for is owed to the customer until it pays for usage; what is left of it in the end is earned.
Promotional credit is nothing until then, and lowers what is earned.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from billing_sdk.money import Money
from billing_sdk.server.domain.credits import CreditGrant, GrantSource
from billing_sdk.server.domain.ledger import Account, EntryKind, JournalEntry, day_of, postings_of

# Where the money for paid credit came from, and goes back to where the grant is taken back: what somebody else is still
# to collect is owed. A top-up was booked by the invoice that asks for it; one that is taken back later was paid for
# nothing.
SOURCES: Mapping[GrantSource, Account] = MappingProxyType(
    {"manual": "cash", "service_action": "promotional_credit", "top_up": "revenue"}
)


def grant_entries(grant: CreditGrant, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of a grant that begins to exist: none where nobody has paid for it, or an invoice says so.

    What it is of more than it costs is given away, as promotional credit is; what it costs more counts against that.
    """
    if not grant.is_on_the_books:
        return ()
    if grant.source == "top_up":
        return bargain_entries("grant", grant, grant.amount - grant.cost, at=at)
    return _entries("grant", grant, _amounts(grant), at)


def grant_void_entries(grant: CreditGrant, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of a grant that is taken back, of which nothing was used; one of nothing paid has none."""
    if not grant.is_on_the_books or grant.status == "awaiting_payment":
        return ()
    return _entries("grant_void", grant, {account: -minor for account, minor in _amounts(grant).items()}, at)


def bargain_entries(kind: EntryKind, grant: CreditGrant, given: Money, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of what bought credit is of more than its invoice says, when it comes or is taken back.

    Args:
        kind: what has caused it.
        grant: what was bought.
        given: how much more credit than money; below zero for less, or where it is taken back.
        at: the customer's present.
    """
    return _entries(kind, grant, {"promotional_credit": given.minor, "credit_liability": -given.minor}, at)


def settlement_entries(grant: CreditGrant, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of a grant whose payment somebody else has collected."""
    return _entries("settlement", grant, {"cash": grant.cost.minor, "receivable": -grant.cost.minor}, at)


def expiry_entries(grant: CreditGrant, amount: Money, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of credit that has ended unused: what was paid for it is earned.

    Args:
        grant: the grant.
        amount: what of it has ended.
        at: the customer's present.
    """
    return _earned("expiry", grant, amount, at)


def adjustment_entries(grant: CreditGrant, amount: Money, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of credit that an adjustment has taken, as if usage had: what was paid for it is earned.

    Args:
        grant: the grant.
        amount: what was taken of it.
        at: the customer's present.
    """
    return _earned("adjustment", grant, amount, at)


def _amounts(grant: CreditGrant) -> Mapping[Account, int]:
    against: Account = SOURCES[grant.source]
    if grant.settlement is not None and grant.settlement != "settled":
        against = "receivable"
    amounts: dict[Account, int] = {against: grant.cost.minor, "credit_liability": -grant.amount.minor}
    amounts["promotional_credit"] = amounts.get("promotional_credit", 0) + grant.amount.minor - grant.cost.minor
    return amounts


def _earned(kind: EntryKind, grant: CreditGrant, amount: Money, at: datetime) -> tuple[JournalEntry, ...]:
    if not grant.is_on_the_books:
        return ()
    return _entries(kind, grant, {"revenue": -amount.minor, "credit_liability": amount.minor}, at)


def _entries(
    kind: EntryKind, grant: CreditGrant, amounts_minor: Mapping[Account, int], at: datetime
) -> tuple[JournalEntry, ...]:
    postings = postings_of(amounts_minor)
    if not postings:
        return ()
    entry = JournalEntry(
        kind,
        on=day_of(at),
        at=at,
        customer_id=grant.customer_id,
        currency=grant.amount.currency,
        postings=postings,
        reference_id=grant.id,
    )
    return (entry,)
