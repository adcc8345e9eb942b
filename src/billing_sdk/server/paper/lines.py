"""One line of an invoice in one language.

What a line is about comes from the catalogue and stays as it is; the words that the engine puts around it are those of
the reader. A section says of all its lines what they are, so a line does not say it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from billing_sdk.server.domain.invoicing import Frame, InvoiceLine
from billing_sdk.server.paper.figures import Figures
from billing_sdk.server.paper.model import Row
from billing_sdk.server.paper.text import plain
from billing_sdk.server.paper.words import Words


def row_of(line: InvoiceLine, number: int, *, words: Words, figures: Figures) -> Row:
    """Return a line as it is read; `number` is where it stands on the invoice, from 1."""
    return Row(
        number=number,
        description=plain(_name_of(line, words)),
        details=tuple(_details(line, words, figures)),
        quantity="" if line.priced_quantity is None else figures.quantity(line.priced_quantity),
        amount=figures.money(line.amount),
    )


def _name_of(line: InvoiceLine, words: Words) -> str:
    """Return what a line is about; what pays for it or charges its units stands before that."""
    name = line.subject
    for frame in line.frames:
        match frame.form:
            case "top_up" | "top_up_used":
                name = ": ".join(one for one in (words.top_up, name) if one)
            case "credit_grant":
                name = f"{frame.facts['grant']}: {name}"
            case "overage":
                name = f"{frame.facts['rate']}: {name}"
            case "payment":
                name = words.payment
    return name


def _details(line: InvoiceLine, words: Words, figures: Figures) -> Iterator[str]:
    for frame in line.frames:
        yield from _said_by(frame, line, words, figures)
    yield figures.period(line.period)


def _said_by(frame: Frame, line: InvoiceLine, words: Words, figures: Figures) -> Iterator[str]:
    match frame.form:
        case "instead_of":
            now, before = (figures.quantity(Decimal(frame.facts[name])) for name in ("now", "before"))
            yield words.instead_of.format(now=now, before=before)
        case "discount":
            coupon, percent = frame.facts["coupon"], line.derivation.get("percent_off")
            yield plain(f"{coupon} ({figures.percent(Decimal(percent))})" if percent else coupon)
