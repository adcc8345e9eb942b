"""Addresses that open an invoice or a credit note for whoever has them.

They are signed, so that nobody can guess one, or make that of another document from it.

An address names a day after which it opens nothing any more; asked for again on the same day it is the same. Nothing is
stored for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.invoicing import CreditNote, Invoice
from billing_sdk.server.usecases.engine import Engine

Place = Literal["invoices", "credit_notes"]
DAY = "%Y%m%d"
LONGEST_KEY = 64


@dataclass(frozen=True, slots=True)
class DocumentLinks:
    """Where a document can be read.

    Attributes:
        hosted_url: the page.
        pdf_url: the file.
    """

    hosted_url: str
    pdf_url: str


def links_to(engine: Engine, invoice: Invoice) -> DocumentLinks | None:
    """Return the addresses of an invoice that was issued; what is not has none, because it may still change."""
    return _links(engine, "invoices", invoice.id) if invoice.is_issued else None


def links_to_note(engine: Engine, note: CreditNote) -> DocumentLinks:
    """Return the addresses of a credit note."""
    return _links(engine, "credit_notes", note.id)


def check_link(engine: Engine, place: Place, *, document_id: str, key: str) -> None:
    """Let whoever has the address of a document go on.

    Raises:
        NotFound: it was altered, is for another document, or its time is over; which of them is not told.
    """
    until, _, signature = key[:LONGEST_KEY].partition(".")
    if not engine.sealer.has_signed(_signed(document_id, until), signature, purpose=place):
        raise _no_link()
    if engine.now() >= datetime.strptime(until, DAY).replace(tzinfo=UTC) + timedelta(days=1):
        raise _no_link()


def _links(engine: Engine, place: Place, document_id: str) -> DocumentLinks:
    last_day = engine.now().astimezone(UTC) + timedelta(seconds=engine.settings.invoice_link_seconds)
    until = f"{last_day:{DAY}}"
    key = f"{until}.{engine.sealer.sign(_signed(document_id, until), purpose=place)}"
    page = f"{engine.settings.base_url}/{place}/{document_id}/{key}"
    return DocumentLinks(hosted_url=page, pdf_url=f"{page}/pdf")


def _signed(document_id: str, until: str) -> str:
    return f"{document_id}/{until}"


def _no_link() -> NotFound:
    return NotFound("there is no document here, or the time of its address is over", remedy="Ask for a new address.")
