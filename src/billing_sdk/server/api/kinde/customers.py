"""Billing customers: people who pay."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import NotFound
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import MachineOf, scoped
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.find_default_plan import find_default_plan

router = APIRouter(tags=["Billing customers"], route_class=StrictRoute)


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
