"""Customers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.filters import STRING, ulid_of
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.values import CurrencyCode, CustomerId, Description, ExternalKey, Labels, Name
from billing_sdk.server.api.konnect.view import Resource, resource_of
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.usecases.accounts import Account, account_of, page_accounts
from billing_sdk.server.usecases.create_account import create_account
from billing_sdk.server.usecases.delete_account import delete_account
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_account import update_account
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Customers"], route_class=KonnectRoute)

LISTED = Listing(
    filters={
        "key": STRING,
        "name": STRING,
        "primary_email": STRING,
        "usage_attribution_subject_key": STRING,
        "plan_key": STRING,
        "billing_profile_id": ulid_of("profile"),
    },
    sorts=("id", "name", "created_at"),
)
SubjectKey = Annotated[str, Field(min_length=1, max_length=255)]
AddressLine = Annotated[str, Field(min_length=1, max_length=200)]


class UsageAttribution(Body):
    """What events call a customer, besides its key and its id."""

    subject_keys: list[SubjectKey] = Field(max_length=98)


class BillingAddress(Body):
    """A postal address; one without a country is kept, and counts neither for tax nor on invoices."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    postal_code: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    state: AddressLine | None = None
    city: AddressLine | None = None
    line1: AddressLine | None = None
    line2: AddressLine | None = None
    phone_number: Annotated[str, Field(min_length=1, max_length=64)] | None = None

    @property
    def address(self) -> Address | None:
        """The address as invoices have it.

        Raises:
            InvalidAddress: the country is none, or a part can't be.
        """
        if self.country is None:
            return None
        lines = tuple(line for line in (self.line1, self.line2) if line is not None)
        return Address(self.country, self.state, self.city, self.postal_code, lines)


class CustomerFields(Body):
    """What can be said of a customer; what is left out is taken away."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    usage_attribution: UsageAttribution | None = None
    primary_email: Annotated[str, Field(max_length=254)] | None = None
    currency: CurrencyCode | None = None
    billing_address: BillingAddress | None = None

    def given(self) -> dict[str, Any]:
        """Return it as the use cases take it.

        Raises:
            InvalidAddress: the address is none.
        """
        more: dict[str, Any] = {}
        if self.currency is not None:
            more["currency"] = self.currency
        if self.billing_address is not None:
            more["billing_address"] = self.billing_address.model_dump(exclude_none=True)
        return {
            "name": self.name,
            "email": self.primary_email,
            "address": None if self.billing_address is None else self.billing_address.address,
            "subject_keys": () if self.usage_attribution is None else self.usage_attribution.subject_keys,
            "description": self.description,
            "labels": self.labels,
            "more": more,
        }


class NewCustomer(CustomerFields):
    """A customer with the name that the seller knows it by, which never changes."""

    key: ExternalKey


class UsageAttributionView(View):
    """What events call a customer, besides its key and its id."""

    subject_keys: list[str]


class AddressView(View):
    """A postal address."""

    country: str | None = None
    postal_code: str | None = None
    state: str | None = None
    city: str | None = None
    line1: str | None = None
    line2: str | None = None
    phone_number: str | None = None


class CustomerView(Resource):
    """A customer."""

    key: str
    usage_attribution: UsageAttributionView | None = None
    primary_email: str | None = None
    currency: str | None = None
    billing_address: AddressView | None = None

    @classmethod
    def of(cls, account: Account) -> CustomerView:
        """Show a customer."""
        customer, extras = account.customer, account.extras
        return cls(
            **{
                **resource_of(customer.id, extras, name=account.name, created_at=customer.created_at),
                "name": account.name,
            },
            key=account.key,
            usage_attribution=UsageAttributionView(subject_keys=list(account.subject_keys)),
            primary_email=customer.billing_email or None,
            currency=extras.more.get("currency"),
            billing_address=_address_of(account),
        )


@router.post(
    "/customers",
    name="create-customer",
    response_model=CustomerView,
    status_code=201,
    **scoped("create:user_billing_customers"),
)
def create_customer(caller: CallerOf, body: NewCustomer, once: OnlyOnce) -> Response:
    """Make a customer, and the organization that it is."""
    given = body.given()

    def serve(engine: Engine) -> CustomerView:
        return CustomerView.of(create_account(engine, key=body.key, actor=caller.client_id, **given))

    return once(serve, body, status=201)


@router.get("/customers", name="list-customers", **scoped("read:billing_customers", lists=LISTED))
def list_customers(engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)]) -> Paged[CustomerView]:
    """List the customers that were not deleted."""
    with engine.read() as tx:
        page = wanted.page
        accounts, total = page_accounts(tx, wanted.conditions, wanted.order, size=page.size, number=page.number)
    return paged([CustomerView.of(account) for account in accounts], page, total)


@router.get("/customers/{customer_id}", name="get-customer", **scoped("read:billing_customers"))
def get_customer(engine: EngineOf, customer_id: CustomerId) -> CustomerView:
    """Get a customer, also a deleted one."""
    with engine.read() as tx:
        return CustomerView.of(account_of(tx, customer_id))


@router.put(
    "/customers/{customer_id}",
    name="upsert-customer",
    response_model=CustomerView,
    **scoped("update:billing_customers"),
)
def upsert_customer(caller: CallerOf, customer_id: CustomerId, body: CustomerFields, once: OnlyOnce) -> Response:
    """Replace all that is known of a customer, but for its key."""
    given = body.given()

    def serve(engine: Engine) -> CustomerView:
        return CustomerView.of(update_account(engine, customer_id, actor=caller.client_id, **given))

    return once(serve, body)


@router.delete(
    "/customers/{customer_id}", name="delete-customer", status_code=204, **scoped("update:billing_customers")
)
def delete_customer(caller: CallerOf, customer_id: CustomerId, once: OnlyOnce) -> Response:
    """Delete a customer without subscriptions and open invoices; its keys are free again."""

    def serve(engine: Engine) -> None:
        delete_account(engine, customer_id, actor=caller.client_id)

    return once(serve, status=204)


def _address_of(account: Account) -> AddressView | None:
    """Return the address that counts, with what only this door knows of it."""
    known: dict[str, str] = account.extras.more.get("billing_address", {})
    address = account.customer.address
    if address is None:
        return AddressView(**known) if known else None
    line1, line2, *_ = (*address.lines, None, None)
    return AddressView(
        country=address.country,
        postal_code=address.postal_code,
        state=address.region,
        city=address.city,
        line1=line1,
        line2=line2,
        phone_number=known.get("phone_number"),
    )
