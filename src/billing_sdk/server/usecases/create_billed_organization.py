"""Create an organization that is a billing customer from the start."""

from __future__ import annotations

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.identity import Organization
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.become_customer import add_customer
from billing_sdk.server.usecases.create_organization import add_organization
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.offer_plan import check_first_plan
from billing_sdk.server.usecases.people import normal_email


def create_billed_organization(
    engine: Engine,
    *,
    name: str,
    billing_email: str,
    plan_key: str | None = None,
    handle: str | None = None,
    external_id: str | None = None,
    clock_id: str | None = None,
    source: EventSource = "api",
    actor: str | None = None,
) -> tuple[Organization, Customer]:
    """Create an organization and its customer in one transaction, then put it on a plan where one is named.

    Everything that can be refused is refused before anything is stored.

    Args:
        engine: where.
        name: what it is called.
        billing_email: where bills go.
        plan_key: the plan that it starts on.
        handle: a name for it that nobody else has.
        external_id: what the application calls it.
        clock_id: the test clock that tells the customer's time.
        source: who has caused it, as events name them.
        actor: who has caused it, as the audit names them; the source by default.

    Raises:
        ClockNotAllowed: a clock is named, and the environment is live.
        NotFound: there is no such clock.
        InvalidRequest: a value can't be taken.
        Conflict: another organization has the handle.
        UnknownPlan: no published plan has this key.
        PlanMismatch: the plan is for people.
        PaymentMethodRequired: the plan begins with a trial that requires a card.
    """
    at = engine.now()
    with engine.begin() as tx:
        if plan_key is not None:
            check_first_plan(tx, plan_key, "organization")
        organization = add_organization(tx, name=name, handle=handle, external_id=external_id, source=source, at=at)
        customer = add_customer(
            engine,
            tx,
            user_id=None,
            org_code=organization.code,
            billing_email=normal_email(billing_email, "billing_email"),
            actor=actor or source,
            clock_id=clock_id,
        )
    if plan_key is not None:
        assign_plan(engine, customer_id=customer.id, plan_key=plan_key, source=source, actor=actor)
    return organization, customer
