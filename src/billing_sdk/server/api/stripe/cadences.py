"""Billing cadences of v2: the rhythms in which customers get their invoices."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from fastapi import Depends
from pydantic import BeforeValidator
from starlette.responses import Response

from billing_sdk.errors import CadenceCanceled, CadenceMismatch, NotFound
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import StripeRoute, View
from billing_sdk.server.api.stripe.cadence_bodies import (
    CancelBody,
    ChangedCadence,
    InlineCadence,
    NewCadence,
    PayerBody,
    check_include,
    cycle_of,
    included,
    payer_of,
    profile_of,
    ref_of,
)
from billing_sdk.server.api.stripe.cadence_views import CadenceView
from billing_sdk.server.api.stripe.ids import ours, path_id, unknown
from billing_sdk.server.api.stripe.lookup_keys import LookupKeys, as_list, refusing_taken
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Cut, Filters, Listing, NoFilters, Wanted
from billing_sdk.server.api.stripe.payer_profiles import billable_customer
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.stored_pages import newest_first
from billing_sdk.server.api.stripe.values import merged
from billing_sdk.server.domain.agreements import BillingCadence, BillingCycle, SettingRef
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.billing_cadences import (
    CadenceOptions,
    cancel_cadence,
    create_cadence,
    update_cadence,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

CadenceInPath = Annotated[str, path_id("billing_cadence", "cadence_id")]
Included = Annotated[frozenset[str], Depends(included)]


class PayerFilter(Filters):
    """Whose cadences."""

    type: Literal["customer"] = "customer"
    customer: str | None = None


class CadenceFilters(Filters):
    """What cadences can be filtered by: one of lookup keys, payer and test clock; and what else is to be shown."""

    include: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    lookup_keys: LookupKeys = ()
    payer: PayerFilter | None = None
    test_clock: str | None = None


CADENCES = Listing(CadenceFilters)
RULES = Listing(NoFilters)


@router.post("/billing/cadences", **v2("create:billing_agreements"))
def create(caller: CallerOf, body: NewCadence, once: OnlyOnce) -> Response:
    """Give a customer a rhythm in which it is billed."""

    def serve(engine: Engine) -> View:
        cadence = made(engine, body, actor=caller.client_id)
        return shown(engine, cadence.id, body.include)

    return once(serve, body, again=_again)


@router.get("/billing/cadences", **v2("read:billing_agreements"))
def list_cadences(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[CadenceFilters], Depends(CADENCES)]
) -> Response:
    """List cadences, the newest first."""
    filters = wanted.filters
    include = check_include(list(filters.include))
    with engine.read() as tx:
        given = _filters(tx, filters)
        cut = newest_first(
            wanted,
            lambda page: tx.billing_cadences.list(page, lookup_keys=filters.lookup_keys, **given),
            id_of=lambda cadence: cadence.id,
        )
        customers = tx.customers.list_of({cadence.customer_id for cadence in cut.items})
        views = [_view(tx, engine, one, customers[one.customer_id], include) for one in cut.items]
    return answer(wanted.shown(cut, views))


@router.get("/billing/cadences/{cadence_id}", **v2("read:billing_agreements"))
def get(engine: EngineOf, answer: Answering, cadence_id: CadenceInPath, include: Included) -> Response:
    """Get a cadence."""
    return answer(shown(engine, cadence_id, include))


@router.post("/billing/cadences/{cadence_id}", **v2("update:billing_agreements"))
def update(caller: CallerOf, cadence_id: CadenceInPath, body: ChangedCadence, once: OnlyOnce) -> Response:
    """Change what is given of a cadence; it counts for invoices that are made from now on."""

    def serve(engine: Engine) -> View:
        given = body.model_fields_set
        with engine.read() as tx:
            before = tx.billing_cadences.get(cadence_id)
            payer = body.payer.billing_profile if body.payer is not None else None
            bill, collection = ref_of(tx, body.settings, "bill"), ref_of(tx, body.settings, "collection")
            _check_location(tx, tx.customers.get(before.customer_id), bill)
            options = CadenceOptions(
                profile_id=None if payer is None else profile_of(tx, payer),
                bill=bill,
                collection=collection,
                lookup_key=(body.lookup_key or "") if "lookup_key" in given else None,
                metadata=merged(before.metadata, body.metadata) if "metadata" in given else None,
            )
        try:
            with refusing_taken():
                update_cadence(engine, cadence_id, options=options, actor=caller.client_id)
        except CadenceCanceled as error:
            raise refused(error.code, error.detail, remedy=error.remedy) from None
        except CadenceMismatch as error:
            raise refused(
                "billing_profile_not_found_for_cadence", error.detail, param="payer.billing_profile"
            ) from None
        return shown(engine, cadence_id, body.include)

    return once(serve, body, again=_again)


@router.post("/billing/cadences/{cadence_id}/cancel", **v2("delete:billing_agreements"))
def cancel(caller: CallerOf, cadence_id: CadenceInPath, body: CancelBody, once: OnlyOnce) -> Response:
    """Bill nothing by a cadence any more; what is on it ends."""

    def serve(engine: Engine) -> View:
        try:
            cancel_cadence(engine, cadence_id, actor=caller.client_id)
        except CadenceCanceled as error:
            raise refused(error.code, error.detail, remedy=error.remedy) from None
        return shown(engine, cadence_id, body.include)

    return once(serve, body, again=_again)


@router.get("/billing/cadences/{cadence_id}/spend_modifier_rules", **v2("read:billing_agreements"))
def list_spend_modifier_rules(
    engine: EngineOf,
    answer: Answering,
    cadence_id: CadenceInPath,
    wanted: Annotated[Wanted[NoFilters], Depends(RULES)],
) -> Response:
    """List what limits the spending of a cadence: nothing does."""
    with engine.read() as tx:
        tx.billing_cadences.get(cadence_id)
    return answer(wanted.shown(Cut(()), []))


@router.get("/billing/cadences/{cadence_id}/spend_modifier_rules/{rule_id}", **v2("read:billing_agreements"))
def get_spend_modifier_rule(engine: EngineOf, cadence_id: CadenceInPath, rule_id: str) -> Response:
    """Get what limits the spending of a cadence: nothing does."""
    with engine.read() as tx:
        tx.billing_cadences.get(cadence_id)
    raise unknown("spend_modifier_rule", rule_id)


def inline(engine: Engine, body: InlineCadence, *, param: str) -> tuple[str, BillingCycle, CadenceOptions]:
    """Return whose cadence is to be made with something else, when it comes back, and what else is said of it.

    The three are the arguments of `create_cadence`.

    Args:
        engine: the engine.
        body: what was sent.
        param: where it was sent.

    Raises:
        BillingError: something of it can't be, or is not there.
    """
    data, method_id = body.payer.billing_profile_data, None
    with engine.read() as tx:
        if data is None:
            customer_id, profile_id = payer_of(tx, PayerBody(billing_profile=body.payer.billing_profile))
        else:
            customer_id, profile_id = ours("customer", data.customer, param=f"{param}.payer"), None
            if (method := data.default_payment_method) is not None:
                method_id = ours("payment_method", method, param=f"{param}.payer")
        customer = billable_customer(tx, customer_id, param=f"{param}.payer")
        bill, collection = ref_of(tx, body.settings, "bill"), ref_of(tx, body.settings, "collection")
        _check_location(tx, customer, bill)
    options = CadenceOptions(profile_id, method_id, bill, collection)
    return customer_id, cycle_of(body.billing_cycle), options


def made(engine: Engine, body: NewCadence, *, actor: str) -> BillingCadence:
    """Make a cadence as it was sent; intents make theirs so as well.

    Raises:
        BillingError: something of it can't be, or is not there.
    """
    with engine.read() as tx:
        customer_id, profile_id = payer_of(tx, body.payer)
        customer = billable_customer(tx, customer_id, param="payer.customer")
        bill, collection = ref_of(tx, body.settings, "bill"), ref_of(tx, body.settings, "collection")
        _check_location(tx, customer, bill)
    options = CadenceOptions(
        profile_id=profile_id,
        bill=bill,
        collection=collection,
        lookup_key=body.lookup_key,
        metadata=merged({}, body.metadata),
    )
    cycle = cycle_of(body.billing_cycle)
    with refusing_taken():
        return create_cadence(engine, customer_id=customer_id, cycle=cycle, options=options, actor=actor)


def shown(engine: Engine, cadence_id: str, include: Collection[str] = ()) -> CadenceView:
    """Show a cadence as it is now.

    Raises:
        UnknownCadence: there is none with this id.
    """
    with engine.read() as tx:
        cadence = tx.billing_cadences.get(cadence_id)
        return _view(tx, engine, cadence, tx.customers.get(cadence.customer_id), include)


def _view(
    tx: UnitOfWork, engine: Engine, cadence: BillingCadence, customer: Customer, include: Collection[str]
) -> CadenceView:
    return CadenceView.of(tx, cadence, customer, at=engine.now_for(tx, customer), include=include)


def _again(engine: Engine, shown_id: str) -> View:
    return shown(engine, ours("billing_cadence", shown_id))


def _filters(tx: UnitOfWork, filters: CadenceFilters) -> dict[str, str | None]:
    """Return the ids that a list is filtered by.

    Raises:
        InvalidRequest: there are two filters that exclude each other.
        NotFound: there is no such customer or test clock.
    """
    given = {
        "lookup_keys": bool(filters.lookup_keys),
        "payer": filters.payer is not None,
        "test_clock": filters.test_clock is not None,
    }
    if sum(given.values()) > 1:
        raise refused(
            "invalid_billing_cadence_filters",
            "lookup_keys, payer and test_clock exclude each other",
            param=next(name for name in reversed(given) if given[name]),
        )
    found: dict[str, str | None] = {"customer_id": None, "clock_id": None}
    if filters.payer is not None:
        if filters.payer.customer is None:
            raise refused("invalid_billing_cadence_filters", "Name the customer of the payer", param="payer.customer")
        found["customer_id"] = tx.customers.get(ours("customer", filters.payer.customer, param="payer.customer")).id
    if filters.test_clock is not None:
        clock_id = ours("test_clock", filters.test_clock, param="test_clock")
        try:
            found["clock_id"] = tx.clocks.get(clock_id).id
        except NotFound:
            raise unknown("test_clock", filters.test_clock, param="test_clock") from None
    return found


def _check_location(tx: UnitOfWork, customer: Customer, bill: SettingRef | None) -> None:
    """Let a bill setting pass whose tax can be worked out for a customer.

    Raises:
        InvalidRequest: its tax is automatic, and nobody knows where the customer is.
    """
    terms = tx.bill_settings.terms_of(bill)
    if terms is not None and terms.is_tax_automatic and customer.address is None:
        raise refused(
            "customer_tax_location_invalid",
            "Nobody knows where the customer is, which automatic tax depends on",
            param="settings.bill.id",
            remedy="Give the customer an address with a country.",
        )
