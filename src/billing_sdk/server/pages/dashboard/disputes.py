"""Disputes: payments that are asked back for through a bank, by status, and each with what it is about."""

from __future__ import annotations

from typing import cast

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import APIError
from billing_sdk.server.domain.invoicing import Dispute, DisputeStatus
from billing_sdk.server.pages.dashboard.listing import Cell, Column, listing, one_of, place_of, row
from billing_sdk.server.pages.dashboard.names import called, called_by_id
from billing_sdk.server.pages.dashboard.places import CUSTOMERS, DISPUTES, INVOICES
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.dashboard.statuses import DISPUTE_KINDS, DISPUTE_STATUSES, options_of, status_cell
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.close_dispute import close_dispute
from billing_sdk.server.words import Phrase, phrase

COLUMNS = (
    Column(phrase("Date")),
    Column(phrase("Customer")),
    Column(phrase("Kind")),
    Column(phrase("Status")),
    Column(phrase("Answer until")),
    Column(phrase("Amount"), is_number=True),
)
REASONS: dict[str, Phrase] = {
    "bank_cannot_process": phrase("The bank can't process it"),
    "credit_not_processed": phrase("A refund did not come"),
    "duplicate": phrase("Charged twice"),
    "fraudulent": phrase("The holder did not make the payment"),
    "general": phrase("No reason given"),
    "product_not_received": phrase("Nothing was delivered"),
    "product_unacceptable": phrase("What was delivered is not as described"),
    "subscription_canceled": phrase("The subscription was cancelled before"),
    "unrecognized": phrase("The holder does not recognise the payment"),
}
# How a dispute of the test processor can be decided, which has no bank to do so.
OUTCOMES: dict[str, tuple[tuple[DisputeStatus, Phrase], ...]] = {
    "dispute": (("won", phrase("Decide it for the seller")), ("lost", phrase("Decide it for the customer"))),
    "inquiry": (("closed", phrase("Close it")),),
    "fraud_warning": (("closed", phrase("Close it")),),
}


def show_disputes(seat: Seat) -> Response:
    """Show disputes, the newest first."""
    request = seat.request
    status = one_of(request, "status", DISPUTE_STATUSES)
    with seat.engine.read() as tx:
        found = tx.disputes.page(place_of(request), status=cast("DisputeStatus", status) or None)
        names = called_by_id(tx, [one.customer_id for one in found.items])
    rows = [
        row(
            Cell(one.opened_at, url=f"{DISPUTES}/{one.id}"),
            Cell(names[one.customer_id], url=f"{CUSTOMERS}/{one.customer_id}"),
            Cell(DISPUTE_KINDS[one.kind], note=REASONS.get(one.reason, one.reason)),
            status_cell(DISPUTE_STATUSES, one.status),
            one.evidence_due_at or "",
            one.amount,
        )
        for one in found.items
    ]
    last = found.items[-1].id if found.has_more else ""
    return seat.show(
        "disputes/list",
        Form({"status": status}),
        listing=listing(request, COLUMNS, rows, last=last),
        statuses=options_of(DISPUTE_STATUSES),
    )


def show_dispute(seat: Seat) -> Response:
    """Show a dispute."""
    return _page(seat, Form())


def decide(seat: Seat, form: Form) -> Response:
    """Decide a dispute of the test processor."""
    dispute_id = seat.request.path_params["dispute_id"]
    outcome = next((one for one in ("won", "lost", "closed") if one == form.text("outcome")), "closed")
    try:
        close_dispute(seat.engine, dispute_id, cast("DisputeStatus", outcome), source="admin", actor=seat.operator.id)
    except APIError as error:
        return _page(seat, form.refused(error))
    return seat.go_to(f"{DISPUTES}/{dispute_id}", "decided")


def _page(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        dispute: Dispute = tx.disputes.get(seat.request.path_params["dispute_id"])
        customer = tx.customers.get(dispute.customer_id)
        name = called(tx, [customer])[customer.id]
        invoice = None if dispute.invoice_id is None else tx.invoices.find(dispute.invoice_id)
    is_decided_here = dispute.gateway == "managed" and dispute.is_open
    return seat.show(
        "disputes/show",
        form,
        dispute=dispute,
        url=f"{DISPUTES}/{dispute.id}",
        said=DISPUTE_STATUSES[dispute.status],
        kind=DISPUTE_KINDS[dispute.kind],
        reason=REASONS.get(dispute.reason, dispute.reason),
        name=name,
        customer_url=f"{CUSTOMERS}/{customer.id}",
        invoice=invoice,
        invoice_url=f"{INVOICES}/{dispute.invoice_id}",
        outcomes=OUTCOMES[dispute.kind] if is_decided_here else (),
    )


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(DISPUTES, show_disputes),
    billing_route(f"{DISPUTES}/{{dispute_id}}", show_dispute),
    billing_route(f"{DISPUTES}/{{dispute_id}}/decide", show_dispute, decide),
)
