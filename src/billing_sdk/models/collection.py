"""How invoices are collected (extension of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class PaymentAttempt:
    """One attempt to collect an invoice.

    Attributes:
        status: `succeeded` or `failed`.
        payment_method: the card, or how else it was paid.
        reference: the payment processor's own id, or what identifies a payment by other means.
        decline_code: why it failed.
        disputed_minor: how much of it is with the payer's bank, or was lost to it.
    """

    id: str
    status: str
    amount_minor: int
    attempted_on: datetime | None
    payment_method: str
    reference: str | None = None
    decline_code: str | None = None
    disputed_minor: int = 0

    @classmethod
    def read(cls, data: Any) -> PaymentAttempt:
        """Read one attempt."""
        document = Document(data, "attempt")
        return cls(
            id=document.text("id"),
            status=document.text("status"),
            amount_minor=document.whole_or_none("amount_minor") or 0,
            attempted_on=document.instant_or_none("attempted_on"),
            payment_method=document.text_or_none("payment_method") or "",
            reference=document.text_or_none("reference"),
            decline_code=document.text_or_none("decline_code"),
            disputed_minor=document.whole_or_none("disputed_minor") or 0,
        )


@dataclass(frozen=True, slots=True)
class Dunning:
    """What follows an invoice that was not paid.

    Attributes:
        failures: how many attempts of the schedule have failed.
        next_attempt_on: when the card is tried again; None where it is not.
        grace_ends_on: until when the customer keeps what the plan includes.
        access_closed_on: since when the customer doesn't have it.
        at_end: what happens when neither retries nor grace are left: `cancel`, `pause` or `mark_uncollectible`.
        outcome: once it is over: `paid`, `not_owed`, `cancelled`, `paused` or `uncollectible`.
    """

    started_on: datetime | None
    failures: int
    next_attempt_on: datetime | None
    grace_ends_on: datetime | None
    access_closed_on: datetime | None
    at_end: str
    ended_on: datetime | None = None
    outcome: str | None = None

    @classmethod
    def read(cls, document: Document | None) -> Dunning | None:
        """Read how it stands, if anything follows."""
        if document is None:
            return None
        return cls(
            started_on=document.instant_or_none("started_on"),
            failures=document.whole_or_none("failures") or 0,
            next_attempt_on=document.instant_or_none("next_attempt_on"),
            grace_ends_on=document.instant_or_none("grace_ends_on"),
            access_closed_on=document.instant_or_none("access_closed_on"),
            at_end=document.text("at_end"),
            ended_on=document.instant_or_none("ended_on"),
            outcome=document.text_or_none("outcome"),
        )


@dataclass(frozen=True, slots=True)
class InvoiceCollection:
    """How the collection of an invoice stands.

    Attributes:
        due_minor: what is still to be paid, in minor units.
        due_on: until when.
        collection_method: `charge_automatically` or `send_invoice`.
        attempts: the oldest first.
        dunning: what follows because it was not paid; None where nothing does.
    """

    invoice_id: str
    number: str | None
    status: str
    currency: str
    due_minor: int
    due_on: datetime | None
    collection_method: str
    attempts: tuple[PaymentAttempt, ...] = ()
    dunning: Dunning | None = None

    @classmethod
    def read(cls, data: Any) -> InvoiceCollection:
        """Read how the collection of one invoice stands."""
        document = Document(data, "collection")
        return cls(
            invoice_id=document.text("invoice_id"),
            number=document.text_or_none("number"),
            status=document.text("status"),
            currency=document.text("currency"),
            due_minor=document.whole_or_none("due_minor") or 0,
            due_on=document.instant_or_none("due_on"),
            collection_method=document.text("collection_method"),
            attempts=document.objects("attempts", PaymentAttempt.read),
            dunning=Dunning.read(document.object_or_none("dunning")),
        )
