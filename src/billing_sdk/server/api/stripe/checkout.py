"""Checkout sessions of v1 with pricing plans: a hosted page that pays and subscribes.

Source: Stripe documentation, API reference, Checkout Sessions; "Create hybrid pricing plans".
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import BillingError, Conflict, InvalidRequest, NotFound
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.checkout_view import CheckoutSessionView, view_of
from billing_sdk.server.api.stripe.ids import ours, path_id, shown
from billing_sdk.server.api.stripe.intent_codes import published_codes
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, NoFilters, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import Flag, LowerCurrency, Metadata, UnixTime, Whole, merged
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.visits import LASTS, CheckoutItem, CheckoutSession
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.checkout_sessions import (
    Quote,
    create_checkout_session,
    expire_session,
    find_session,
    item_for,
    list_sessions,
    quote_session,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

READ: Final = "read:billing_agreements"
WRITE: Final = "create:billing_agreements"
MOST_LICENCES: Final = 1_000_000
Url = Annotated[str, Field(max_length=2_048)]


class LicenseFeeBody(FormBody):
    """How many of a licensed fee."""

    quantity: Annotated[Whole, Field(ge=1, le=MOST_LICENCES)]


class ComponentBody(FormBody):
    """What is said of a component."""

    type: Literal["license_fee_component"]
    license_fee_component: LicenseFeeBody | None = None


class PlanItemBody(FormBody):
    """A plan that is agreed to."""

    pricing_plan: str
    pricing_plan_version: str | None = None
    metadata: Metadata | None = None
    component_configurations: dict[str, ComponentBody] | None = None


class ItemBody(FormBody):
    """An item."""

    type: Literal["pricing_plan_subscription_item"]
    pricing_plan_subscription_item: PlanItemBody


class TaxBody(FormBody):
    """Whether tax is worked out."""

    enabled: Flag


class NewSession(FormBody):
    """A session; addresses are the seller's own, and where the page leads to."""

    checkout_items: Annotated[list[ItemBody], Field(min_length=1)]
    success_url: Url | None = None
    cancel_url: Url | None = None
    customer: str | None = None
    customer_email: Annotated[str, Field(max_length=320)] | None = None
    customer_creation: Literal["always", "if_required"] | None = None
    client_reference_id: Annotated[str, Field(max_length=200)] | None = None
    automatic_tax: TaxBody | None = None
    mode: Literal["subscription"] | None = None
    ui_mode: Literal["hosted", "hosted_page"] | None = None
    currency: LowerCurrency | None = None
    locale: Annotated[str, Field(max_length=16)] | None = None
    expires_at: UnixTime | None = None
    metadata: Metadata | None = None
    payment_method_types: list[str] | None = None
    payment_method_collection: Literal["always", "if_required"] | None = None
    billing_address_collection: Literal["auto", "required"] | None = None


class SessionFilters(Filters):
    """What sessions can be filtered by."""

    customer: str | None = None
    status: Literal["open", "complete", "expired"] | None = None
    payment_intent: str | None = None


class ItemLine(View):
    """A price of a session, as a line."""

    id: str
    object: Literal["item"] = "item"
    amount_discount: int
    amount_subtotal: int
    amount_tax: int
    amount_total: int
    currency: LowerCurrency
    description: str
    price: None = None
    quantity: int


class NothingMore(FormBody):
    """Nothing can be said."""


SESSIONS, ITEMS = Listing(SessionFilters), Listing(NoFilters)


