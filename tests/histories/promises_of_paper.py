"""What stands on an invoice adds up, as its reader would add it up: from the texts on the paper alone."""

from __future__ import annotations

import re

from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.paper import LANGUAGES, Addressed, InvoicePaper, compose
from tests.histories.world import Books, World

NOBODY = Addressed("")
NO_ROW = ("tax", "credit_balance")


def papers_add_up(world: World, books: Books) -> None:
    """Read every invoice, each in another language, and again when it was paid or corrected."""
    for place, invoice in enumerate(books.invoices):
        state = invoice.id, invoice.status, invoice.credited_minor
        if state in world.read:
            continue
        world.read.add(state)
        language = tuple(LANGUAGES)[place % len(LANGUAGES)]
        paper = compose(invoice, language=language, supplier=NOBODY, customer=NOBODY)
        rows_are_the_lines(invoice, paper)
        sums_lead_to_what_is_due(invoice, paper)


def rows_are_the_lines(invoice: Invoice, paper: InvoicePaper) -> None:
    rows = [row for section in paper.sections for row in section.rows]
    shown = {row.number: minor_of(row.amount) for row in rows}
    lines = {number: line for number, line in enumerate(invoice.lines, 1) if line.kind not in NO_ROW}
    assert len(rows) == len(shown), f"{invoice.name} shows a line twice"
    assert shown == {number: line.amount.minor for number, line in lines.items()}, f"{invoice.name} shows other lines"


def sums_lead_to_what_is_due(invoice: Invoice, paper: InvoicePaper) -> None:
    labels = [one.label for one in paper.sums]
    amounts = [minor_of(one.amount) for one in paper.sums]
    at = labels.index(paper.words.total)
    # What prices include is told below the total, and takes nothing off it.
    included = sum(1 for tax in invoice.taxes if tax.is_inclusive and tax.amount)
    added, below = amounts[:at], amounts[at + 1 + included :]
    assert not added or sum(added) == amounts[at], f"{invoice.name} has another total"
    if invoice.is_owed or invoice.status == "paid":
        assert amounts[at] + sum(below) == minor_of(paper.due.amount) == invoice.amount_due.minor, invoice.name


def minor_of(text: str) -> int:
    """Return an amount as it was written, in minor units."""
    digits = int(re.sub(r"\D", "", text))
    return -digits if "-" in text else digits
