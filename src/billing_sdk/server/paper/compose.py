"""From an invoice to what stands on it.

The sums below the lines go from what is charged to what is still due, and each follows from those above it.
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_sdk.money import Money, total
from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine
from billing_sdk.server.paper.figures import Figures
from billing_sdk.server.paper.languages import words_in
from billing_sdk.server.paper.lines import row_of
from billing_sdk.server.paper.model import Fact, InvoicePaper, Section, Sum, Tone
from billing_sdk.server.paper.parties import Addressed, party_of
from billing_sdk.server.paper.taxes import is_reverse_charged, taxes_added, taxes_included
from billing_sdk.server.paper.words import Words

TONES: dict[str, Tone] = {"paid": "good", "overdue": "bad", "uncollectible": "bad", "void": "bad"}
# The others are sums: taxes, and what the customer's balance pays.
SECTIONS = ("licence_fee", "usage", "one_off", "adjustment", "unused_time", "discount", "credit_grant")
# What needs no heading where there is nothing else: that something is charged goes without saying.
UNTITLED = ("licence_fee", "usage", "one_off")
# What stands with others of another kind.
STANDS_WITH = {"overage": "usage"}
DEDUCTIONS = ("discount", "credit_grant")


def compose(
    invoice: Invoice, *, language: str, supplier: Addressed, customer: Addressed, replaces: str | None = None
) -> InvoicePaper:
    """Return an invoice in one language.

    Args:
        invoice: in any status; what is not issued is named a draft.
        language: as `language_for` returns it.
        supplier: who bills.
        customer: who pays.
        replaces: the number of the void invoice that this one was issued for again.
    """
    words, figures = words_in(language), Figures.of(language)
    return InvoicePaper(
        language=language,
        direction=figures.direction,
        words=words,
        heading=words.invoice,
        name=invoice.number or words.draft,
        status=words.statuses[invoice.status],
        tone=TONES.get(invoice.status, "note"),
        is_void=invoice.status == "void",
        issued_at=invoice.issued_at or invoice.created_at,
        supplier=party_of(words.supplier, supplier, words, figures),
        customer=party_of(words.bill_to, customer, words, figures),
        facts=tuple(_facts(invoice, words, figures, replaces)),
        sections=_sections(invoice, words, figures),
        sums=tuple(_sums(invoice, words, figures)),
        due=Sum(words.amount_due, figures.money(invoice.amount_due), is_strong=True),
        notes=tuple(_notes(invoice, words, figures)),
    )


def _facts(invoice: Invoice, words: Words, figures: Figures, replaces: str | None) -> Iterator[Fact]:
    yield Fact(words.number, invoice.number or words.draft)
    yield Fact(words.date, figures.day(invoice.issued_at or invoice.created_at))
    if invoice.due_at is not None and invoice.collection_method == "send_invoice":
        yield Fact(words.due_date, figures.day(invoice.due_at))
    yield Fact(words.currency, invoice.currency)
    if replaces:
        yield Fact(words.replaces, replaces)


def _sections(invoice: Invoice, words: Words, figures: Figures) -> tuple[Section, ...]:
    """Put lines of a kind together, each with the number that it has on the invoice."""
    rows: dict[str, list[tuple[int, InvoiceLine]]] = {}
    for number, line in enumerate(invoice.lines, start=1):
        if line.kind not in ("tax", "credit_balance"):
            # Lines from before they said what they are about stand with the fees.
            kind = STANDS_WITH.get(line.kind or "", line.kind)
            rows.setdefault(kind if kind in SECTIONS else SECTIONS[0], []).append((number, line))
    return tuple(
        Section(
            "" if kind in UNTITLED and len(rows) == 1 else words.sections[kind],
            tuple(row_of(line, number, words=words, figures=figures) for number, line in rows[kind]),
        )
        for kind in SECTIONS
        if kind in rows
    )


def _sums(invoice: Invoice, words: Words, figures: Figures) -> Iterator[Sum]:
    taken = {kind: _of_kind(invoice, kind) for kind in DEDUCTIONS}
    added, balance = _of_kind(invoice, "tax"), _of_kind(invoice, "credit_balance")
    whole = invoice.amount - balance
    if any(taken.values()) or any(line.kind == "tax" for line in invoice.lines):
        charged = whole - added - total([*taken.values()], invoice.currency)
        yield Sum(words.subtotal, figures.money(charged))
    for label, amount in ((words.discounts, taken["discount"]), (words.prepaid_credit, taken["credit_grant"])):
        if amount:
            yield Sum(label, figures.money(amount))
    yield from taxes_added(invoice, words, figures)
    yield Sum(words.total, figures.money(whole), is_strong=True)
    yield from taxes_included(invoice, words, figures)
    if balance:
        yield Sum(words.balance_used if balance.minor < 0 else words.balance_kept, figures.money(balance))
    if invoice.credited:
        yield Sum(words.credited, figures.money(-invoice.credited))
    paid = invoice.amount - invoice.credited
    if invoice.status == "paid" and paid:
        yield Sum(words.paid, figures.money(-paid))


def _of_kind(invoice: Invoice, kind: str) -> Money:
    return total([line.amount for line in invoice.lines if line.kind == kind], invoice.currency)


def _notes(invoice: Invoice, words: Words, figures: Figures) -> Iterator[str]:
    if invoice.is_owed and invoice.amount_due:
        if invoice.collection_method == "charge_automatically":
            yield words.charged_to_card
        elif invoice.due_at is not None:
            yield words.pay_by.format(date=figures.day(invoice.due_at), number=invoice.number)
    if is_reverse_charged(invoice):
        yield words.reverse_charge