@router.post("/checkout/sessions", **v1(WRITE))
def create_session(caller: CallerOf, body: NewSession, once: OnlyOnce) -> Response:
    """Begin a session; whoever is sent to its address pays and subscribes there."""

    def serve(engine: Engine) -> View:
        for name in ("success_url", "cancel_url"):
            _check_url(getattr(body, name), name)
        at = engine.now()
        customer_id = None if body.customer is None else ours("customer", body.customer, param="customer")
        with engine.read() as tx:
            items = tuple(_item(tx, one, f"checkout_items[{place}]") for place, one in enumerate(body.checkout_items))
            _check_currency(tx, items, body.currency)
        wanted = CheckoutSession(
            id=new_id("checkoutsession"),
            items=items,
            created_at=at,
            expires_at=body.expires_at or at + LASTS,
            customer_id=customer_id,
            customer_email=body.customer_email or "",
            success_url=body.success_url or "",
            cancel_url=body.cancel_url or "",
            is_taxed=body.automatic_tax is not None and body.automatic_tax.enabled,
            client_reference_id=body.client_reference_id,
            locale=body.locale,
            metadata=merged({}, body.metadata),
        )
        try:
            with published_codes():
                session, quote = create_checkout_session(engine, wanted, actor=caller.client_id)
        except NotFound:
            raise refused("resource_missing", f"No such customer: '{body.customer}'", param="customer") from None
        with engine.read() as tx:
            return view_of(tx, engine, session, quote.amounts)

    return once(serve, body)


@router.get("/checkout/sessions", **v1(READ))
def list_all(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[SessionFilters], Depends(SESSIONS)]
) -> Response:
    """List sessions, the newest first; what an open one comes to is told by itself."""
    filters, is_live, at = wanted.filters, answer.rendering.is_live, engine.now()
    customer = None if filters.customer is None else ours("customer", filters.customer, param="customer")
    payment = None
    if filters.payment_intent is not None:
        payment = ours("payment_intent", filters.payment_intent, param="payment_intent")
    with engine.read() as tx:
        found = [
            one
            for one in list_sessions(tx)
            if customer in (None, one.customer_id)
            and payment in (None, one.payment_intent_id)
            and filters.status in (None, one.status_at(at))
        ]
        page = wanted.page(
            found,
            lambda one: view_of(tx, engine, one, None),
            place_of=lambda one: shown("checkout_session", one.id, is_live=is_live),
        )
    return answer(page)


@router.get("/checkout/sessions/{checkout_session_id}", **v1(READ))
def get_session(
    engine: EngineOf, answer: Answering, checkout_session_id: Annotated[str, path_id("checkout_session")]
) -> Response:
    """Get a session."""
    return answer(_shown(engine, checkout_session_id))


@router.get("/checkout/sessions/{checkout_session_id}/line_items", **v1(READ))
def list_lines(
    engine: EngineOf,
    answer: Answering,
    checkout_session_id: Annotated[str, path_id("checkout_session")],
    wanted: Annotated[Wanted[NoFilters], Depends(ITEMS)],
) -> Response:
    """List what is paid in a session."""
    with engine.read() as tx:
        session = find_session(tx, checkout_session_id)
        invoice = None if session.invoice_id is None else tx.invoices.get(session.invoice_id)
    lines = quote_session(engine, session.id).lines if invoice is None else invoice.lines
    charges = [line for line in lines if line.kind in ("licence_fee", "usage")]
    views = [
        ItemLine(
            id=f"li_{session.id.rpartition('_')[2]}{number:04x}",
            amount_discount=0,
            amount_subtotal=line.amount.minor,
            amount_tax=0,
            amount_total=line.amount.minor,
            currency=line.amount.currency,
            description=line.description,
            quantity=1 if line.quantity is None else int(line.quantity),
        )
        for number, line in enumerate(charges, 1)
    ]
    return answer(wanted.page(views, lambda line: line, place_of=lambda line: line.id))


@router.post("/checkout/sessions/{checkout_session_id}/expire", **v1(WRITE))
def expire(
    caller: CallerOf,
    checkout_session_id: Annotated[str, path_id("checkout_session")],
    body: NothingMore,
    once: OnlyOnce,
) -> Response:
    """Let nobody complete a session any more."""

    def serve(engine: Engine) -> View:
        try:
            session = expire_session(engine, checkout_session_id, actor=caller.client_id)
        except Conflict as refusal:
            raise refused("checkout_session_not_open", refusal.detail) from None
        with engine.read() as tx:
            return view_of(tx, engine, session, None)

    return once(serve, body)


