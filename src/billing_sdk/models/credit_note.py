"""Credit notes and refunds: how an invoice is corrected that was issued (extension of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """How much of an invoice's line was taken back.

    Attributes:
        line: its number; the first one is 1.
        amount_minor: before taxes that were added to it; below zero for a line of credit, which its grant has again.
        tax_minor: its share of those.
        included_tax_minor: its share of taxes that the price includes.
    """

    line: int
    amount_minor: int
    tax_minor: int = 0
    included_tax_minor: int = 0

    @classmethod
    def read(cls, data: Any) -> CreditedLine:
        """Read one line."""
        document = Document(data, "line")
        return cls(
            line=document.whole_or_none("line") or 0,
            amount_minor=document.whole_or_none("amount_minor") or 0,
            tax_minor=document.whole_or_none("tax_minor") or 0,
            included_tax_minor=document.whole_or_none("included_tax_minor") or 0,
        )


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that goes back to where it came from.

    Attributes:
        status: `pending`, `succeeded`, or `failed`, and then the amount is on the customer's balance.
        decline_code: why it failed.
    """

    id: str
    status: str
    amount_minor: int
    currency: str
    requested_on: datetime | None = None
    settled_on: datetime | None = None
    decline_code: str | None = None

    @classmethod
    def read(cls, document: Document) -> Refund:
        """Read the `refund` of a credit note."""
        return cls(
            id=document.text("id"),
            status=document.text("status"),
            amount_minor=document.whole_or_none("amount_minor") or 0,
            currency=document.text("currency"),
            requested_on=document.instant_or_none("requested_on"),
            settled_on=document.instant_or_none("settled_on"),
            decline_code=document.text_or_none("decline_code"),
        )


@dataclass(frozen=True, slots=True)
class CreditNote:
    """What was taken back of an invoice.

    Attributes:
        number: what the customer sees, without gaps.
        total_minor: with the taxes, in minor units of the currency.
        balance_minor: how much of that is on the customer's balance; the rest has gone to `destination`.
        destination: it lowers what is owed (`invoice`), is paid back (`refund`), or is on the customer's `balance`;
            `credit` where it takes back nothing but what credit had paid.
        refund: what has become of the money; None where it was not to be refunded.
        hosted_url: where whoever has the address reads it, for 90 days as a rule.
        pdf_url: where it is as a file.
    """

    id: str
    number: str
    invoice_id: str
    customer_id: str
    currency: str
    total_minor: int
    destination: str
    reason: str
    balance_minor: int = 0
    issued_on: datetime | None = None
    lines: tuple[CreditedLine, ...] = ()
    refund: Refund | None = None
    hosted_url: str | None = field(default=None, repr=False)
    pdf_url: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, data: Any) -> CreditNote:
        """Read one credit note."""
        document = Document(data, "credit note")
        refund = document.object_or_none("refund")
        return cls(
            id=document.text("id"),
            number=document.text("number"),
            invoice_id=document.text("invoice_id"),
            customer_id=document.text("customer_id"),
            currency=document.text("currency"),
            total_minor=document.whole_or_none("total_minor") or 0,
            balance_minor=document.whole_or_none("balance_minor") or 0,
            destination=document.text("destination"),
            reason=document.text("reason"),
            issued_on=document.instant_or_none("issued_on"),
            lines=document.objects("lines", CreditedLine.read),
            refund=None if refund is None else Refund.read(refund),
            hosted_url=document.text_or_none("hosted_url"),
            pdf_url=document.text_or_none("pdf_url"),
        )
