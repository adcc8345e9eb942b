"""Charges of customers: what is charged once, at an instant that is named before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from billing_sdk.server.api.konnect.bodies import KonnectRoute, View
from billing_sdk.server.api.konnect.charge_body import NewCharge
from billing_sdk.server.api.konnect.charge_totals import ChargeTotalsView, nothing, totals_of, totals_on
from billing_sdk.server.api.konnect.filters import one_of
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import PagedMeta, PageMeta
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.sorting import in_order
from billing_sdk.server.api.konnect.values import CustomerId, Instant, Numeric
from billing_sdk.server.api.konnect.view import Resource, resource_of
from billing_sdk.server.domain.invoicing import NOTHING_USED
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import Terms
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.conditions import all_hold
from billing_sdk.server.usecases.accounts import account_of
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_in_force import policies_of
from billing_sdk.server.usecases.planned_charges import KnownCharge, charges_of, plan_charge, used_for
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Charges"], route_class=KonnectRoute)

STATUSES = ("created", "active", "final", "deleted")
VALUES: dict[str, Callable[[KnownCharge], Any]] = {
    "id": lambda one: ulid_of(one.planned.id),
    "created_at": lambda one: one.extras.created_at,
    "service_period.from": lambda one: one.planned.period.start,
    "billing_period.from": lambda one: _sent_period(one, "billing_period").from_,
    "status": lambda one: one.status,
}
LISTED = Listing(
    filters={"status": one_of(*STATUSES)},
    sorts=("id", "created_at", "service_period.from", "billing_period.from"),
)
Expand = Annotated[list[Literal["real_time_usage"]], Query()]


class ReferenceView(View):
    """Another thing, by its id."""

    id: str


class PeriodView(View):
    """From an instant on, to before another one."""

    from_: Instant = Field(serialization_alias="from")
    to: Instant


class MoneyView(View):
    """An amount of money, in the currency's main unit."""

    amount: Numeric
    currency: str


class ChargeView(Resource):
    """What all charges have in common."""

    type: Literal["flat_fee", "usage_based"]
    customer: ReferenceView
    lifecycle_controller: Literal["system", "manual"]
    currency: str
    status: Literal["created", "active", "final", "deleted"]
    invoice_at: Instant
    service_period: PeriodView
    full_service_period: PeriodView
    billing_period: PeriodView
    settlement_mode: str
    price: dict[str, Any]
    unique_reference_id: str | None = None
    tax_config: dict[str, Any] | None = None
    discounts: dict[str, Any] | None = None
    feature_key: str | None = None


class FlatFeeView(ChargeView):
    """An amount that is charged once."""

    payment_term: str
    proration_configuration: dict[str, str]
    amount_after_proration: MoneyView


class UsageChargeView(ChargeView):
    """What a feature's use of a period comes to."""

    totals: ChargeTotalsView


class ChargesView(View):
    """A page of charges."""

    data: list[FlatFeeView | UsageChargeView]
    meta: PagedMeta


@router.post(
    "/customers/{customer_id}/charges",
    name="create-customer-charges",
    status_code=201,
    response_model=FlatFeeView | UsageChargeView,
    **scoped("update:billing_invoices"),
)
def create_charge(caller: CallerOf, customer_id: CustomerId, body: NewCharge, once: OnlyOnce) -> Response:
    """Have a customer charged once: a flat fee, or what a feature's use of a period comes to."""

    def serve(engine: Engine) -> FlatFeeView | UsageChargeView:
        with engine.begin() as tx:
            wished = body.wished(tx, customer_id)
        made = plan_charge(engine, wished, actor=caller.client_id)
        with engine.read() as tx:
            return _shown(tx, made, is_live=False)

    return once(serve, body, status=201)


@router.get(
    "/customers/{customer_id}/charges", name="list-customer-charges", **scoped("read:billing_invoices", lists=LISTED)
)
def list_charges(
    engine: EngineOf,
    customer_id: CustomerId,
    wanted: Annotated[Wanted, Depends(LISTED)],
    expand: Expand = [],  # noqa: B006 - never changed
) -> ChargesView:
    """List what a customer was and will be charged once; `expand=real_time_usage` shows what usage comes to so far."""
    with engine.read() as tx:
        customer = account_of(tx, customer_id).customer
        known = charges_of(tx, customer, at=engine.now_for(tx, customer))
        found = [one for one in known if all_hold(wanted.conditions, lambda field, one=one: VALUES[field](one))]  # type: ignore[misc]
        ordered = in_order(found, wanted.order, lambda one, field: VALUES[field](one))
        data = [_shown(tx, one, is_live=bool(expand)) for one in wanted.page.cut(ordered)]
    page = PageMeta(size=wanted.page.size, number=wanted.page.number, total=len(found))
    return ChargesView(data=data, meta=PagedMeta(page=page))


def _shown(tx: UnitOfWork, known: KnownCharge, *, is_live: bool) -> FlatFeeView | UsageChargeView:
    planned, sent = known.planned, known.extras.more
    common = {
        **resource_of(planned.id, known.extras, name=planned.description, created_at=known.extras.created_at),
        "type": sent["type"],
        "customer": ReferenceView(id=ulid_of(planned.customer_id)),
        "lifecycle_controller": "system",
        "currency": planned.currency,
        "status": known.status,
        "invoice_at": planned.invoice_at,
        "service_period": _period(planned.period),
        "full_service_period": _sent_period(known, "full_service_period"),
        "billing_period": _sent_period(known, "billing_period"),
        **{
            name: sent.get(name)
            for name in ("settlement_mode", "unique_reference_id", "tax_config", "discounts", "feature_key")
        },
    }
    if sent["type"] == "usage_based":
        return UsageChargeView(**common, price=sent["price"], totals=_totals(tx, known, is_live=is_live))
    undiscounted = replace(planned, terms=Terms(planned.terms.price))
    amount = undiscounted.charged(NOTHING_USED, policies_of(tx)).amount
    return FlatFeeView(
        **common,
        price={"type": "flat", "amount": sent["amount_before_proration"]["amount"]},
        payment_term=sent["payment_term"],
        proration_configuration=sent["proration_configuration"],
        amount_after_proration=MoneyView(amount=amount.major, currency=planned.currency),
    )


def _totals(tx: UnitOfWork, known: KnownCharge, *, is_live: bool) -> ChargeTotalsView:
    booked = nothing(known.planned.currency)
    if known.invoice is not None and known.number is not None:
        booked = totals_on(known.invoice, known.number)
    realtime = totals_of(known.planned.charged(used_for(tx, known.planned), policies_of(tx))) if is_live else None
    return ChargeTotalsView(booked=booked, realtime=realtime)


def _period(period: Period) -> PeriodView:
    return PeriodView(from_=period.start, to=period.end)


def _sent_period(known: KnownCharge, name: str) -> PeriodView:
    """Return a period that was sent; the service period where it was not."""
    sent = known.extras.more.get(name)
    if sent is None:
        return _period(known.planned.period)
    return PeriodView(from_=datetime.fromisoformat(sent["from"]), to=datetime.fromisoformat(sent["to"]))
