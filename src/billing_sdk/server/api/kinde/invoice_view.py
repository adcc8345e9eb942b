"""How invoices and their lines are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from billing_sdk.money import digits_of
from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine, lacks_location, tell
from billing_sdk.server.domain.tax import TaxAmount
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.invoice_links import links_to


class LineView(BaseModel):
    """One charge, or a credit, which is negative; amounts are in minor units of the currency.

    `derivation` says how the amount came about, for programs; `told` says it in sentences.
    """

    description: str
    amount_minor: int
    currency: str
    quantity: str | None
    period_start: datetime
    period_end: datetime
    derivation: dict[str, Any]
    told: list[str]
    agreement_id: str | None

    @classmethod
    def of(cls, line: InvoiceLine) -> LineView:
        """Show a line."""
        return cls(
            description=line.description,
            amount_minor=line.amount.minor,
            currency=line.amount.currency,
            quantity=None if line.quantity is None else digits_of(line.quantity),
            period_start=line.period.start,
            period_end=line.period.end,
            derivation=dict(line.derivation),
            told=list(tell(line)),
            agreement_id=line.agreement_id,
        )


class TaxView(BaseModel):
    """What one tax rate comes to; where prices include it, there is no line of it. Reverse charge is a rate of 0."""

    rate_id: str
    name: str
    percent: str
    base_minor: int
    amount_minor: int
    is_inclusive: bool

    @classmethod
    def of(cls, tax: TaxAmount) -> TaxView:
        """Show a tax."""
        return cls(
            rate_id=tax.rate.rate_id,
            name=tax.rate.name,
            percent=digits_of(tax.percent),
            base_minor=tax.base.minor,
            amount_minor=tax.amount.minor,
            is_inclusive=tax.is_inclusive,
        )


class InvoiceView(BaseModel):
    """An invoice; before it is issued it has no number, and what it says may still change.

    `status` is `gathering`, `draft`, `awaiting_usage`, `awaiting_sending`, `issued`, `overdue`, `paid`, `uncollectible`
    or `void`. `warnings` holds `tax_location_missing` where it has no tax because nobody knew where the customer was.
    `hosted_url` and `pdf_url` open it for whoever has them, once it is issued; `gateway_url` is the payment processor's
    own page, where it can be paid, if the processor has one.
    """

    id: str
    number: str | None
    customer_id: str
    agreement_id: str | None
    status: str
    reason: str
    currency: str
    total_minor: int
    due_minor: int
    credited_minor: int
    collection_method: str
    profile_id: str | None
    replaces_id: str | None
    created_on: datetime
    issued_on: datetime | None
    due_on: datetime | None
    collects_on: datetime | None
    sends_on: datetime | None
    hosted_url: str | None
    pdf_url: str | None
    gateway_url: str | None
    taxes: list[TaxView]
    warnings: list[str]
    lines: list[LineView]

    @classmethod
    def of(cls, invoice: Invoice, engine: Engine, *, gateway_url: str | None = None) -> InvoiceView:
        """Show an invoice; the engine signs the addresses that open it."""
        links = links_to(engine, invoice)
        return cls(
            id=invoice.id,
            number=invoice.number,
            customer_id=invoice.customer_id,
            agreement_id=invoice.agreement_id,
            status=invoice.status,
            reason=invoice.reason,
            currency=invoice.currency,
            total_minor=invoice.amount.minor,
            due_minor=invoice.amount_due.minor,
            credited_minor=invoice.credited_minor,
            collection_method=invoice.collection_method,
            profile_id=invoice.profile_id,
            replaces_id=invoice.replaces_id,
            created_on=invoice.created_at,
            issued_on=invoice.issued_at,
            due_on=invoice.due_at,
            collects_on=invoice.collect_at,
            sends_on=invoice.send_at,
            hosted_url=links.hosted_url if links else None,
            pdf_url=links.pdf_url if links else None,
            gateway_url=gateway_url,
            taxes=[TaxView.of(tax) for tax in invoice.taxes],
            warnings=["tax_location_missing"] if lacks_location(invoice.lines) else [],
            lines=[LineView.of(line) for line in invoice.lines],
        )
