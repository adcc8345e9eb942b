"""Invoices to make documents of."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.invoicing import Frame, Invoice, InvoiceLine, framed
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.paper import Addressed, InvoicePaper, compose

FEBRUARY = Period(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
SUPPLIER = Addressed(
    "Example Software GmbH", Address("DE", city="Berlin", postal_code="10117", lines=("Unter den Linden 1",)), ("DE1",)
)
CUSTOMER = Addressed("Acme Ltd", Address("GB", city="London", lines=("1 Main Street",)), ("GB2",), "ap@acme.example")


def line(
    subject: str, minor: int, kind: str | None, *frames: Frame, currency: str = "EUR", **facts: Any
) -> InvoiceLine:
    """Return a line of February; `quantity` is that of the line, all else its derivation."""
    quantity = facts.pop("quantity", None)
    return InvoiceLine(
        subject=subject,
        amount=Money(minor, currency),
        period=FEBRUARY,
        plan_version_id="version_1",
        component_id="component_1",
        quantity=None if quantity is None else Decimal(quantity),
        derivation={**({} if kind is None else {"kind": kind}), **facts},
        frames=frames,
    )


def invoice(*lines: InvoiceLine, currency: str = "EUR", **facts: Any) -> Invoice:
    """Return an issued invoice."""
    values: dict[str, Any] = {
        "id": "invoice_1",
        "number": "INV-000042",
        "customer_id": "customer_1",
        "agreement_id": "agreement_1",
        "status": "issued",
        "currency": currency,
        "lines": lines,
        "created_at": FEBRUARY.end,
        "issued_at": FEBRUARY.end,
    }
    return Invoice(**values | facts)


def everything(currency: str = "EUR") -> tuple[InvoiceLine, ...]:
    """Return a line of every kind."""
    of = {"currency": currency}
    return (
        line("Pro plan", 2_900, "licence_fee", **of),
        line("Seats", 1_500, "licence_fee", framed("instead_of", now="5", before="3"), quantity="5", **of),
        line("API calls", 123_456, "usage", quantity="1234567.25", **of),
        line("Workshop", 20_000, "one_off", **of),
        line("API calls of January", 700, "adjustment", **of),
        line("Starter", -500, "unused_time", framed("unused_time"), **of),
        line("API calls", -12_346, "discount", framed("discount", coupon="SPRING"), percent_off="10", **of),
        line("Promised", -5_000, "credit_grant", **of),
        line("VAT", 24_835, "tax", name="VAT", percent="19", base_minor="130710", **of),
        line("", -1_000, "credit_balance", framed("balance_used"), **of),
    )


def paper(made: Invoice, language: str = "en", **options: Any) -> InvoicePaper:
    """Return an invoice as it is read."""
    return compose(made, **{"language": language, "supplier": SUPPLIER, "customer": CUSTOMER} | options)
