"""Invoices that are to come, if no more is used and nothing changes until then.

Source: Stripe documentation, API reference, Create a preview invoice.
"""

from __future__ import annotations

from typing import Final

from billing_sdk.errors import NotFound
from billing_sdk.server.api.stripe.bodies import FormBody
from billing_sdk.server.api.stripe.ids import ours, unknown
from billing_sdk.server.api.stripe.invoice_view import InvoiceView, view_of
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.upcoming_invoices import Upcoming, upcoming_invoices

TO_COME: Final = "upcoming_in"


class PreviewBody(FormBody):
    """Whose next invoice is wanted: a cadence's, or any of a customer's."""

    billing_cadence: str | None = None
    customer: str | None = None


def previewed(tx: UnitOfWork, engine: Engine, wanted: PreviewBody) -> InvoiceView:
    """Show the next invoice of a cadence, or of a customer.

    Raises:
        NotFound: there is no such cadence or customer.
        InvalidRequest: neither is named, or there is nothing to come.
    """
    cadence_id = None
    if wanted.billing_cadence is not None:
        cadence_id = ours("billing_cadence", wanted.billing_cadence, param="billing_cadence")
        try:
            customer = tx.customers.get(tx.billing_cadences.get(cadence_id).customer_id)
        except NotFound:
            raise unknown("billing_cadence", wanted.billing_cadence, param="billing_cadence") from None
    elif wanted.customer is not None:
        try:
            customer = tx.customers.get(ours("customer", wanted.customer, param="customer"))
        except NotFound:
            raise unknown("customer", wanted.customer, param="customer") from None
    else:
        raise refused("parameter_missing", "Name a billing_cadence or a customer", param="billing_cadence")
    for one in upcoming_invoices(tx, engine, customer):
        if cadence_id in (None, one.billing_cadence_id):
            return view_of(tx, engine, _as_invoice(tx, customer, one), is_stored=False)
    raise refused(
        "invoice_upcoming_none", f"No upcoming invoices for customer: {wanted.customer or customer.id}", status=404
    )


def _as_invoice(tx: UnitOfWork, customer: Customer, one: Upcoming) -> Invoice:
    digits = (one.invoice_id or one.billing_cadence_id or customer.id).rpartition("_")[2]
    profile = tx.billing_profiles.of(customer, one.billing_cadence_id)
    return Invoice(
        id=f"{TO_COME}_{digits}",
        number=None,
        customer_id=customer.id,
        agreement_id=one.agreement_ids[0] if len(one.agreement_ids) == 1 else None,
        status="awaiting_sending",
        currency=one.currency,
        lines=one.lines,
        created_at=one.bills_at,
        send_at=one.issues_at,
        collection_method=profile.collection_method,
        billing_cadence_id=one.billing_cadence_id,
    )
