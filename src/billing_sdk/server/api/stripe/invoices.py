"""Invoices of v1: what was billed, what is to come, and what can be done about either.

Source: Stripe documentation, API reference, Invoices.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.errors import (
    InvoiceLocked,
    InvoiceNotIssued,
    InvoiceNotPayable,
    InvoicePaid,
    InvoiceVoid,
)
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.ids import ours, path_id
from billing_sdk.server.api.stripe.invoice_pay import NewPayment, pay
from billing_sdk.server.api.stripe.invoice_preview import PreviewBody, previewed
from billing_sdk.server.api.stripe.invoice_totals import totals_of
from billing_sdk.server.api.stripe.invoice_view import STATUSES, InvoiceView, Status, lines_of, view_of
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Cut, Filters, Listing, NoFilters, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import Flag, UnixTime
from billing_sdk.server.storage.invoice_lists import InvoicesWanted
from billing_sdk.server.usecases.draft_invoice import finalize_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.settle_by_hand import write_off_invoice
from billing_sdk.server.usecases.void_invoice import void_invoice
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

INSTEAD: Final = "invoice_not_editable"
TOO_LATE: Final = (InvoiceLocked, InvoiceNotIssued, InvoiceNotPayable, InvoicePaid, InvoiceVoid)
READ, WRITE = "read:billing_invoices", "update:billing_invoices"


class Range(FormBody):
    """A range of instants."""

    gt: UnixTime | None = None
    gte: UnixTime | None = None
    lt: UnixTime | None = None
    lte: UnixTime | None = None


class InvoiceFilters(Filters):
    """What invoices can be filtered by."""

    customer: str | None = None
    status: Status | None = None
    billing_cadence: str | None = None
    collection_method: Literal["charge_automatically", "send_invoice"] | None = None
    created: Range | UnixTime | None = None


class FinalizeBody(FormBody):
    """Who goes on with it is for the billing profile to say."""

    auto_advance: Flag | None = None


class NothingMore(FormBody):
    """Nothing can be said."""


INVOICES, LINES = Listing(InvoiceFilters), Listing(NoFilters)


@router.get("/invoices", **v1(READ))
def list_invoices(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[InvoiceFilters], Depends(INVOICES)]
) -> Response:
    """List invoices, the newest first; what gathers for the next one is told by its preview."""
    query = _query(wanted)
    with engine.read() as tx:
        found = tx.invoice_lists.newest(query, limit=wanted.limit + 1)
        has_more, is_backwards = len(found) > wanted.limit, wanted.before is not None
        ids = found[-wanted.limit :] if is_backwards else found[: wanted.limit]
        cut = Cut(ids, has_next=has_more and not is_backwards, has_previous=has_more and is_backwards)
        page = wanted.shown(cut, [view_of(tx, engine, tx.invoices.get(id_)) for id_ in ids])
    return answer(page)


@router.post("/invoices/create_preview", **v1(READ))
def create_preview(engine: EngineOf, answer: Answering, body: PreviewBody) -> Response:
    """Show the next invoice of a cadence, or of a customer."""
    with engine.read() as tx:
        return answer(previewed(tx, engine, body))


@router.get("/invoices/upcoming", **v1(READ))
def upcoming(
    engine: EngineOf, answer: Answering, customer: str | None = None, billing_cadence: str | None = None
) -> Response:
    """Show the same, as older clients ask for it."""
    with engine.read() as tx:
        return answer(previewed(tx, engine, PreviewBody(customer=customer, billing_cadence=billing_cadence)))


@router.get("/invoices/{invoice_id}", **v1(READ))
def get_invoice(engine: EngineOf, answer: Answering, invoice_id: Annotated[str, path_id("invoice")]) -> Response:
    """Get an invoice."""
    return answer(_shown(engine, invoice_id))


@router.get("/invoices/{invoice_id}/lines", **v1(READ))
def list_lines(
    engine: EngineOf,
    answer: Answering,
    invoice_id: Annotated[str, path_id("invoice")],
    wanted: Annotated[Wanted[NoFilters], Depends(LINES)],
) -> Response:
    """List the lines of an invoice, in their order."""
    with engine.read() as tx:
        invoice = tx.invoices.get(invoice_id)
        lines = lines_of(tx, invoice, totals_of(invoice))
    return answer(wanted.page(lines, lambda line: line, place_of=lambda line: line.id))


@router.post("/invoices/{invoice_id}/pay", **v1(WRITE))
def pay_invoice(
    caller: CallerOf, invoice_id: Annotated[str, path_id("invoice")], body: NewPayment, once: OnlyOnce
) -> Response:
    """Pay an invoice."""

    def serve(engine: Engine) -> View:
        with _in_its_state():
            pay(engine, invoice_id, body, actor=caller.client_id)
        return _shown(engine, invoice_id)

    return once(serve, body)


@router.post("/invoices/{invoice_id}/finalize", **v1(WRITE))
def finalize(
    caller: CallerOf, invoice_id: Annotated[str, path_id("invoice")], body: FinalizeBody, once: OnlyOnce
) -> Response:
    """Issue an invoice that waits."""

    def serve(engine: Engine) -> View:
        with _in_its_state():
            finalize_invoice(engine, invoice_id=invoice_id, source="api", actor=caller.client_id)
        return _shown(engine, invoice_id)

    return once(serve, body)


@router.post("/invoices/{invoice_id}/send", **v1(WRITE))
def send(
    caller: CallerOf, invoice_id: Annotated[str, path_id("invoice")], body: NothingMore, once: OnlyOnce
) -> Response:
    """Issue an invoice that waits, for its address to be passed on: no mail is written before it is overdue or paid."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            invoice = tx.invoices.get(invoice_id)
        if invoice.status in ("paid", "void", "uncollectible"):
            raise refused(INSTEAD, f"You can't send an invoice that is {invoice.status}")
        if not invoice.is_issued:
            with _in_its_state():
                finalize_invoice(engine, invoice_id=invoice_id, source="api", actor=caller.client_id)
        return _shown(engine, invoice_id)

    return once(serve, body)


