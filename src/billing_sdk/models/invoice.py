"""Invoices, and what is owed to a customer (extensions of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.models._read import Document
from billing_sdk.models.coupon import read_money
from billing_sdk.models.preview import ChargeLine
from billing_sdk.money import Money


@dataclass(frozen=True, slots=True)
class InvoiceTax:
    """What one tax rate comes to on an invoice.

    Attributes:
        name: such as `VAT`; reverse charge is a rate of zero with the id `reverse_charge`.
        base_minor: what it is a percentage of, without tax.
        is_inclusive: prices include it, so there is no line of it.
    """

    rate_id: str
    name: str
    percent: Decimal
    base_minor: int
    amount_minor: int
    is_inclusive: bool = False

    @classmethod
    def read(cls, data: Any) -> InvoiceTax:
        """Read one tax."""
        document = Document(data, "tax")
        return cls(
            rate_id=document.text("rate_id"),
            name=document.text_or_none("name") or "",
            percent=document.exact_or_none("percent") or Decimal(0),
            base_minor=document.whole_or_none("base_minor") or 0,
            amount_minor=document.whole_or_none("amount_minor") or 0,
            is_inclusive=document.flag("is_inclusive"),
        )


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill.

    Attributes:
        number: what the customer sees, without gaps; None before it is issued.
        agreement_id: what it is about; None for several agreements, or none.
        status: `gathering`, `draft`, `awaiting_usage` or `awaiting_sending` before it is issued; then `issued`,
            `overdue`, `paid`, `uncollectible` or `void`.
        total_minor: the sum of the lines, in minor units of the currency.
        reason: `renewal`, `change`, `end`, `one_off`, `threshold`, `adjustment` or `reissue`.
        due_minor: what is still to be paid.
        credited_minor: what credit notes have taken back of what was owed.
        collection_method: `charge_automatically` or `send_invoice`.
        due_on: until when it is to be paid.
        collects_on: until when usage that is reported late still counts, while it waits for that.
        sends_on: when it is issued, while it waits for that.
        taxes: what each tax rate comes to, in lines of its own or included in prices.
        warnings: `tax_location_missing` where there is no tax because nobody knew where the customer was.
        hosted_url: where whoever has the address reads it, for 90 days as a rule; None before it is issued.
        pdf_url: where it is as a file.
        gateway_url: the payment processor's own page of it, where it can be paid; None where that has none.
    """

    id: str
    number: str | None
    customer_id: str
    agreement_id: str | None
    status: str
    currency: str
    total_minor: int
    issued_on: datetime | None = None
    lines: tuple[ChargeLine, ...] = ()
    reason: str = "renewal"
    due_minor: int = 0
    credited_minor: int = 0
    collection_method: str = "charge_automatically"
    profile_id: str | None = None
    replaces_id: str | None = None
    created_on: datetime | None = None
    due_on: datetime | None = None
    collects_on: datetime | None = None
    sends_on: datetime | None = None
    taxes: tuple[InvoiceTax, ...] = ()
    warnings: tuple[str, ...] = ()
    hosted_url: str | None = field(default=None, repr=False)
    pdf_url: str | None = field(default=None, repr=False)
    gateway_url: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, data: Any) -> Invoice:
        """Read one invoice."""
        document = Document(data, "invoice")
        return cls(
            id=document.text("id"),
            number=document.text_or_none("number"),
            customer_id=document.text("customer_id"),
            agreement_id=document.text_or_none("agreement_id"),
            status=document.text("status"),
            currency=document.text("currency"),
            total_minor=document.whole_or_none("total_minor") or 0,
            issued_on=document.instant_or_none("issued_on"),
            lines=document.objects("lines", ChargeLine.read),
            reason=document.text_or_none("reason") or "renewal",
            due_minor=document.whole_or_none("due_minor") or 0,
            credited_minor=document.whole_or_none("credited_minor") or 0,
            collection_method=document.text_or_none("collection_method") or "charge_automatically",
            profile_id=document.text_or_none("profile_id"),
            replaces_id=document.text_or_none("replaces_id"),
            created_on=document.instant_or_none("created_on"),
            due_on=document.instant_or_none("due_on"),
            collects_on=document.instant_or_none("collects_on"),
            sends_on=document.instant_or_none("sends_on"),
            taxes=document.objects("taxes", InvoiceTax.read),
            warnings=document.texts("warnings"),
            hosted_url=document.text_or_none("hosted_url"),
            pdf_url=document.text_or_none("pdf_url"),
            gateway_url=document.text_or_none("gateway_url"),
        )


@dataclass(frozen=True, slots=True)
class UpcomingInvoice:
    """An invoice that is to come, if no more is used and nothing changes until then.

    Attributes:
        bills_on: the billing date.
        issues_on: when it is issued: later, where the billing profile waits.
        agreement_ids: what it bills.
        invoice_id: where something has gathered or waits for it already.
    """

    currency: str
    total_minor: int
    bills_on: datetime | None = None
    issues_on: datetime | None = None
    agreement_ids: tuple[str, ...] = ()
    invoice_id: str | None = None
    lines: tuple[ChargeLine, ...] = ()

    @classmethod
    def read(cls, data: Any) -> UpcomingInvoice:
        """Read one of `upcoming_invoices`."""
        document = Document(data, "upcoming invoice")
        return cls(
            currency=document.text("currency"),
            total_minor=document.whole("total_minor"),
            bills_on=document.instant_or_none("bills_on"),
            issues_on=document.instant_or_none("issues_on"),
            agreement_ids=document.texts("agreement_ids"),
            invoice_id=document.text_or_none("invoice_id"),
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
