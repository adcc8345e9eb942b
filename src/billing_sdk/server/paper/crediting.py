"""From a credit note to what stands on it: how much of each line of an invoice is taken back, and where that goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from billing_sdk.money import total
from billing_sdk.server.domain.invoicing import CreditDestination, CreditNote, Invoice
from billing_sdk.server.paper.figures import Figures
from billing_sdk.server.paper.languages import words_in
from billing_sdk.server.paper.lines import row_of
from billing_sdk.server.paper.model import Fact, InvoicePaper, Row, Section, Sum
from billing_sdk.server.paper.parties import Addressed, party_of
from billing_sdk.server.paper.text import plain
from billing_sdk.server.paper.words import Words


def compose_credit_note(
    note: CreditNote, invoice: Invoice, *, language: str, supplier: Addressed, customer: Addressed
) -> InvoicePaper:
    """Return a credit note in one language.

    Args:
        note: what is taken back.
        invoice: of which invoice.
        language: as `language_for` returns it.
        supplier: who bills.
        customer: who pays.
    """
    words, figures = words_in(language), Figures.of(language)
    return InvoicePaper(
        language=language,
        direction=figures.direction,
        words=words,
        heading=words.credit_note,
        name=note.number,
        status=_said(words)[note.destination],
        tone="note",
        is_void=False,
        issued_at=note.issued_at,
        supplier=party_of(words.supplier, supplier, words, figures),
        customer=party_of(words.bill_to, customer, words, figures),
        facts=(
            Fact(words.credit_note, note.number),
            Fact(words.for_invoice, invoice.number or invoice.id),
            Fact(words.date, figures.day(note.issued_at)),
            Fact(words.currency, note.currency),
        ),
        sections=(Section("", tuple(_rows(note, invoice, words, figures))),),
        sums=tuple(_sums(note, words, figures)),
        due=Sum(words.credited_total, figures.money(note.amount), is_strong=True),
        notes=(plain(words.reason.format(reason=note.reason)),) if note.reason else (),
    )


def _rows(note: CreditNote, invoice: Invoice, words: Words, figures: Figures) -> Iterator[Row]:
    for credited in note.lines:
        row = row_of(invoice.lines[credited.number - 1], credited.number, words=words, figures=figures)
        # Not the quantity of the line: that was charged, and some of it only is taken back.
        yield replace(row, quantity="", amount=figures.money(credited.amount))


def _sums(note: CreditNote, words: Words, figures: Figures) -> Iterator[Sum]:
    taxes = total([line.tax for line in note.lines], note.currency)
    if taxes:
        yield Sum(words.subtotal, figures.money(note.amount - taxes))
        yield Sum(words.taxes, figures.money(taxes))
    if note.beside_minor:
        for destination, part in note.parts.items():
            yield Sum(_said(words)[destination], figures.money(part))


def _said(words: Words) -> Mapping[CreditDestination, str]:
    return {
        "invoice": words.off_invoice,
        "refund": words.refunded,
        "balance": words.to_balance,
        "credit": words.to_credit,
    }