@router.post("/invoices/{invoice_id}/void", **v1(WRITE))
def make_void(
    caller: CallerOf, invoice_id: Annotated[str, path_id("invoice")], body: NothingMore, once: OnlyOnce
) -> Response:
    """Make an invoice void."""

    def serve(engine: Engine) -> View:
        with _in_its_state():
            void_invoice(engine, invoice_id=invoice_id, actor=caller.client_id)
        return _shown(engine, invoice_id)

    return once(serve, body)


@router.post("/invoices/{invoice_id}/mark_uncollectible", **v1(WRITE))
def mark_uncollectible(
    caller: CallerOf, invoice_id: Annotated[str, path_id("invoice")], body: NothingMore, once: OnlyOnce
) -> Response:
    """Give an invoice up."""

    def serve(engine: Engine) -> View:
        with _in_its_state():
            write_off_invoice(engine, invoice_id, actor=caller.client_id)
        return _shown(engine, invoice_id)

    return once(serve, body)


@contextmanager
def _in_its_state() -> Iterator[None]:
    """Tell what an invoice is too far for as this API does."""
    try:
        yield
    except TOO_LATE as refusal:
        raise refused(INSTEAD, refusal.detail, remedy=refusal.remedy) from None


def _shown(engine: Engine, invoice_id: str) -> InvoiceView:
    with engine.read() as tx:
        return view_of(tx, engine, tx.invoices.get(invoice_id))


def _query(wanted: Wanted[InvoiceFilters]) -> InvoicesWanted:
    filters = wanted.filters
    customer, cadence = filters.customer, filters.billing_cadence
    first, last = _range(filters.created)
    return InvoicesWanted(
        customer_id=None if customer is None else ours("customer", customer, param="customer"),
        billing_cadence_id=None if cadence is None else ours("billing_cadence", cadence, param="billing_cadence"),
        statuses=[one for one, status in STATUSES.items() if one != "gathering" and filters.status in (None, status)],
        collection_method=filters.collection_method,
        created_from=first,
        created_until=last,
        after=None if wanted.after is None else ours("invoice", wanted.after, param="starting_after"),
        before=None if wanted.before is None else ours("invoice", wanted.before, param="ending_before"),
    )


def _range(created: Range | datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last instant; times on the wire are whole seconds, those of invoices need not be."""
    second, shortest = timedelta(seconds=1), timedelta(microseconds=1)
    if created is None:
        return None, None
    if not isinstance(created, Range):
        return created, created + second - shortest
    first = created.gte if created.gt is None else created.gt + second
    last = None if created.lte is None else created.lte + second - shortest
    return first, last if created.lt is None else created.lt - shortest
