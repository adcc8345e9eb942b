"""Journal entries and their postings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, get_args

from billing_sdk.server.domain.ledger.accounts import Account

# In the order in which those of one instant are told.
EntryKind = Literal[
    "accrual",
    "reversal",
    "issue",
    "recognition",
    "grant",
    "adjustment",
    "payment",
    "settlement",
    "credit_note",
    "refund",
    "write_off",
    "void",
    "grant_void",
    "expiry",
    "dispute",
    "dispute_closed",
]
PLACES = {kind: place for place, kind in enumerate(get_args(EntryKind))}


class UnbalancedEntry(ValueError):
    """The postings of an entry don't sum to zero, or it has none: whoever made it is wrong."""


@dataclass(frozen=True, slots=True)
class Posting:
    """What an entry does to one account: a debit above zero, a credit below."""

    account: Account
    amount_minor: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Postings that belong together; they sum to zero, and no account is named twice.

    Attributes:
        kind: what has caused it.
        on: the day to whose month it counts, in UTC; it lies ahead for revenue that is not earned yet.
        at: when it was written, in the customer's time.
        currency: of all its postings.
        invoice_id: the invoice that it is about.
        payment_id: the payment that it is about.
        agreement_id: whose usage it accrues, or reverses the accrual of.
        reference_id: what else it is about, such as a credit note or a grant of credit.

    Raises:
        UnbalancedEntry: they don't sum to zero, there is none, one is of nothing, or an account is named twice.
    """

    kind: EntryKind
    on: date
    at: datetime
    customer_id: str
    currency: str
    postings: tuple[Posting, ...]
    invoice_id: str | None = None
    payment_id: str | None = None
    agreement_id: str | None = None
    reference_id: str | None = None

    def __post_init__(self) -> None:
        amounts = [posting.amount_minor for posting in self.postings]
        if not amounts or sum(amounts) != 0 or 0 in amounts:
            raise UnbalancedEntry(f"{self.kind} of {self.customer_id}: {self.postings} don't balance")
        if len({posting.account for posting in self.postings}) < len(amounts):
            raise UnbalancedEntry(f"{self.kind} of {self.customer_id}: {self.postings} name an account twice")

    @property
    def place(self) -> tuple[date, datetime, int]:
        """Where it stands among others."""
        return self.on, self.at, PLACES[self.kind]

    def amount_of(self, account: Account) -> int:
        """Return what it does to an account, in minor units; zero where it does not touch it."""
        return sum(posting.amount_minor for posting in self.postings if posting.account == account)


def postings_of(amounts_minor: Mapping[Account, int]) -> tuple[Posting, ...]:
    """Return the postings of amounts by account; what comes to nothing is left out."""
    return tuple(Posting(account, amount_minor) for account, amount_minor in amounts_minor.items() if amount_minor)


def mirrored(entry: JournalEntry, *, kind: EntryKind, at: datetime) -> JournalEntry:
    """Return what undoes an entry: at once what is done, and on its own day what lies ahead.

    Args:
        entry: what is undone.
        kind: what undoes it.
        at: the customer's present.
    """
    undone = tuple(Posting(posting.account, -posting.amount_minor) for posting in entry.postings)
    return replace(entry, kind=kind, on=max(entry.on, day_of(at)), at=at, postings=undone)


def day_of(at: datetime) -> date:
    """Return the day of an instant in UTC, by which books are kept whatever the zone of a customer."""
    return at.astimezone(UTC).date()