def _shown(engine: Engine, session_id: str) -> CheckoutSessionView:
    quote: Quote | None = None
    with engine.read() as tx:
        session = find_session(tx, session_id)
        intent = None if session.intent_id is None else tx.billing_intents.get(session.intent_id)
    if session.status_at(engine.now()) == "open":
        try:
            quote = quote_session(engine, session_id)
        except BillingError:
            quote = None  # a plan can't be agreed to any more; the page says why
    amounts = quote.amounts if quote is not None else None if intent is None else intent.amounts
    with engine.read() as tx:
        return view_of(tx, engine, session, amounts)


def _item(tx: UnitOfWork, body: ItemBody, place: str) -> CheckoutItem:
    said, param = body.pricing_plan_subscription_item, f"{place}[pricing_plan_subscription_item]"
    plan = tx.catalog.find_plan(said.pricing_plan)
    if plan is None:
        raise refused(
            "resource_missing", f"No such pricing plan: '{said.pricing_plan[:64]}'", param=f"{param}[pricing_plan]"
        )
    if plan.status == "archived":
        raise refused("pricing_plan_inactive", f"The plan {plan.key} is not active", param=f"{param}[pricing_plan]")
    version = _version(tx, plan.key, plan.live_version_id, said.pricing_plan_version, param)
    names = {}
    for one in tx.attachments.of(version.id):
        if one.kind == "licence_fee":
            names[shown("pricing_plan_component", one.id, is_live=True)] = one.key
            names[shown("pricing_plan_component", one.id, is_live=False)] = one.key
            if one.lookup_key is not None:
                names[one.lookup_key] = one.key
    configured = {
        name: 1 if component.license_fee_component is None else component.license_fee_component.quantity
        for name, component in (said.component_configurations or {}).items()
    }
    try:
        return item_for(plan.key, version, configured, names, merged({}, said.metadata))
    except InvalidRequest as wrong:
        name = wrong.facts.get("parameter")
        raise refused("parameter_invalid", wrong.detail, param=f"{param}[component_configurations][{name}]") from None


def _version(tx: UnitOfWork, plan_key: str, live_id: str | None, text: str | None, param: str) -> PlanVersion:
    name = f"{param}[pricing_plan_version]"
    if text is None:
        if live_id is None:
            raise refused(
                "missing_pricing_plan_live_version", "The plan has no live version", param=f"{param}[pricing_plan]"
            )
        return tx.catalog.get_version(live_id)
    version_id = ours("pricing_plan_version", text, param=name)
    version = tx.catalog.find_version(version_id)
    if version is not None and version.plan_key == plan_key:
        return version
    raise refused("resource_missing", f"No such pricing plan version: '{text[:64]}'", param=name)


def _check_currency(tx: UnitOfWork, items: tuple[CheckoutItem, ...], said: str | None) -> None:
    found = {tx.catalog.get_version(one.plan_version_id).currency for one in items}
    if len(found) > 1 or (said is not None and {said} != found):
        raise refused("pricing_plan_currency_mismatch", "All plans are in one currency", param="currency")


def _check_url(url: str | None, name: str) -> None:
    """Let pass what a browser can be sent to: an address of the web, without a name or a password in it."""
    if url is None:
        return
    parts = None
    if re.fullmatch(r"https?://[^\s\\\x00-\x1f]+", url):
        try:
            parts = urlsplit(url)
            is_plain = bool(parts.hostname) and parts.username is None and parts.password is None and parts.port != 0
        except ValueError:
            is_plain = False
    if parts is None or not is_plain:
        raise refused("url_invalid", f"Not a valid URL: {url[:80]}", param=name)
