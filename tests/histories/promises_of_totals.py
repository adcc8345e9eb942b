"""The promises of invoices as the Stripe door tells them: charges, what lowers them and taxes add up to the invoice."""

from __future__ import annotations

from billing_sdk.server.api.stripe.invoice_totals import Totals, totals_of
from billing_sdk.server.domain.invoicing import Invoice
from tests.histories.world import Books


def totals_hold(books: Books) -> None:
    """Check every invoice of one customer, issued or not."""
    for invoice in (*books.invoices, *books.waiting):
        _adds_up(invoice, totals_of(invoice))


def _adds_up(invoice: Invoice, told: Totals) -> None:
    assert told.total + told.balance == invoice.amount.minor, f"{invoice.name} is told as {told}"
    assert told.subtotal == sum(one.line.amount.minor for one in told.charges)
    off = [reduction for one in told.charges for reduction in one.reductions]
    for kind, whole in (("discount", told.discount), ("credit_grant", told.credit)):
        assert sum(one.amount_minor for one in off if one.kind == kind) == whole, f"{kind}s of {invoice.name}"
    taxes = [tax for one in told.charges for tax in one.taxes]
    added = sum(tax.amount.minor for tax in taxes if not tax.is_inclusive)
    included = sum(tax.amount.minor for tax in taxes if tax.is_inclusive)
    assert (added, included) == (told.added_tax, told.included_tax), f"taxes of {invoice.name}"
    assert told.total_excluding_tax == told.subtotal - told.discount - told.credit - included
