"""Show an invoice or a credit note as a document, in the language of whoever pays it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.paper import Addressed, InvoicePaper, compose, compose_credit_note, language_for, to_pdf
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.customer_language import languages_of_customer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.parties import parties_of, profile_of


def show_invoice(engine: Engine, *, invoice_id: str, languages: Sequence[str | None] = ()) -> InvoicePaper:
    """Return an invoice, ready to be read; one that is not issued calls itself a draft.

    Args:
        engine: the engine.
        invoice_id: which one.
        languages: asked for, the best first; then those that the customer reads count.

    Raises:
        NotFound: there is no such invoice.
    """
    with engine.read() as tx:
        return paper_of(tx, tx.invoices.get(invoice_id), languages)


def show_credit_note(engine: Engine, *, note_id: str, languages: Sequence[str | None] = ()) -> InvoicePaper:
    """Return a credit note, ready to be read.

    Args:
        engine: the engine.
        note_id: which one.
        languages: as with an invoice.

    Raises:
        UnknownCreditNote: there is no such note.
    """
    with engine.read() as tx:
        note = tx.credit_notes.get(note_id)
        invoice = tx.invoices.get(note.invoice_id)
        return compose_credit_note(note, invoice, **_addressed(tx, invoice, languages))


def paper_of(tx: UnitOfWork, invoice: Invoice, languages: Sequence[str | None] = ()) -> InvoicePaper:
    """Return an invoice, ready to be read; the arguments are those of `show_invoice`."""
    replaces = None if invoice.replaces_id is None else tx.invoices.get(invoice.replaces_id).number
    return compose(invoice, replaces=replaces, **_addressed(tx, invoice, languages))


def as_file(engine: Engine, document_id: str, paper: InvoicePaper) -> tuple[str, bytes]:
    """Return the name and the content of a document as a PDF file.

    Raises:
        RateLimited: the file was asked for too often.
    """
    engine.admit("invoice_file", document_id)
    return paper.file_name, to_pdf(paper)


class _Addressing(TypedDict):
    language: str
    supplier: Addressed
    customer: Addressed


def _addressed(tx: UnitOfWork, invoice: Invoice, languages: Sequence[str | None]) -> _Addressing:
    customer = tx.customers.get(invoice.customer_id)
    profile = profile_of(tx, invoice, customer)
    supplier, billed = parties_of(tx, invoice, customer, profile)
    language = language_for((*languages, *languages_of_customer(tx, customer, profile)))
    return {"language": language, "supplier": supplier, "customer": billed}
