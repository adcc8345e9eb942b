"""The taxes on an invoice: one sum for each rate, with what it is charged on."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.domain.tax import REVERSE_CHARGE
from billing_sdk.server.paper.figures import Figures
from billing_sdk.server.paper.model import Sum
from billing_sdk.server.paper.text import from_the_left, isolated, plain
from billing_sdk.server.paper.words import Words


def taxes_added(invoice: Invoice, words: Words, figures: Figures) -> Iterator[Sum]:
    """Return the taxes that are added to the prices."""
    for line in invoice.lines:
        if line.kind == "tax":
            document = line.derivation
            name, percent = document["name"], Decimal(document["percent"])
            base = Money(int(document["base_minor"]), invoice.currency)
            yield _sum(words.tax, name, percent, base, line.amount, figures)


def taxes_included(invoice: Invoice, words: Words, figures: Figures) -> Iterator[Sum]:
    """Return the taxes that are part of the prices."""
    for tax in invoice.taxes:
        if tax.is_inclusive and tax.amount:
            yield _sum(words.tax_included, tax.rate.name, tax.percent, tax.base, tax.amount, figures)


def is_reverse_charged(invoice: Invoice) -> bool:
    """Tell whether the customer accounts for the tax instead of the supplier."""
    return any(tax.rate.rate_id == REVERSE_CHARGE.rate_id for tax in invoice.taxes)


def _sum(pattern: str, name: str, percent: Decimal, base: Money, amount: Money, figures: Figures) -> Sum:
    parts = {"name": plain(name), "percent": figures.percent(percent), "base": figures.money(base)}
    if figures.direction == "rtl":
        figured = {key: from_the_left(parts[key]) for key in ("percent", "base")}
        parts = {"name": isolated(parts["name"]), **figured}
    return Sum(pattern.format(**parts), figures.money(amount))
