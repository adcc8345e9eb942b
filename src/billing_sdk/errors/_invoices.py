"""What a billing server refuses about invoices that are being put together."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict


class InvoiceLocked(Conflict):
    """An invoice has been issued, or is about to be, so what it says can't change any more."""

    code = "invoice_locked"
    title = "Invoice can't change any more"
    default_remedy = "Correct it with a credit note, or with another invoice."


class EmptyInvoice(APIError):
    """An invoice without lines was to be issued."""

    code = "empty_invoice"
    status = 400
    title = "Nothing on the invoice"
    default_remedy = "Add a line first, or discard the invoice."
