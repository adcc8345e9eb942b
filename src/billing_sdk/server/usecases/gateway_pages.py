"""Where the payment processor shows invoices, to whoever has the address."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine


def gateway_page(engine: Engine, invoice_id: str) -> str | None:
    """Return the address of the page of the processor where an invoice can be paid; None where there is none."""
    with engine.read() as tx:
        return gateway_pages(tx, [invoice_id]).get(invoice_id)


def gateway_pages(tx: UnitOfWork, invoice_ids: Collection[str]) -> Mapping[str, str]:
    """Return the addresses of those of many invoices that the processor has a page of, by their ids."""
    details = tx.remote_objects.details("invoice", invoice_ids)
    return {invoice_id: str(detail["url"]) for invoice_id, detail in details.items() if detail.get("url")}
