"""A grant of credit, and everything that can happen to it.

Source: Stripe documentation, "Billing credits": a grant has a category, a priority, a time from which it counts, a time
from which it doesn't, and a scope of metered items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from billing_sdk.errors import (
    CreditGrantEnded,
    CreditGrantUsed,
    InvalidAmount,
    InvalidCreditGrant,
    InvalidRequest,
    TooManyCreditGrants,
)
from billing_sdk.money import MAX_MINOR, Money
from billing_sdk.server.domain.catalog import Units, amount_of
from billing_sdk.server.domain.credits.payable import Payable

GrantCategory = Literal["paid", "promotional"]
GrantSource = Literal["manual", "service_action", "top_up"]
GrantStatus = Literal["awaiting_payment", "granted", "expired", "voided"]
GrantEvent = Literal["pay", "void", "expire", "reinstate"]
Settlement = Literal["pending", "authorized", "settled"]

# Everything that can happen to a grant's status is in this table. One that is used up stays `granted`: an invoice that
# is voided gives back what it has used, and so it may to one that has expired, whose end then comes again.
TRANSITIONS: Mapping[tuple[GrantStatus, GrantEvent], GrantStatus] = MappingProxyType(
    {
        ("awaiting_payment", "pay"): "granted",
        ("awaiting_payment", "void"): "voided",
        ("granted", "void"): "voided",
        ("granted", "expire"): "expired",
        ("granted", "reinstate"): "granted",
        ("expired", "reinstate"): "granted",
    }
)

CATEGORIES: frozenset[str] = frozenset({"paid", "promotional"})
LAST_PRIORITY = 1000
USUAL_PRIORITY = 50
MOST_UNUSED = 100
# How many features a scope names, and how many metered items, and how many rate cards.
MOST_NAMED = 20
LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class CreditGrant:
    """Credit of a customer.

    Attributes:
        id: starts with `grant_`.
        amount: what was granted.
        left: what of it is not used, expired or voided; what a top-up will grant is nothing until it is paid.
        category: whether the customer has paid for it; it decides the order, and how the books show it.
        priority: 0 is spent first, 1000 last.
        effective_at: from then on it counts.
        expires_at: from then on it pays for usage of earlier periods only.
        applies_to: keys of the features whose usage it pays for; empty for all metered ones.
        items: ids of the metered items that it pays for; empty for all, and for usage that no rate card prices.
        cards: ids of the rate cards whose charges it pays; empty for all, likewise.
        agreement_id: with which agreement it was granted, where a plan grants it; it pays for any of the customer's.
        component: which component of the agreement grants it, by the keys of the plan and of the component.
        interval_start: for which service interval it was granted.
        ends_with_agreement: it is for one service interval, and so not for longer than the agreement lasts.
        invoice_id: the invoice that has to be paid for it.
        price: what a paid one costs, taxes aside, where that is not as much as it is of.
        settlement: how far its payment has come where somebody else collects that; see `settlement.py`.
    """

    id: str
    customer_id: str
    name: str
    amount: Money
    left: Money
    category: GrantCategory
    effective_at: datetime
    created_at: datetime
    priority: int = USUAL_PRIORITY
    expires_at: datetime | None = None
    applies_to: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    source: GrantSource = "manual"
    status: GrantStatus = "granted"
    agreement_id: str | None = None
    component: str | None = None
    interval_start: datetime | None = None
    ends_with_agreement: bool = False
    invoice_id: str | None = None
    voided_at: datetime | None = None
    price: Money | None = None
    settlement: Settlement | None = None

    @property
    def cost(self) -> Money:
        """What is paid for it, taxes aside; what is paid for units is not known here."""
        if not self.is_on_the_books:
            return amount_of(0, self.amount.currency)
        return self.amount if self.price is None else self.price

    @property
    def is_on_the_books(self) -> bool:
        """Whether money was paid for it that is owed until it is used: units stand beside the books."""
        return self.category == "paid" and not isinstance(self.amount, Units)

    def after(self, event: GrantEvent) -> CreditGrant:
        """Return the grant as it is after an event; its money is moved apart from that.

        Raises:
            CreditGrantEnded: that can't happen to it any more.
        """
        status = TRANSITIONS.get((self.status, event))
        if status is None:
            raise CreditGrantEnded(f"the credit grant is {self.status}", grant_status=self.status)
        return replace(self, status=status)

    def voided(self, at: datetime) -> CreditGrant:
        """Return the grant when it is taken back.

        Raises:
            CreditGrantUsed: some of it was used.
            CreditGrantEnded: it has expired, or was taken back before.
        """
        if self.status == "granted" and self.left != self.amount:
            raise CreditGrantUsed(f"{self.amount - self.left} of the credit grant was used", grant=self.id)
        return replace(self.after("void"), voided_at=at)

    def is_in_effect(self, at: datetime) -> bool:
        """Tell whether it counts at an instant."""
        return self.effective_at <= at and (self.expires_at is None or at < self.expires_at)

    def covers(self, payable: Payable) -> bool:
        """Tell whether usage is within its scope; each of the three lists that names something narrows it."""
        return (
            (not self.applies_to or payable.feature_key in self.applies_to)
            and (not self.items or payable.item_id in self.items)
            and (not self.cards or payable.card_id in self.cards)
        )

    def pays_for(self, payable: Payable) -> bool:
        """Tell whether usage can be paid with it, as far as something is left.

        The end of the period decides, not the instant of the invoice: usage that is billed late was used in time.
        """
        period = payable.period
        return (
            self.status == "granted"
            and self.left.currency == payable.amount.currency
            and self.covers(payable)
            # An agreement that ends at the very instant of its start has used what it has in no time.
            and (self.effective_at < period.end or self.effective_at <= period.start)
            and (self.expires_at is None or period.end <= self.expires_at)
        )


def check_grant(grant: CreditGrant, *, at: datetime) -> None:
    """Let a new grant pass that makes sense.

    Args:
        grant: the grant.
        at: the customer's present.

    Raises:
        InvalidAmount: it is of nothing, less, or more than can be real; so is its price.
        InvalidCreditGrant: it ends before it begins, or has ended by now.
        InvalidRequest: its name, category, priority or features are out of their bounds.
    """
    if not 0 < grant.amount.minor <= MAX_MINOR:
        raise InvalidAmount("what is granted is more than zero, and not more than can be real")
    if grant.is_on_the_books and not 0 < grant.cost.minor <= MAX_MINOR:
        raise InvalidAmount("what is paid for is paid with more than zero, and not with more than can be real")
    check_end(grant, at=at)
    if not 1 <= len(grant.name.strip()) <= LONGEST_NAME:
        raise InvalidRequest(f"a name has 1 to {LONGEST_NAME} characters", parameter="name")
    if grant.category not in CATEGORIES:
        raise InvalidRequest(f"category is one of {', '.join(sorted(CATEGORIES))}", parameter="category")
    if type(grant.priority) is not int or not 0 <= grant.priority <= LAST_PRIORITY:
        raise InvalidRequest(f"priority is 0 to {LAST_PRIORITY}", parameter="priority")
    for member, named in (("applies_to", grant.applies_to), ("items", grant.items), ("cards", grant.cards)):
        if len(named) > MOST_NAMED:
            raise InvalidRequest(f"{member} names at most {MOST_NAMED} things", parameter=member)


def check_end(grant: CreditGrant, *, at: datetime) -> None:
    """Let the end of a grant pass that comes after its begin, and is still to come.

    Raises:
        InvalidCreditGrant: it is not.
    """
    if grant.expires_at is not None and grant.expires_at <= grant.effective_at:
        raise InvalidCreditGrant("the credit would expire before it began", parameter="expires_at")
    if grant.expires_at is not None and grant.expires_at <= at:
        raise InvalidCreditGrant("the credit would have expired by now", parameter="expires_at")


def check_number(unused: int) -> None:
    """Let a customer have one more grant.

    Args:
        unused: how many the customer has of which something is left.

    Raises:
        TooManyCreditGrants: there are a hundred already.
    """
    if unused >= MOST_UNUSED:
        raise TooManyCreditGrants(f"{unused} credit grants of the customer are not used up", most=MOST_UNUSED)
