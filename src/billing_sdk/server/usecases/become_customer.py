"""Become a customer: a person or an organization signs up to pay."""

from __future__ import annotations

from billing_sdk.errors import ClockNotAllowed, CustomerExists, InvalidRequest
from billing_sdk.server.domain.customers import Customer, CustomerKind
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.timers import TestClock
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.customer_language import language_of_person
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.offer_plan import check_first_plan
from billing_sdk.server.usecases.people import normal_email


def become_customer(
    engine: Engine,
    *,
    user_id: str | None = None,
    org_code: str | None = None,
    billing_email: str,
    plan_key: str | None = None,
    clock_id: str | None = None,
    source: EventSource = "api",
    actor: str | None = None,
) -> Customer:
    """Make a billing customer of a person or of an organization, and put it on a plan where one is named.

    Args:
        engine: where.
        user_id: who, if it is a person.
        org_code: which organization, if it is one.
        billing_email: where bills go.
        plan_key: the plan that it starts on.
        clock_id: the test clock that tells the customer's time from now on.
        source: who has caused it.
        actor: who has done it, for the audit; the source by default.

    Raises:
        InvalidRequest: not exactly one owner is named, or the e-mail address is not one.
        NotFound: there is no such owner, or no such clock.
        CustomerExists: it is a customer already.
        ClockNotAllowed: a clock is named, and the environment is live.
        UnknownPlan: no published plan has this key.
        PlanMismatch: the plan is for customers of the other kind.
        PaymentMethodRequired: the plan begins with a trial that requires a card.
    """
    if (user_id is None) == (org_code is None):
        raise InvalidRequest("exactly one of user_id and org_code is needed")
    kind: CustomerKind = "user" if user_id is not None else "organization"
    with engine.begin() as tx:
        if plan_key is not None:
            check_first_plan(tx, plan_key, kind)
        customer = add_customer(
            engine,
            tx,
            user_id=user_id,
            org_code=org_code,
            billing_email=normal_email(billing_email, "billing_email"),
            actor=actor or source,
            clock_id=clock_id,
        )
    if plan_key is not None:
        assign_plan(engine, customer_id=customer.id, plan_key=plan_key, source=source, actor=actor)
        with engine.read() as tx:
            customer = tx.customers.get(customer.id)
    return customer


def add_customer(
    engine: Engine,
    tx: UnitOfWork,
    *,
    user_id: str | None,
    org_code: str | None,
    billing_email: str,
    actor: str,
    clock_id: str | None = None,
) -> Customer:
    """Store a new customer, who lives by a test clock if one is named, or takes sign-ups.

    Raises:
        NotFound: there is no such owner, or no such clock.
        CustomerExists: it is a customer already.
        ClockNotAllowed: a clock is named, and the environment is live.
    """
    if user_id is not None:
        tx.users.get(user_id)
    if org_code is not None:
        tx.organizations.get(org_code)
    clock = _clock_for(engine, tx, clock_id)
    customer = Customer(
        id=new_id("customer"),
        kind="user" if user_id is not None else "organization",
        billing_email=billing_email,
        created_at=engine.now() if clock is None else clock.frozen_at,
        user_id=user_id,
        org_code=org_code,
        clock_id=None if clock is None else clock.id,
        language=None if org_code is None else _language_of(tx, actor),
    )
    tx.customers.add(customer)
    tx.audit.record(actor, "customer.create", customer.id, engine.now(), after=customer)
    return customer


def _language_of(tx: UnitOfWork, actor: str) -> str | None:
    """Return the language of the person who makes a customer of an organization; None where nobody knows it."""
    person = tx.users.find(actor)
    return None if person is None else language_of_person(person)


def _clock_for(engine: Engine, tx: UnitOfWork, clock_id: str | None) -> TestClock | None:
    if engine.settings.environment == "live":
        if clock_id is not None:
            raise ClockNotAllowed("a customer on a test clock in a live environment")
        return None
    return tx.clocks.for_sign_ups() if clock_id is None else tx.clocks.get(clock_id)


def ensure_customer(
    engine: Engine, tx: UnitOfWork, *, user_id: str | None, org_code: str | None, billing_email: str, actor: str
) -> Customer:
    """Return the customer that a person or an organization is, and make it one where it is none.

    Raises:
        NotFound: there is no such owner.
    """
    found = _find(tx, user_id, org_code)
    if found is not None:
        return found
    try:
        return add_customer(engine, tx, user_id=user_id, org_code=org_code, billing_email=billing_email, actor=actor)
    except CustomerExists:
        winner = _find(tx, user_id, org_code)  # somebody else was faster
        if winner is None:
            raise
        return winner


def _find(tx: UnitOfWork, user_id: str | None, org_code: str | None) -> Customer | None:
    if user_id is not None:
        return tx.customers.find_by_user(user_id)
    return tx.customers.find_by_organization(org_code or "")
