"""Where the payment processor shows invoices, to whoever has the address."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from billing_sdk.server.storage import UnitOfWork


def gateway_pages(tx: UnitOfWork, invoice_ids: Collection[str]) -> Mapping[str, str]:
    """Return the addresses of those of many invoices that the processor has a page of, by their ids."""
    details = tx.remote_objects.details("invoice", invoice_ids)
    return {invoice_id: str(detail["url"]) for invoice_id, detail in details.items() if detail.get("url")}
