"""Customers of v1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import NotFound
from billing_sdk.server.api.stripe.addresses import AddressBody, engine_address
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute
from billing_sdk.server.api.stripe.customer_view import shown_customer
from billing_sdk.server.api.stripe.ids import ours, path_id, shown, unknown
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Cut, Filters, Listing, Wanted
from billing_sdk.server.api.stripe.payment_methods import reference_of
from billing_sdk.server.api.stripe.ranges import TimeRange
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import Flag, Metadata, merged
from billing_sdk.server.storage.stripe_customers import CustomerConditions
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.stripe_customers import (
    KIND,
    StripeCustomer,
    create_stripe_customer,
    delete_stripe_customer,
    live_stripe_customer,
    stripe_customer,
    stripe_customers,
    update_stripe_customer,
)
from billing_sdk.server.usecases.stripe_payment_methods import charge_by, unattached
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

CustomerIdInPath = Annotated[str, path_id("customer")]
# What the engine knows itself; all else that was sent is kept as it was sent.
OF_ENGINE: Final = frozenset({"email", "metadata", "test_clock", "payment_method", "invoice_settings", "expand"})
Name = Annotated[str, Field(max_length=256)]


class ShippingBody(FormBody):
    """Where things are sent."""

    address: AddressBody | None = None
    name: Name | None = None
    phone: Annotated[str, Field(max_length=64)] | None = None
    carrier: Name | None = None
    tracking_number: Name | None = None


class CustomField(FormBody):
    """A line on invoices."""

    name: Annotated[str, Field(max_length=40)]
    value: Annotated[str, Field(max_length=140)]


class InvoiceSettingsBody(FormBody):
    """What invoices of a customer follow."""

    default_payment_method: str | None = None
    custom_fields: Annotated[list[CustomField], Field(max_length=4)] | None = None
    footer: Annotated[str, Field(max_length=5_000)] | None = None


class TaxBody(FormBody):
    """What is known of where a customer is, for tax."""

    ip_address: Annotated[str, Field(max_length=64)] | None = None
    validate_location: Literal["deferred", "immediately", "auto"] | None = None


class CustomerBody(FormBody):
    """What can be said of a customer; what is left out stays as it is, and what is empty is taken away."""

    name: Name | None = None
    email: Annotated[str, Field(max_length=512)] | None = None
    description: Annotated[str, Field(max_length=5_000)] | None = None
    phone: Annotated[str, Field(max_length=64)] | None = None
    address: AddressBody | None = None
    shipping: ShippingBody | None = None
    metadata: Metadata | None = None
    invoice_settings: InvoiceSettingsBody | None = None
    invoice_prefix: Annotated[str, Field(min_length=3, max_length=12, pattern=r"^[A-Z0-9]+$")] | None = None
    preferred_locales: Annotated[list[Annotated[str, Field(max_length=32)]], Field(max_length=10)] | None = None
    tax: TaxBody | None = None
    tax_exempt: Literal["none", "exempt", "reverse"] | None = None
    business_name: Name | None = None
    individual_name: Name | None = None


class NewCustomer(CustomerBody):
    """A customer, on a test clock where one is named, and charged by a payment method where one is named."""

    test_clock: str | None = None
    payment_method: str | None = None
    validate_card: Flag | None = Field(default=None, alias="validate")


class CustomerFilters(Filters):
    """What customers can be filtered by."""

    email: Annotated[str, Field(max_length=512)] | None = None
    test_clock: str | None = None
    created: TimeRange | None = None


CUSTOMERS: Final = Listing(CustomerFilters)


@router.post("/customers", **v1("create:user_billing_customers"))
def create_customer(caller: CallerOf, body: NewCustomer, once: OnlyOnce) -> Response:
    """Make a customer."""
    clock_id = None if body.test_clock is None else ours("test_clock", body.test_clock, param="test_clock")
    default = _default_method(body)
    attached = None if body.payment_method is None else reference_of(body.payment_method, param="payment_method")
    # What is named as the default counts for charges; the other one is the customer's as well.
    methods = [one for one in dict.fromkeys((attached, default)) if one is not None]

    def serve(engine: Engine) -> Any:
        if clock_id is not None:
            _check_clock(engine, clock_id, str(body.test_clock))
        owned = [unattached(engine, one, actor=caller.client_id) for one in methods]
        data = _kept(body, {})
        made = create_stripe_customer(
            engine,
            data=data,
            metadata=merged({}, body.metadata),
            email=body.email,
            address=engine_address(data.get("address")),
            clock_id=clock_id,
            actor=caller.client_id,
        )
        return shown_customer(_charged_by(engine, made, owned, actor=caller.client_id))

    return once(serve, body)


@router.get("/customers", **v1("read:billing_customers"))
def list_customers(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[CustomerFilters], Depends(CUSTOMERS)]
) -> Response:
    """List customers, the newest first; those on a test clock only where it is named."""
    filters, is_live = wanted.filters, answer.rendering.is_live
    conditions = CustomerConditions(
        email=filters.email,
        clock_id=None if filters.test_clock is None else ours("test_clock", filters.test_clock, param="test_clock"),
        created_from=None if filters.created is None else filters.created.start,
        created_before=None if filters.created is None else filters.created.end,
    )
    with engine.read() as tx:
        after = wanted.known(KIND, wanted.after, "starting_after")
        before = wanted.known(KIND, wanted.before, "ending_before")
        found = tx.stripe.page_customers(conditions, count=wanted.limit + 1, after=after, before=before)
        cut: Cut[str] = wanted.trimmed(found, place_of=lambda one: shown(KIND, one, is_live=is_live))
        views = [shown_customer(one) for one in stripe_customers(tx, cut.items)]
    return answer(wanted.shown(cut, views))


@router.get("/customers/{customer_id}", **v1("read:billing_customers"))
def get_customer(engine: EngineOf, answer: Answering, customer_id: CustomerIdInPath) -> Response:
    """Get a customer, or what is left of a deleted one."""
    with engine.read() as tx:
        return answer(shown_customer(stripe_customer(tx, customer_id)))


@router.post("/customers/{customer_id}", **v1("update:billing_customers"))
def update_customer(caller: CallerOf, customer_id: CustomerIdInPath, body: CustomerBody, once: OnlyOnce) -> Response:
    """Change what is given of a customer."""
    default, given = _default_method(body), body.model_fields_set
    methods = [] if default is None else [default]

    def serve(engine: Engine) -> Any:
        with engine.read() as tx:
            before = live_stripe_customer(tx, customer_id)
        data = _kept(body, before.extras.data)
        updated = update_stripe_customer(
            engine,
            customer_id,
            data=data,
            metadata=merged(before.extras.metadata, body.metadata if "metadata" in given else {}),
            email=body.email if "email" in given else before.customer.billing_email,
            address=engine_address(data.get("address")) if "address" in given else before.customer.address,
            actor=caller.client_id,
        )
        return shown_customer(_charged_by(engine, updated, methods, actor=caller.client_id))

    return once(serve, body)


@router.delete("/customers/{customer_id}", **v1("update:billing_customers"))
def delete_customer(caller: CallerOf, customer_id: CustomerIdInPath, once: OnlyOnce) -> Response:
    """Delete a customer: what it has agreed to ends at once, and its books stay."""

    def serve(engine: Engine) -> Any:
        return shown_customer(delete_stripe_customer(engine, customer_id, actor=caller.client_id))

    return once(serve)


def _kept(body: CustomerBody, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the door keeps of a customer, after what was sent."""
    sent = body.model_dump(exclude_unset=True, exclude=set(OF_ENGINE))
    kept = {**before, **sent}
    if body.invoice_settings is not None:
        settings = body.invoice_settings.model_dump(exclude_unset=True, exclude={"default_payment_method"})
        kept["invoice_settings"] = {**before.get("invoice_settings", {}), **settings}
    return kept


def _default_method(body: CustomerBody) -> str | None:
    """Return the payment method that a customer is to be charged by from now on, as use cases know it."""
    named = None if body.invoice_settings is None else body.invoice_settings.default_payment_method
    return None if named is None else reference_of(named, param="invoice_settings[default_payment_method]")


def _charged_by(engine: Engine, found: StripeCustomer, methods: Sequence[str], *, actor: str) -> StripeCustomer:
    """Make payment methods the customer's, and charge by the last one of them from now on."""
    if not methods:
        return found
    for method in methods:
        charge_by(engine, found.customer.id, method, actor=actor)
    with engine.read() as tx:
        return stripe_customer(tx, found.customer.id)


def _check_clock(engine: Engine, clock_id: str, text: str) -> None:
    with engine.read() as tx:
        try:
            tx.clocks.get(clock_id)
        except NotFound:
            raise unknown("test_clock", text, param="test_clock") from None
