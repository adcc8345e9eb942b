"""Billing customers: people who pay."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import NotFound
from billing_sdk.server.api.kinde.addresses import PostalAddress
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.customers import Customer, CustomerKind
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.find_default_plan import find_default_plan
from billing_sdk.server.usecases.update_customer import CustomerFields, update_customer
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Billing customers"], route_class=StrictRoute)


class NewCustomer(Body):
    """How to bill a user; the default plan for users where no plan is named.

    Extension: `test_clock_id` lets the customer live by a test clock.
    """

    org_code: str = Field(max_length=64)
    billing_email: str = Field(max_length=254)
    billing_plan_code: str | None = Field(default=None, max_length=64)
    test_clock_id: str | None = Field(default=None, max_length=64)


class CustomerView(BaseModel):
    """A billing customer and the agreement that came with it."""

    id: str
    agreement_id: str | None


class CustomerAnswer(Answer):
    """One billing customer."""

    billing_customer: CustomerView


class CustomerDetails(BaseModel):
    """Where a customer is, and how it is billed; the default billing profile where `profile_id` is null."""

    id: str
    kind: str
    billing_email: str
    user_id: str | None
    org_code: str | None
    address: PostalAddress | None
    tax_ids: list[str]
    language: str | None
    profile_id: str | None

    @classmethod
    def of(cls, customer: Customer) -> CustomerDetails:
        """Show what is known of a customer."""
        return cls(
            id=customer.id,
            kind=customer.kind,
            billing_email=customer.billing_email,
            user_id=customer.user_id,
            org_code=customer.org_code,
            address=PostalAddress.of(customer.address),
            tax_ids=list(customer.tax_ids),
            language=customer.language,
            profile_id=customer.profile_id,
        )


class DetailsAnswer(Answer):
    """What is known of one billing customer."""

    billing_customer: CustomerDetails


class DetailsChange(Body):
    """What to change; what is not named stays, and null takes away what was there."""

    billing_email: str = Field(default="", max_length=254)
    address: PostalAddress | None = None
    tax_ids: list[str] = Field(default=[], max_length=5)
    language: str | None = Field(default=None, max_length=32)
    profile_id: str | None = Field(default=None, max_length=64)

    @property
    def given(self) -> CustomerFields:
        """What changes.

        Raises:
            InvalidAddress: the address is none.
        """
        found: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if self.address is not None:
            found["address"] = self.address.address
        if "tax_ids" in found:
            found["tax_ids"] = tuple(self.tax_ids)
        return found  # type: ignore[return-value]  # the members are those of the body


@router.get("/billing/customers/{customer_id}", **TAGGED, **scoped("read:billing_customers", extension=True))
def get_billing_customer(engine: EngineOf, customer_id: str, response: Response) -> DetailsAnswer:
    """Return what is known of a billing customer (extension)."""
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
    put_etag(response, customer)
    return DetailsAnswer(billing_customer=CustomerDetails.of(customer))


@router.patch(
    "/billing/customers/{customer_id}",
    response_model=DetailsAnswer,
    **GUARDED,
    **scoped("update:billing_customers", extension=True),
)
def change_billing_customer(
    caller: MachineOf, customer_id: str, body: DetailsChange, once: OnlyOnce, versions: KnownVersions
) -> Response:
    """Change address, tax ids, language, billing profile or billing e-mail address of a customer (extension)."""
    given = body.given

    def serve(engine: Engine) -> DetailsAnswer:
        customer = update_customer(engine, customer_id, versions=versions, actor=caller.client_id, **given)
        return DetailsAnswer(billing_customer=CustomerDetails.of(customer))

    return once(serve, body)


@router.post(
    "/users/{user_id}/billing_customer",
    response_model=CustomerAnswer,
    **scoped("create:user_billing_customers"),
)
def create_billing_customer(caller: MachineOf, user_id: str, body: NewCustomer, once: OnlyOnce) -> Response:
    """Make a user a billing customer on a published plan for users."""

    def serve(engine: Engine) -> CustomerAnswer:
        _check_membership(engine, user_id, body.org_code)
        customer = become_customer(
            engine,
            user_id=user_id,
            billing_email=body.billing_email,
            plan_key=plan_key_or_default(engine, body.billing_plan_code, "user"),
            clock_id=body.test_clock_id,
            actor=caller.client_id,
        )
        with engine.read() as tx:
            agreements = tx.agreements.live_of(customer.id)
        agreement_id = agreements[0].id if agreements else None
        return CustomerAnswer(billing_customer=CustomerView(id=customer.id, agreement_id=agreement_id))

    return once(serve, body)


def plan_key_or_default(engine: Engine, plan_code: str | None, kind: CustomerKind) -> str | None:
    """Return the plan that was named or, where none was, the default one for customers of a kind."""
    if plan_code is not None:
        return plan_code
    plan = find_default_plan(engine, kind=kind)
    return plan.key if plan is not None else None


def _check_membership(engine: Engine, user_id: str, org_code: str) -> None:
    with engine.read() as tx:
        tx.users.get(user_id)
        if tx.organizations.find_membership(org_code, user_id) is None:
            raise NotFound(f"the user belongs to no organization {org_code!r}", parameter="org_code")
