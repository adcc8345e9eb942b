"""The taxes on an invoice: one sum for each rate."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.paper.figures import Figures
from billing_sdk.server.paper.model import Sum
from billing_sdk.server.paper.text import plain
from billing_sdk.server.paper.words import Words


def tax_sums(invoice: Invoice, words: Words, figures: Figures) -> Iterator[Sum]:
    """Return the taxes that are added to the prices."""
    for line in invoice.lines:
        if line.kind == "tax":
            document = line.derivation
            percent, base = document.get("percent"), document.get("base_minor")
            if percent is None or base is None:
                yield Sum(plain(line.description), figures.money(line.amount))
            else:
                yield Sum(
                    _label(words.tax, _name(document), percent, base, line.amount, figures), figures.money(line.amount)
                )


def taxes_included(invoice: Invoice, words: Words, figures: Figures) -> Iterator[Sum]:  # noqa: ARG001
    """Return the taxes that are part of the prices."""
    return iter(())


def is_reverse_charged(invoice: Invoice) -> bool:
    """Tell whether the customer owes the tax instead of the supplier."""
    return any(line.kind == "tax" and line.derivation.get("reverse_charge") for line in invoice.lines)


def _name(document: Any) -> str:
    return str(document.get("name") or "")


def _label(pattern: str, name: str, percent: str, base: str, amount: Money, figures: Figures) -> str:
    of = figures.money(Money(int(base), amount.currency))
    return plain(pattern.format(name=name, percent=figures.percent(Decimal(percent)), base=of))
