"""Payments of changes that are under way: where somebody who comes meanwhile goes on."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.errors import AuthenticationRequired, BillingError, Conflict, PaymentPending
from billing_sdk.server.pages.authenticate import address_of
from billing_sdk.server.pages.elsewhere import go_on_elsewhere
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.storage import UnitOfWork


def go_on(desk: Desk, error: BillingError) -> Response | None:
    """Send a browser to where a payment goes on, or to the plan page until more is known; None for other errors.

    A copy of a form that the first one is at comes to the same place.
    """
    if isinstance(error, AuthenticationRequired | PaymentPending):
        elsewhere = go_on_elsewhere(desk.request, desk.engine, error, back=desk.url("plan_details"))
        if elsewhere or isinstance(error, AuthenticationRequired):
            return elsewhere  # one that nobody can confirm any more was refused
        return desk.go_to("plan_details", "pending")
    # Its subclasses say what else is in the way.
    return desk.go_to("plan_details", "pending") if error.code == Conflict.code else None


def confirm_url(desk: Desk, url: object) -> str:
    """Return where a payment is confirmed, with the way back to the plan page; empty where nobody has to."""
    return address_of(str(url), desk.engine, desk.url("plan_details")) if url else ""


def confirm_urls(tx: UnitOfWork, desk: Desk) -> list[str]:
    """Return where the account's changes of plan wait for their payer."""
    charges = tx.charges.of_customer(desk.customer.id) if desk.customer else ()
    return [
        confirm_url(desk, charge.awaits.url)
        for charge in charges
        if charge.agreement and charge.invoice_id is None and charge.awaits and charge.awaits.url
    ]
