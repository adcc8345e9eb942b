"""Settle what follows once it is known who is on a journey: the organization, and the plan that was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.errors import Forbidden, SelectionDenied
from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.domain.identity import WRITE_BILLING
from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.ask_hooks import check_selection
from billing_sdk.server.usecases.become_customer import ensure_customer
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.conclude_change import conclude_change
from billing_sdk.server.usecases.create_organization import add_organization
from billing_sdk.server.usecases.decide_change import decide_change, work_out_change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.free_plan import free_plan_of


@dataclass(frozen=True, slots=True)
class Payer:
    """Who would be the customer; exactly one of the two is set."""

    user_id: str | None
    org_code: str | None


def settle_in(engine: Engine, tx: UnitOfWork, journey: Journey) -> Journey:
    """Find or make the organization that the visit is for, then take the plan that the link named.

    Raises:
        Forbidden: the request names an organization that the person does not belong to.
    """
    return settle_named(engine, tx, _enter_organization(tx, journey, engine.now()))


def settle_named(engine: Engine, tx: UnitOfWork, journey: Journey) -> Journey:
    """Settle the plan that a link names, or the free one; whoever may not have it is let in without one."""
    if journey.plan_key is None and not is_without_organization(journey):
        journey = replace(journey, plan_key=free_plan_of(tx, engine, journey))
    try:
        return settle_plan(engine, tx, journey)
    except SelectionDenied:
        return replace(journey, plan_key=None)


def settle_plan(engine: Engine, tx: UnitOfWork, journey: Journey) -> Journey:
    """Let whoever pays become a customer of the chosen plan; one that needs no card is agreed to at once.

    Nothing is changed for a customer who has a plan of the same group, where the person may not decide for the
    organization, or while billing is off: then the sign-up goes on without a plan.

    Raises:
        SelectionDenied: the seller's own rules keep the customer from this plan.
    """
    if journey.plan_key is None or journey.plan_done or is_without_organization(journey):
        return journey
    if not engine.workspace_in(tx).is_billing_enabled:
        return replace(journey, plan_done=True)
    plan = tx.catalog.get_plan(journey.plan_key)
    payer = payer_of(tx, journey, plan.group.scope)
    if payer is None:
        return replace(journey, plan_done=True)
    user = tx.users.get(journey.user_id or "")
    customer = ensure_customer(
        engine, tx, user_id=payer.user_id, org_code=payer.org_code, billing_email=user.email, actor=user.id
    )
    customer = tx.customers.lock(customer.id)
    if tx.agreements.find_live(customer.id, plan.group.id) is not None:
        return replace(journey, plan_done=True)
    check_selection(engine, tx, customer_id=customer.id, plan_key=plan.key, source="user", actor=user.id)
    at = engine.now_for(tx, customer)
    options = options_of(journey, plan)
    if work_out_change(tx, customer=customer, plan=plan, at=at, options=options).needs_method:
        return journey
    change = decide_change(tx, customer=customer, plan_key=plan.key, at=at, options=options)
    conclude_change(
        tx,
        customer=customer,
        agreement=change.agreement,
        lines=change.lines,
        payment=None,
        source="user",
        actor=user.id,
        at=at,
    )
    return replace(journey, plan_done=True)


def options_of(journey: Journey, plan: Plan) -> ChangeOptions:
    """Return what is asked for with a plan: the currency of the link, where the plan is sold in it."""
    return ChangeOptions(currency=journey.currency if journey.currency in plan.version.currencies else None)


def payer_of(tx: UnitOfWork, journey: Journey, kind: CustomerKind) -> Payer | None:
    """Return who would pay for a plan of a kind; None where the person may not decide that."""
    if journey.user_id is None:
        return None
    if kind == "user":
        return Payer(journey.user_id, None)
    return Payer(None, journey.org_code) if journey.org_code and may_write_billing(tx, journey) else None


def may_write_billing(tx: UnitOfWork, journey: Journey) -> bool:
    """Tell whether the person may decide what the organization of the visit pays."""
    granted = tx.roles.permissions_of_member(journey.org_code or "", journey.user_id or "")
    return WRITE_BILLING in {permission.key for permission in granted}


def is_without_organization(journey: Journey) -> bool:
    """Tell whether the organization that the request asks for has still to be created."""
    return journey.creates_organization and not journey.is_new_organization


def create_in(tx: UnitOfWork, journey: Journey, *, name: str, at: datetime) -> Journey:
    """Create the organization that the request asks for.

    Raises:
        InvalidRequest: the name can't be taken.
    """
    organization = add_organization(tx, name=name, creator_id=journey.user_id, source="user", at=at)
    return replace(journey, org_code=organization.code, is_new_organization=True)


def _enter_organization(tx: UnitOfWork, journey: Journey, at: datetime) -> Journey:
    user_id = journey.user_id or ""
    wanted = journey.parameters.get("org_code")
    if journey.creates_organization:
        name = journey.parameters.get("org_name", "").strip()
        return create_in(tx, journey, name=name, at=at) if name else journey
    if wanted:
        if tx.organizations.find_membership(wanted, user_id) is None:
            raise Forbidden(f"the person does not belong to the organization {wanted[:64]!r}")
        return replace(journey, org_code=wanted)
    organizations = tx.organizations.of_user(user_id)
    return replace(journey, org_code=organizations[0].code if organizations else None)
