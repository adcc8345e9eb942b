"""Customers of v1."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.ids import CustomerId, PaymentMethodId, TestClockId, ours, path_id, shown
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import Livemode, Metadata, UnixTime, merged
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.customers.countries import COUNTRIES
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.stripe_customers import (
    KIND,
    StripeCustomer,
    create_stripe_customer,
    delete_stripe_customer,
    live_stripe_customer,
    stripe_customer,
    update_stripe_customer,
)

router = APIRouter(route_class=StripeRoute)

Line = Annotated[str, Field(max_length=200)]


class AddressBody(FormBody):
    """A postal address; one whose country is no country is kept, and counts neither for tax nor on invoices."""

    city: Line | None = None
    country: Line | None = None
    line1: Line | None = None
    line2: Line | None = None
    postal_code: Annotated[str, Field(max_length=20)] | None = None
    state: Line | None = None


class CustomerBody(FormBody):
    """What can be said of a customer; what is left out stays as it is."""

    name: Annotated[str, Field(max_length=256)] | None = None
    email: Annotated[str, Field(max_length=512)] | None = None
    description: Annotated[str, Field(max_length=1024)] | None = None
    phone: Annotated[str, Field(max_length=64)] | None = None
    address: AddressBody | None = None
    metadata: Metadata | None = None


class NewCustomer(CustomerBody):
    """A customer, on a test clock where one is named."""

    test_clock: str | None = None


class CustomerFilters(Filters):
    """What customers can be filtered by."""

    email: str | None = None
    test_clock: str | None = None


CUSTOMERS = Listing(CustomerFilters)


class AddressView(View):
    """A postal address."""

    city: str | None = None
    country: str | None = None
    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    state: str | None = None


class InvoiceSettings(View):
    """What invoices of a customer follow."""

    default_payment_method: PaymentMethodId | None = None


class CustomerView(View):
    """A customer."""

    id: CustomerId
    object: Literal["customer"] = "customer"
    address: AddressView | None
    created: UnixTime
    description: str | None
    email: str | None
    invoice_settings: InvoiceSettings
    livemode: Livemode = None
    metadata: dict[str, str]
    name: str | None
    phone: str | None
    test_clock: TestClockId | None

    @classmethod
    def of(cls, found: StripeCustomer) -> CustomerView:
        """Show a customer."""
        customer, data = found.customer, found.extras.data
        return cls(
            id=customer.id,
            address=None if data.get("address") is None else AddressView(**data["address"]),
            created=customer.created_at,
            description=data.get("description"),
            email=customer.billing_email or None,
            invoice_settings=InvoiceSettings(default_payment_method=None if found.method is None else found.method.id),
            metadata=dict(found.extras.metadata),
            name=data.get("name"),
            phone=data.get("phone"),
            test_clock=customer.clock_id,
        )


class DeletedCustomer(View):
    """What is left of a customer."""

    id: CustomerId
    object: Literal["customer"] = "customer"
    deleted: Literal[True] = True


def view_of(found: StripeCustomer) -> View:
    """Show a customer, or what is left of it."""
    return DeletedCustomer(id=found.customer.id) if found.is_deleted else CustomerView.of(found)


@router.post("/customers", **v1("create:user_billing_customers"))
def create_customer(caller: CallerOf, body: NewCustomer, once: OnlyOnce) -> Response:
    """Make a customer."""
    clock_id = None if body.test_clock is None else ours("test_clock", body.test_clock, param="test_clock")

    def serve(engine: Engine) -> View:
        data = _data(body, {})
        made = create_stripe_customer(
            engine,
            data=data,
            metadata=merged({}, body.metadata),
            email=body.email,
            address=_address(data),
            clock_id=clock_id,
            actor=caller.client_id,
        )
        return view_of(made)

    return once(serve, body)


@router.get("/customers", **v1("read:billing_customers"))
def list_customers(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[CustomerFilters], Depends(CUSTOMERS)]
) -> Response:
    """List customers, the newest first."""
    email, clock = wanted.filters.email, wanted.filters.test_clock
    clock_id = None if clock is None else ours("test_clock", clock, param="test_clock")
    with engine.read() as tx:
        found = [
            one
            for extras in reversed(tx.stripe.list(KIND))
            if (email is None or (one := stripe_customer(tx, extras.our_id)).customer.billing_email == email)
            and (one := stripe_customer(tx, extras.our_id)).customer.clock_id == clock_id
        ]
    is_live = answer.rendering.is_live
    return answer(wanted.page(found, view_of, place_of=lambda one: shown(KIND, one.customer.id, is_live=is_live)))


@router.get("/customers/{customer_id}", **v1("read:billing_customers"))
def get_customer(engine: EngineOf, answer: Answering, customer_id: Annotated[str, path_id("customer")]) -> Response:
    """Get a customer, or what is left of a deleted one."""
    with engine.read() as tx:
        return answer(view_of(stripe_customer(tx, customer_id)))


@router.post("/customers/{customer_id}", **v1("update:billing_customers"))
def update_customer(
    caller: CallerOf, customer_id: Annotated[str, path_id("customer")], body: CustomerBody, once: OnlyOnce
) -> Response:
    """Change what is given of a customer."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = live_stripe_customer(tx, customer_id)
        data = _data(body, before.extras.data)
        given = body.model_fields_set
        updated = update_stripe_customer(
            engine,
            customer_id,
            data=data,
            metadata=merged(before.extras.metadata, body.metadata) if "metadata" in given else before.extras.metadata,
            email=body.email if "email" in given else before.customer.billing_email,
            address=_address(data) if "address" in given else before.customer.address,
            actor=caller.client_id,
        )
        return view_of(updated)

    return once(serve, body)


@router.delete("/customers/{customer_id}", **v1("update:billing_customers"))
def delete_customer(caller: CallerOf, customer_id: Annotated[str, path_id("customer")], once: OnlyOnce) -> Response:
    """Delete a customer."""

    def serve(engine: Engine) -> View:
        return view_of(delete_stripe_customer(engine, customer_id, actor=caller.client_id))

    return once(serve)


def _data(body: CustomerBody, before: Any) -> dict[str, Any]:
    """Return what the door keeps of a customer, after what was sent."""
    sent = body.model_dump(include=body.model_fields_set - {"email", "metadata", "test_clock"})
    return {**before, **sent}


def _address(data: dict[str, Any]) -> Address | None:
    """Return the address as invoices have it; None where there is none that counts."""
    sent = data.get("address")
    if sent is None or sent.get("country") not in COUNTRIES:
        return None
    lines = tuple(line for line in (sent.get("line1"), sent.get("line2")) if line)
    return Address(sent["country"], sent.get("state"), sent.get("city"), sent.get("postal_code"), lines)
