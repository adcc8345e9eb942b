"""Addresses that open an invoice for whoever has them: signed, so that nobody can guess one or make one for another.

An address names a day after which it opens nothing any more; asked for again on the same day it is the same. Nothing is
stored for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.usecases.engine import Engine

PURPOSE = "invoice"
DAY = "%Y%m%d"
LONGEST_KEY = 64


@dataclass(frozen=True, slots=True)
class InvoiceLinks:
    """Where an invoice can be read.

    Attributes:
        hosted_url: the page.
        pdf_url: the file.
    """

    hosted_url: str
    pdf_url: str


def links_to(engine: Engine, invoice: Invoice) -> InvoiceLinks | None:
    """Return the addresses of an invoice that was issued; what is not has none, because it may still change."""
    if not invoice.is_issued:
        return None
    last_day = engine.now().astimezone(UTC) + timedelta(seconds=engine.settings.invoice_link_seconds)
    until = f"{last_day:{DAY}}"
    key = f"{until}.{engine.sealer.sign(_signed(invoice.id, until), purpose=PURPOSE)}"
    page = f"{engine.settings.base_url}/invoices/{invoice.id}/{key}"
    return InvoiceLinks(hosted_url=page, pdf_url=f"{page}/pdf")


def check_link(engine: Engine, *, invoice_id: str, key: str) -> None:
    """Let whoever has the address of an invoice go on.

    Raises:
        NotFound: it was altered, is for another invoice, or its time is over; which of them is not told.
    """
    until, _, signature = key[:LONGEST_KEY].partition(".")
    if not engine.sealer.has_signed(_signed(invoice_id, until), signature, purpose=PURPOSE):
        raise _no_link()
    if engine.now() >= datetime.strptime(until, DAY).replace(tzinfo=UTC) + timedelta(days=1):
        raise _no_link()


def _signed(invoice_id: str, until: str) -> str:
    return f"{invoice_id}/{until}"


def _no_link() -> NotFound:
    return NotFound("there is no invoice here, or the time of its address is over", remedy="Ask for a new address.")
