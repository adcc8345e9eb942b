"""Cancellations: what customers have asked for, why, and the operator's decision."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import CancellationDenied, Conflict, InvalidRequest, NotFound
from billing_sdk.server.domain.agreements import EndRequest, EndRequestStatus
from billing_sdk.server.pages.dashboard.listing import Cell, Column, Row, listing, one_of, place_of, row
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.leaving_words import END_STATUSES, END_TONES, REASONS
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.decide_end_request import approve_end, refuse_end
from billing_sdk.server.words import Phrase, phrase

CANCELLATIONS = "/dashboard/cancellations"
COLUMNS = (
    Column(phrase("Customer")),
    Column(phrase("Plan")),
    Column(phrase("Reason")),
    Column(phrase("Status")),
    Column(phrase("To end on")),
    Column(phrase("Asked on")),
)
UNKNOWN = phrase("None given")


@dataclass(frozen=True, slots=True)
class Asked:
    """A customer's wish with what it is about, as a page shows it."""

    request: EndRequest
    customer: str
    plan: str
    reason: Phrase
    status: Phrase
    tone: str


def show_cancellations(seat: Seat) -> Response:
    """Show what customers have asked for, the newest first, all of it or by what has become of it."""
    chosen = one_of(seat.request, "status", tuple(END_STATUSES))
    wanted: EndRequestStatus | None = next((status for status in END_STATUSES if status == chosen), None)
    with seat.engine.read() as tx:
        page = tx.end_requests.list(place_of(seat.request), status=wanted)
        asked = _told(tx, page.items)
    rows = [_row(one) for one in asked]
    last = page.items[-1].id if page.has_more and page.items else ""
    return seat.show(
        "cancellations/list",
        Form({"status": chosen}),
        listing=listing(seat.request, COLUMNS, rows, last=last, filters={"status": chosen}),
        statuses=[("", phrase("All")), *END_STATUSES.items()],
    )


def show_cancellation(seat: Seat) -> Response:
    """Show one wish, with the form to decide about it."""
    return _show(seat, Form())


def decide(seat: Seat, form: Form) -> Response:
    """End the agreement as it was asked for, or leave it as it is."""
    is_approved = form.text("decision") == "approve"
    act, note = (approve_end, "cancellation_approved") if is_approved else (refuse_end, "cancellation_refused")
    request = _asked(seat).request
    try:
        act(seat.engine, request_id=request.id, actor=seat.operator.id, answer=form.text("answer"))
    except (CancellationDenied, Conflict, InvalidRequest) as error:
        return _show(seat, form.refused(error))
    return seat.go_to(CANCELLATIONS, note)


def _show(seat: Seat, form: Form) -> Response:
    asked = _asked(seat)
    return seat.show("cancellations/one", form, asked=asked, place=f"{CANCELLATIONS}/{asked.request.id}")


def _asked(seat: Seat) -> Asked:
    """Return the wish that the address names.

    Raises:
        NotFound: there is none.
    """
    with seat.engine.read() as tx:
        request = tx.end_requests.find(seat.request.path_params["request_id"])
        if request is None:
            raise NotFound("there is no such request", remedy="Choose one from the list.")
        (asked,) = _told(tx, (request,))
    return asked


def _told(tx: UnitOfWork, requests: tuple[EndRequest, ...]) -> list[Asked]:
    customers = tx.customers.list_of({one.customer_id for one in requests})
    names = tx.customers.names_of(tuple(customers.values()))
    plans = {plan.key: plan.name for plan in tx.catalog.list_plans(sorted({one.plan_key for one in requests}))}
    return [
        Asked(
            one,
            customer=names.get(one.customer_id) or one.customer_id,
            plan=plans.get(one.plan_key, one.plan_key),
            reason=UNKNOWN if one.reason is None else REASONS[one.reason],
            status=END_STATUSES[one.status],
            tone=END_TONES[one.status],
        )
        for one in requests
    ]


def _row(asked: Asked) -> Row:
    return row(
        Cell(asked.customer, url=f"{CANCELLATIONS}/{asked.request.id}"),
        asked.plan,
        asked.reason,
        Cell(asked.status, tone=asked.tone),
        asked.request.ends_at,
        asked.request.asked_at,
    )


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(CANCELLATIONS, show_cancellations),
    billing_route(f"{CANCELLATIONS}/{{request_id}}", show_cancellation, decide),
)
