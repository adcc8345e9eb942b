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

# Where the money for paid credit came from, and goes back to where the grant is taken back. A top-up was booked by the
# invoice that asks for it; one that is taken back later was paid for nothing.
SOURCES: Mapping[GrantSource, Account] = MappingProxyType(
    {"manual": "cash", "service_action": "promotional_credit", "top_up": "revenue"}
)


def grant_entries(grant: CreditGrant, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of a grant that begins to exist: none where nobody has paid for it, or an invoice says so."""
    if grant.category != "paid" or grant.source == "top_up":
        return ()
    return _moved("grant", grant, SOURCES[grant.source], grant.amount, at)


def grant_void_entries(grant: CreditGrant, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of a grant that is taken back, of which nothing was used; one of nothing paid has none."""
    if grant.category != "paid" or grant.status == "awaiting_payment":
        return ()
    return _moved("grant_void", grant, SOURCES[grant.source], -grant.amount, at)


def expiry_entries(grant: CreditGrant, amount: Money, *, at: datetime) -> tuple[JournalEntry, ...]:
    """Return the entries of credit that has ended unused: what was paid for it is earned.

    Args:
        grant: the grant.
        amount: what of it has ended.
        at: the customer's present.
    """
    if grant.category != "paid" or not amount:
        return ()
    return _moved("expiry", grant, "revenue", -amount, at)


def _moved(
    kind: EntryKind, grant: CreditGrant, against: Account, amount: Money, at: datetime
) -> tuple[JournalEntry, ...]:
    entry = JournalEntry(
        kind,
        on=day_of(at),
        at=at,
        customer_id=grant.customer_id,
        currency=amount.currency,
        postings=postings_of({against: amount.minor, "credit_liability": -amount.minor}),
        reference_id=grant.id,
    )
    return (entry,)
