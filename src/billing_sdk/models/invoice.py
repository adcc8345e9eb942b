"""Invoices, and what is owed to a customer (extensions of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document
from billing_sdk.models.coupon import read_money
from billing_sdk.models.preview import ChargeLine
from billing_sdk.money import Money


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill; `number` is what the customer sees, and has no gaps.

    Attributes:
        status: `open` where nobody has paid it yet, `paid` or `void`.
        total_minor: the sum of the lines, in minor units of the currency.
    """

    id: str
    number: str
    customer_id: str
    agreement_id: str
    status: str
    currency: str
    total_minor: int
    issued_on: datetime | None = None
    lines: tuple[ChargeLine, ...] = ()

    @classmethod
    def read(cls, data: Any) -> Invoice:
        """Read one invoice."""
        document = Document(data, "invoice")
        return cls(
            id=document.text("id"),
            number=document.text("number"),
            customer_id=document.text("customer_id"),
            agreement_id=document.text("agreement_id"),
            status=document.text("status"),
            currency=document.text("currency"),
            total_minor=document.whole_or_none("total_minor") or 0,
            issued_on=document.instant_or_none("issued_on"),
            lines=document.objects("lines", ChargeLine.read),
        )


@dataclass(frozen=True, slots=True)
class NextInvoice:
    """What an agreement is billed next, with what was used so far, if nothing changes until then."""

    currency: str
    total_minor: int
    bills_on: datetime | None = None
    lines: tuple[ChargeLine, ...] = ()

    @classmethod
    def read(cls, data: Any) -> NextInvoice:
        """Read the `next_invoice` of an answer."""
        document = Document(data, "next invoice")
        return cls(
            currency=document.text("currency"),
            total_minor=document.whole_or_none("total_minor") or 0,
            bills_on=document.instant_or_none("bills_on"),
            lines=document.objects("lines", ChargeLine.read),
        )


@dataclass(frozen=True, slots=True)
class CreditEntry:
    """One change of a customer's credit balance.

    Attributes:
        amount: above zero what was given, below zero what was used.
        reason: `unused_time`, `invoice` (it was used for one) or `declined` (given back after a declined charge).
    """

    id: str
    amount: Money
    reason: str
    booked_on: datetime | None = None
    agreement_id: str | None = None
    invoice_id: str | None = None

    @classmethod
    def read(cls, data: Any) -> CreditEntry:
        """Read one entry."""
        document = Document(data, "credit entry")
        return cls(
            id=document.text("id"),
            amount=read_money(document.members),
            reason=document.text("reason"),
            booked_on=document.instant_or_none("booked_on"),
            agreement_id=document.text_or_none("agreement_id"),
            invoice_id=document.text_or_none("invoice_id"),
        )


@dataclass(frozen=True, slots=True)
class Credit:
    """What is owed to a customer, and is taken off later invoices; `entries` are every change, the oldest first."""

    balances: tuple[Money, ...] = ()
    entries: tuple[CreditEntry, ...] = ()

    @classmethod
    def read(cls, data: Any) -> Credit:
        """Read an answer about credit."""
        document = Document(data, "answer")
        return cls(document.objects("balances", read_money), document.objects("entries", CreditEntry.read))
