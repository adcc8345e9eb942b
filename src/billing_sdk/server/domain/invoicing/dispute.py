"""Disputes: the holder of a card asks the bank for a payment back, and what that means for the books.

The bank takes the money at once and decides later, so a dispute holds it: it is neither here nor lost. An inquiry is a
bank that only asks, and a fraud warning one that only tells; neither moves money, and an inquiry may become a dispute.
The invoice stays paid whatever becomes of it: what was delivered was delivered (Stripe documentation, "Disputes").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from billing_sdk.errors import DisputeClosed
from billing_sdk.money import Money, zero
from billing_sdk.server.domain.ledger import Account, EntryKind, JournalEntry, day_of, postings_of
from billing_sdk.server.domain.workspace import GatewayKind

DisputeKind = Literal["dispute", "inquiry", "fraud_warning"]
DisputeStatus = Literal["needs_response", "under_review", "won", "lost", "closed"]
DisputeEvent = Literal["answer", "win", "lose", "close", "reopen"]

# Everything that can happen to a dispute's status is in this table; nothing else may change one.
TRANSITIONS: Mapping[tuple[DisputeStatus, DisputeEvent], DisputeStatus] = MappingProxyType(
    {
        ("needs_response", "answer"): "under_review",
        ("needs_response", "win"): "won",
        ("needs_response", "lose"): "lost",
        ("needs_response", "close"): "closed",
        ("under_review", "win"): "won",
        ("under_review", "lose"): "lost",
        ("under_review", "close"): "closed",
        ("under_review", "reopen"): "needs_response",
        # A bank may change its mind after it has decided, an inquiry that has ended may still become a dispute, and
        # what lies between two looks at a processor is never known.
        ("won", "answer"): "under_review",
        ("lost", "answer"): "under_review",
        ("closed", "answer"): "under_review",
        ("won", "reopen"): "needs_response",
        ("lost", "reopen"): "needs_response",
        ("closed", "reopen"): "needs_response",
        ("won", "lose"): "lost",
        ("won", "close"): "closed",
        ("lost", "win"): "won",
        ("lost", "close"): "closed",
        ("closed", "win"): "won",
        ("closed", "lose"): "lost",
    }
)
# What leads to a status, whatever it was before.
LEADS: Mapping[DisputeStatus, DisputeEvent] = MappingProxyType(
    {"needs_response": "reopen", "under_review": "answer", "won": "win", "lost": "lose", "closed": "close"}
)
OPEN: frozenset[DisputeStatus] = frozenset({"needs_response", "under_review"})
# How each kind can end. What was only asked or told is neither won nor lost.
ENDS: Mapping[DisputeKind, frozenset[DisputeStatus]] = MappingProxyType(
    {
        "dispute": frozenset({"won", "lost"}),
        "inquiry": frozenset({"closed"}),
        "fraud_warning": frozenset({"closed"}),
    }
)
# Where the money of a dispute is, against `cash`.
PLACES: Mapping[DisputeStatus, Account] = MappingProxyType(
    {"needs_response": "disputed", "under_review": "disputed", "lost": "bad_debt"}
)


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a payment is disputed as soon as it is made, as a test card says."""

    reason: str
    kind: DisputeKind = "dispute"


@dataclass(frozen=True, slots=True)
class ToldDispute:
    """A dispute as its processor tells it.

    Attributes:
        reference: the processor's own id of it.
        amount: how much of the payment is disputed, in the payment's currency.
        reason: the bank's, such as `fraudulent`.
        evidence_due_at: until when it can be answered, in real time.
    """

    reference: str
    amount: Money
    reason: str
    kind: DisputeKind = "dispute"
    status: DisputeStatus = "needs_response"
    evidence_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """Some or all of a payment that is asked back for through the bank.

    Attributes:
        id: starts with `dispute_`.
        payment_id: the payment that is disputed.
        invoice_id: what that has paid.
        gateway: whose payment it is.
        reference: the processor's own id of the dispute.
        opened_at: since when it is known, in the customer's time.
        closed_at: when its end became known; None while it goes on.
    """

    id: str
    payment_id: str
    invoice_id: str | None
    customer_id: str
    gateway: GatewayKind
    reference: str
    kind: DisputeKind
    amount: Money
    reason: str
    status: DisputeStatus
    opened_at: datetime
    evidence_due_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided yet."""
        return self.status in OPEN

    @property
    def held(self) -> Money:
        """What is not ours because of it: it is with the bank, or lost."""
        moves = self.kind == "dispute" and self.status in PLACES
        return self.amount if moves else zero(self.amount.currency)

    def moved(self, event: DisputeEvent, *, at: datetime) -> Dispute:
        """Return the dispute after something has happened to it.

        Raises:
            DisputeClosed: that can't happen to a dispute of this status.
        """
        status = TRANSITIONS.get((self.status, event))
        if status is None:
            raise DisputeClosed(f"the dispute {self.id} is {self.status}", status=self.status)
        return replace(self, status=status, closed_at=None if status in OPEN else at)

    def ended(self, status: DisputeStatus, *, at: datetime) -> Dispute:
        """Return the dispute as it ends.

        Raises:
            DisputeClosed: it has ended already, or one of its kind doesn't end so.
        """
        if not self.is_open or status not in ENDS[self.kind]:
            raise DisputeClosed(
                f"the {self.kind.replace('_', ' ')} {self.id} is {self.status}, and can't become {status}",
                status=self.status,
            )
        return self.moved(LEADS[status], at=at)

    def following(self, told: ToldDispute, *, at: datetime) -> Dispute:
        """Return the dispute as its processor tells it now, whatever was known of it before.

        Args:
            told: fetched from the processor.
            at: the customer's present.
        """
        same = replace(
            self, kind=told.kind, amount=told.amount, reason=told.reason, evidence_due_at=told.evidence_due_at
        )
        return same if told.status == self.status else same.moved(LEADS[told.status], at=at)


def dispute_entry(before: Dispute | None, after: Dispute, *, at: datetime) -> JournalEntry | None:
    """Return the entry that brings the books from what a dispute was to what it is; None where no money moves.

    Args:
        before: as it was; None where it is new.
        after: as it is.
        at: the customer's present.
    """
    amounts: dict[Account, int] = {}
    for dispute, sign in ((before, -1), (after, 1)):
        if dispute is not None and dispute.held:
            minor = sign * dispute.held.minor
            for account, moved in ((PLACES[dispute.status], minor), ("cash", -minor)):
                amounts[account] = amounts.get(account, 0) + moved
    if not any(amounts.values()):
        return None
    kind: EntryKind = "dispute" if after.is_open else "dispute_closed"
    return JournalEntry(
        kind,
        on=day_of(at),
        at=at,
        customer_id=after.customer_id,
        currency=after.amount.currency,
        postings=postings_of(amounts),
        invoice_id=after.invoice_id,
        payment_id=after.payment_id,
        reference_id=after.id,
    )
