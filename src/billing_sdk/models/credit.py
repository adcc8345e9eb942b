"""Credit for usage: grants, what is left of them, and where the rest went (extension of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.errors import InvalidAmount, UnsafeAnswer
from billing_sdk.models._read import Document
from billing_sdk.money import Money


@dataclass(frozen=True, slots=True)
class CreditGrant:
    """Credit that a customer was granted.

    Attributes:
        amount: what was granted.
        left: what of it no issued invoice has used, and nothing has ended.
        category: `paid` or `promotional`.
        status: `awaiting_payment`, `granted`, `expired` or `voided`.
        source: `manual`, `service_action` or `top_up`.
        priority: 0 is spent first, 1000 last.
        effective_on: from then on it counts.
        expires_on: from then on it pays for earlier periods only.
        applies_to: codes of the features that it pays for; empty means all metered ones.
        agreement_id: the agreement that it came with.
        invoice_id: the invoice that has to be paid for it.
    """

    id: str
    customer_id: str
    name: str
    amount: Money
    left: Money
    category: str
    status: str
    source: str
    priority: int = 50
    effective_on: datetime | None = None
    expires_on: datetime | None = None
    applies_to: tuple[str, ...] = ()
    agreement_id: str | None = None
    invoice_id: str | None = None
    created_on: datetime | None = None
    voided_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> CreditGrant:
        """Read one grant."""
        document = Document(data, "credit grant")
        priority = document.whole_or_none("priority")
        return cls(
            id=document.text("id"),
            customer_id=document.text("customer_id"),
            name=document.text_or_none("name") or "",
            amount=_amount(document, "amount_minor"),
            left=_amount(document, "left_minor"),
            category=document.text("category"),
            status=document.text("status"),
            source=document.text("source"),
            priority=50 if priority is None else priority,
            effective_on=document.instant_or_none("effective_on"),
            expires_on=document.instant_or_none("expires_on"),
            applies_to=document.texts("applies_to"),
            agreement_id=document.text_or_none("agreement_id"),
            invoice_id=document.text_or_none("invoice_id"),
            created_on=document.instant_or_none("created_on"),
            voided_on=document.instant_or_none("voided_on"),
        )


@dataclass(frozen=True, slots=True)
class CreditBalance:
    """What a customer has in credit, in one currency.

    Attributes:
        ledger: what was granted and is not used, expired or taken back.
        pending: what of it pays for usage that no issued invoice says yet.
        available: what can still be spent.
    """

    ledger: Money
    pending: Money
    available: Money

    @classmethod
    def read(cls, data: Any) -> CreditBalance:
        """Read the balance of one currency."""
        document = Document(data, "credit balance")
        return cls(*(_amount(document, name) for name in ("ledger_minor", "pending_minor", "available_minor")))


@dataclass(frozen=True, slots=True)
class CreditMovement:
    """One change of what is left of a grant.

    Attributes:
        kind: `granted`, `applied`, `given_back`, `reinstated`, `expired`, `voided` or `adjusted`.
        amount: above zero what came, below zero what went.
        line: the number of the line of the invoice that was paid with it, counted from 1.
    """

    id: str
    grant_id: str
    kind: str
    amount: Money
    invoice_id: str | None = None
    line: int | None = None
    booked_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> CreditMovement:
        """Read one movement."""
        document = Document(data, "credit movement")
        return cls(
            id=document.text("id"),
            grant_id=document.text("grant_id"),
            kind=document.text("kind"),
            amount=_amount(document, "amount_minor"),
            invoice_id=document.text_or_none("invoice_id"),
            line=document.whole_or_none("line"),
            booked_on=document.instant_or_none("booked_on"),
        )


@dataclass(frozen=True, slots=True)
class CreditSettings:
    """What happens when a customer's credit runs low.

    Attributes:
        threshold: below that much available credit it is low.
        top_up: how much is bought then; None buys nothing.
        stopped_on: since when nothing is bought, because a card was declined.
    """

    customer_id: str
    threshold: Money
    top_up: Money | None = None
    stopped_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> CreditSettings:
        """Read the settings of one customer."""
        document = Document(data, "credit settings")
        return cls(
            customer_id=document.text("customer_id"),
            threshold=_amount(document, "threshold_minor"),
            top_up=None if document.whole_or_none("top_up_minor") is None else _amount(document, "top_up_minor"),
            stopped_on=document.instant_or_none("stopped_on"),
        )


def _amount(document: Document, name: str) -> Money:
    minor = document.whole_or_none(name)
    try:
        return Money(0 if minor is None else minor, document.text("currency"))
    except InvalidAmount as error:
        raise UnsafeAnswer(str(error)) from None
