"""Customers: the list, and one customer's page with all that is known about the account."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.server.domain.agreements import LIVE, Agreement, AgreementStatus
from billing_sdk.server.domain.customers import Customer, CustomerKind
from billing_sdk.server.pages.dashboard.customer_deeds import ROUTES as DEEDS
from billing_sdk.server.pages.dashboard.customer_page import show_customer
from billing_sdk.server.pages.dashboard.listing import (
    AFTER,
    PAGE_SIZE,
    Cell,
    Column,
    Row,
    asked,
    listing,
    one_of,
    row,
)
from billing_sdk.server.pages.dashboard.names import called
from billing_sdk.server.pages.dashboard.places import CUSTOMERS
from billing_sdk.server.pages.dashboard.plan_choice import asked_plan, plan_choice, plan_names
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.dashboard.statuses import (
    AGREEMENT_STATUSES,
    CUSTOMER_KINDS,
    Said,
    agreement_said,
    options_of,
)
from billing_sdk.server.pages.dashboard.timeline import show_timeline
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.customer_lists import AgreementsWanted
from billing_sdk.server.words import phrase

COLUMNS = (
    Column(phrase("Name")),
    Column(phrase("Kind")),
    Column(phrase("Plan")),
    Column(phrase("Status")),
    Column(phrase("Since")),
)
LIVE_STATUSES: dict[str, Said] = {status: said for status, said in AGREEMENT_STATUSES.items() if status in LIVE}


def show_customers(seat: Seat) -> Response:
    """Show customers, the newest first, by plan, status and kind."""
    request = seat.request
    kind = one_of(request, "kind", CUSTOMER_KINDS)
    status = one_of(request, "status", LIVE_STATUSES)
    with seat.engine.read() as tx:
        choice = plan_choice(tx, asked_plan(request), nothing=phrase("All"))
        found, last = _page(tx, kind, choice.wanted, status, asked(request, AFTER))
        names = called(tx, found)
        live = tx.customer_lists.live_of([customer.id for customer in found])
        plans = plan_names(tx, [agreement for several in live.values() for agreement in several])
    rows = [customer_row(customer, names, live.get(customer.id, ()), plans) for customer in found]
    filters = {"kind": kind, "plan": choice.wanted, "status": status}
    return seat.show(
        "customers/list",
        Form(filters),
        listing=listing(request, COLUMNS, rows, last=last),
        is_filtered=any(filters.values()),
        plans=choice,
        kinds=options_of(CUSTOMER_KINDS),
        statuses=options_of(LIVE_STATUSES),
    )


def customer_row(
    customer: Customer, names: Mapping[str, str], live: Collection[Agreement], plans: Mapping[str, str]
) -> Row:
    """Return the row of a customer."""
    said = next((agreement_said(agreement) for agreement in live), None)
    name = names[customer.id]
    return row(
        Cell(
            name,
            url=f"{CUSTOMERS}/{customer.id}",
            note="" if name == customer.billing_email else customer.billing_email,
        ),
        CUSTOMER_KINDS[customer.kind],
        ", ".join(plans.get(agreement.plan_key, agreement.plan_key) for agreement in live) or phrase("None"),
        Cell() if said is None else Cell(said.label, tone=said.tone),
        customer.created_at,
    )


def _page(tx: UnitOfWork, kind: str, plan_key: str, status: str, after: str) -> tuple[tuple[Customer, ...], str]:
    """Return the customers of a page, and the cursor of the page after it.

    Whoever asks for a plan or a status gets the customers in the order of their agreements, which an index has.
    """
    if not plan_key and not status:
        some = tx.customer_lists.newest(
            kind=cast("CustomerKind", kind) or None, after=after or None, limit=PAGE_SIZE + 1
        )
        return some[:PAGE_SIZE], some[PAGE_SIZE - 1].id if len(some) > PAGE_SIZE else ""
    wanted = AgreementsWanted(plan_key or None, cast("AgreementStatus", status) or None, after or None)
    agreed = tx.customer_lists.newest_agreements(wanted, limit=PAGE_SIZE + 1)
    shown = agreed[:PAGE_SIZE]
    by_id = tx.customers.list_of({agreement.customer_id for agreement in shown})
    ids = dict.fromkeys(agreement.customer_id for agreement in shown)
    found = tuple(by_id[id_] for id_ in ids if not kind or by_id[id_].kind == kind)
    return found, shown[-1].id if len(agreed) > PAGE_SIZE else ""


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(CUSTOMERS, show_customers),
    billing_route(f"{CUSTOMERS}/{{customer_id}}", show_customer),
    billing_route(f"{CUSTOMERS}/{{customer_id}}/timeline", show_timeline),
    *DEEDS,
)
