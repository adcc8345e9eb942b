"""One line of an invoice in one language.

What a line is called comes from the catalogue and stays as it is; the words that the engine puts around it are those of
the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from billing_sdk.server.domain.invoicing import InvoiceLine
from billing_sdk.server.paper.figures import Figures
from billing_sdk.server.paper.model import Row
from billing_sdk.server.paper.text import plain
from billing_sdk.server.paper.words import Words

UNUSED = "Unused time on "
INSTEAD = " instead of "


def row_of(line: InvoiceLine, number: int, *, words: Words, figures: Figures) -> Row:
    """Return a line as it is read; `number` is where it stands on the invoice, from 1."""
    return Row(
        number=number,
        description=plain(name_of(line)),
        details=tuple(_details(line, words, figures)),
        quantity="" if line.priced_quantity is None else figures.quantity(line.priced_quantity),
        amount=figures.money(line.amount),
    )


def name_of(line: InvoiceLine) -> str:
    """Return what a line is about, without the English around it, which its section or its details say."""
    name = line.description
    if line.kind == "unused_time":
        return name.removeprefix(UNUSED)
    if line.kind == "discount":
        return name.removeprefix(f"Discount {line.derivation.get('coupon')}: ")
    if "instead_of" in line.derivation and INSTEAD in name:
        return name.rpartition(INSTEAD)[0].rpartition(", ")[0]
    return name


def _details(line: InvoiceLine, words: Words, figures: Figures) -> Iterator[str]:
    instead = line.derivation.get("instead_of")
    if isinstance(instead, dict):
        now = line.quantity if line.quantity is not None else Decimal(instead.get("becomes", 0))
        before = Decimal(instead.get("quantity", 0))
        yield words.instead_of.format(now=figures.quantity(now), before=figures.quantity(before))
    coupon = line.derivation.get("coupon")
    if coupon:
        percent = line.derivation.get("percent_off")
        yield plain(f"{coupon} ({figures.percent(Decimal(percent))})" if percent else str(coupon))
    yield figures.period(line.period)
