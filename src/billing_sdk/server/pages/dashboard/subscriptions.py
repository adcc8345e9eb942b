"""Subscriptions: the list by plan and status; each with its periods, what is planned, and what belongs to it."""

from __future__ import annotations

from typing import cast

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement, AgreementStatus
from billing_sdk.server.domain.catalog import LicenceFee
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
from billing_sdk.server.pages.dashboard.names import called, called_by_id
from billing_sdk.server.pages.dashboard.places import COUPONS, CUSTOMERS, INVOICES, SUBSCRIPTIONS
from billing_sdk.server.pages.dashboard.plan_choice import asked_plan, plan_choice, plan_names
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.dashboard.statuses import (
    AGREEMENT_STATUSES,
    INVOICE_STATUSES,
    agreement_said,
    options_of,
    status_cell,
)
from billing_sdk.server.pages.dashboard.subscription_deeds import ROUTES as DEEDS
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.price_words import name_of_cadence
from billing_sdk.server.storage.customer_lists import AgreementsWanted
from billing_sdk.server.usecases.preview_change import next_charge_of
from billing_sdk.server.words import Phrase, Value, phrase

COLUMNS = (
    Column(phrase("Plan")),
    Column(phrase("Customer")),
    Column(phrase("Status")),
    Column(phrase("Since")),
    Column(phrase("Paid until")),
)
BESIDE_COLUMNS = (Column(phrase("Name")), Column(phrase("Kind")), Column(phrase("Number"), is_number=True))
INVOICE_COLUMNS = (
    Column(phrase("Number")),
    Column(phrase("Date")),
    Column(phrase("Status")),
    Column(phrase("Amount"), is_number=True),
)
NEWEST = 12


def show_subscriptions(seat: Seat) -> Response:
    """Show subscriptions, the newest first; those that have not ended, unless others are asked for."""
    request = seat.request
    status = one_of(request, "status", AGREEMENT_STATUSES)
    with seat.engine.read() as tx:
        choice = plan_choice(tx, asked_plan(request), nothing=phrase("All"))
        wanted = AgreementsWanted(
            choice.wanted or None, cast("AgreementStatus", status) or None, asked(request, AFTER) or None
        )
        found = tx.customer_lists.newest_agreements(wanted, limit=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        names = called_by_id(tx, [agreement.customer_id for agreement in shown])
        plans = plan_names(tx, shown)
    rows = [_row(one, plans, names[one.customer_id]) for one in shown]
    filters = {"plan": choice.wanted, "status": status}
    last = shown[-1].id if len(found) > PAGE_SIZE else ""
    return seat.show(
        "subscriptions/list",
        Form(filters),
        listing=listing(request, COLUMNS, rows, last=last, filters=filters),
        is_filtered=any(filters.values()),
        plans=choice,
        statuses=options_of(AGREEMENT_STATUSES),
    )


def show_subscription(seat: Seat) -> Response:
    """Show a subscription."""
    with seat.engine.read() as tx:
        agreement = tx.agreements.get(seat.request.path_params["agreement_id"])
        customer = tx.customers.get(agreement.customer_id)
        at = seat.engine.now_for(tx, customer)
        plans = plan_names(tx, [agreement])
        version = tx.catalog.get_version(agreement.plan_version_id)
        fees = {fee.key: fee.name for fee in version.of_kind(LicenceFee)}
        balance = tx.credits.balance(customer.id, agreement.currency)
        upcoming = next_charge_of(tx, customer, agreement, balance) if agreement.is_live else None
        name = called(tx, [customer])[customer.id]
        invoices = tx.invoices.newest_of(customer.id, limit=NEWEST)
        dunning = [found for one in invoices if one.is_owed and (found := tx.dunnings.find(one.id)) is not None]
    said = agreement_said(agreement)
    return seat.show(
        "subscriptions/show",
        agreement=agreement,
        plan=plans.get(agreement.plan_key, agreement.plan_key),
        url=f"{SUBSCRIPTIONS}/{agreement.id}",
        said=said,
        version=version,
        cadence=name_of_cadence(agreement.cadence),
        period=agreement.period_at(at) if agreement.is_live else None,
        name=name,
        customer_url=f"{CUSTOMERS}/{customer.id}",
        planned=_planned(agreement, plans),
        upcoming=upcoming,
        beside_columns=BESIDE_COLUMNS,
        beside_rows=_beside(agreement, plans, fees),
        invoice_columns=INVOICE_COLUMNS,
        invoice_rows=[
            row(
                Cell(one.number or one.id, url=f"{INVOICES}/{one.id}"),
                one.issued_at or one.created_at,
                status_cell(INVOICE_STATUSES, one.status),
                one.amount,
            )
            for one in invoices
            if agreement.id in {one.agreement_id, *(line.agreement_id for line in one.lines)}
        ],
        dunning=dunning,
    )


def _row(agreement: Agreement, plans: dict[str, str], name: str) -> Row:
    said = agreement_said(agreement)
    return row(
        Cell(plans.get(agreement.plan_key, agreement.plan_key), url=f"{SUBSCRIPTIONS}/{agreement.id}"),
        Cell(name, url=f"{CUSTOMERS}/{agreement.customer_id}"),
        Cell(said.label, tone=said.tone),
        agreement.started_at,
        agreement.billed_until if agreement.is_live else "",
    )


def _planned(agreement: Agreement, plans: dict[str, str]) -> list[Phrase]:
    """Return what will happen to it, in words."""
    planned: list[Phrase] = []
    change = agreement.pending_change
    if agreement.cancel_at is not None:
        planned.append(phrase("It ends on %(day)s.", day=agreement.cancel_at))
    if change is not None and change.is_alteration:
        planned.append(phrase("Its add-ons or seats change on %(day)s.", day=change.at))
    elif change is not None:
        plan = plans.get(change.plan_key, change.plan_key)
        planned.append(phrase("It becomes %(plan)s on %(day)s.", plan=plan, day=change.at))
    if agreement.next_version_id is not None:
        planned.append(phrase("Another version of the plan takes over on %(day)s.", day=agreement.billed_until))
    return planned


def _beside(agreement: Agreement, plans: dict[str, str], fees: dict[str, str]) -> list[Row]:
    add_ons = [row(plans.get(one.plan_key, one.plan_key), phrase("Add-on"), one.quantity) for one in agreement.add_ons]
    seats = [row(fees.get(key, key), phrase("Licences"), number) for key, number in agreement.quantities.items()]
    return [*add_ons, *seats, *(_discount_row(one) for one in agreement.discounts)]


def _discount_row(discount: AgreedDiscount) -> Row:
    left: Value = "" if discount.periods_left is None else discount.periods_left
    return row(
        Cell(discount.coupon_key, url=f"{COUPONS}/{discount.coupon_key}"),
        phrase("Discount; billing periods left"),
        left,
    )


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(SUBSCRIPTIONS, show_subscriptions),
    billing_route(f"{SUBSCRIPTIONS}/{{agreement_id}}", show_subscription),
    *DEEDS,
)
