"""The workspace's own plan, which is bought like any other: the workspace is a customer of its own server.

So it has everything that customers have: changes are prorated at once, a cancellation keeps what is paid until its end,
and an invoice that can't be collected is tried again for seven days, after which the plan ends and Hobby counts.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from billing_sdk.errors import Conflict
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import (
    MONTHLY,
    CardContent,
    LicenceFee,
    Plan,
    PlanGroup,
    PlanVersion,
    PricingCard,
    PricingTable,
)
from billing_sdk.server.domain.collection import BillingProfile, DunningPolicy
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.identity import Organization
from billing_sdk.server.domain.periods import Cadence, Duration
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.domain.workspace import CAP_WORDS, CAPS, HOBBY, PLAN_GROUP, PLANS, WorkspacePlan
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.become_customer import ensure_customer
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.operators import require_operator
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.workspace import require_billing
from billing_sdk.server.usecases.workspace_caps import CURRENCY, WORKSPACE_ORG

YEARLY: Final = Cadence("year")
# The last attempt lies within the grace, so that the plan ends when it is over.
DUNNING: Final = DunningPolicy((Duration(days=2), Duration(days=3)), Duration(days=7), "cancel")


def open_workspace_plan(engine: Engine, *, user_id: str) -> str:
    """Return a link with which an operator chooses and pays for the plan of the workspace.

    Raises:
        Forbidden: the person is no operator.
        BillingNotEnabled: billing is off.
        Conflict: workspaces are on no plans here.
    """
    user = require_operator(engine, user_id=user_id)
    require_billing(engine)
    if not engine.settings.workspace_plans:
        raise Conflict("workspaces are on no plans here", remedy="Set BILLING_SERVER_WORKSPACE_PLANS.")
    with engine.begin() as tx:
        tx.workspace.lock()
        _ensure_catalogue(engine, tx)
        payer = _ensure_payer(engine, tx, user_id=user.id, email=user.email)
        is_new = not tx.agreements.live_of(payer.id)
        tx.audit.record(user.id, "workspace_plan.open", WORKSPACE_ORG, engine.now())
    if is_new:
        subscribe(engine, customer_id=payer.id, plan_key=HOBBY.key, actor=user.id)
    return create_portal_link(engine, user_id=user.id, org_code=WORKSPACE_ORG, sub_nav="organization_plan_selection")


def _ensure_catalogue(engine: Engine, tx: UnitOfWork) -> None:
    if any(group.key == PLAN_GROUP for group in tx.plan_groups.list()):
        return
    at = engine.now()
    group = PlanGroup(new_id("sbg"), PLAN_GROUP, "Workspace", "organization", is_default=False, position=99)
    tx.plan_groups.add(group)
    cards = []
    for found in PLANS:
        offers = [(found.key, found.monthly_minor, MONTHLY)]
        if found.monthly_minor:
            offers.append((found.annual_key, found.annual_minor, YEARLY))
        for key, minor, cadence in offers:
            line = f"{found.name}, {'one year' if cadence == YEARLY else 'one month'}"
            fee = LicenceFee(new_id("fee"), "base_price", "Base price", CURRENCY, Terms(Flat(Decimal(minor))), line)
            version = PlanVersion(new_id("version"), key, 1, CURRENCY, (fee,), at, cadence)
            plan = Plan.draft(version, name=found.name, group=group).selling(version)
            tx.catalog.add_plan(plan)
        first, *others = (key for key, _, _ in offers)
        content = CardContent(found.name, "", "Includes", _words(found))
        cards.append(PricingCard(first, content, other_plan_keys=tuple(others)))
    tx.pricing_tables.save(PricingTable(new_id("table"), PLAN_GROUP, "Workspace", group, tuple(cards), is_live=True))


def _words(plan: WorkspacePlan) -> tuple[str, ...]:
    limits = [(CAP_WORDS[cap], plan.caps[cap]) for cap in CAPS]
    words = tuple(f"{'unlimited' if limit is None else f'{limit:,}'} {cap}" for cap, limit in limits)
    if not plan.extra_user_minor:
        return words
    return (*words, f"{Money(plan.extra_user_minor, CURRENCY)} for each further active user")


def _ensure_payer(engine: Engine, tx: UnitOfWork, *, user_id: str, email: str) -> Customer:
    at = engine.now()
    if tx.organizations.find(WORKSPACE_ORG) is None:
        tx.organizations.add(Organization(WORKSPACE_ORG, "Workspace", at))
    if tx.organizations.find_membership(WORKSPACE_ORG, user_id) is None:
        roles = [role.key for role in tx.roles.of_creators()]
        tx.organizations.add_member(WORKSPACE_ORG, user_id, at=at, role_keys=roles)
    payer = ensure_customer(engine, tx, user_id=None, org_code=WORKSPACE_ORG, billing_email=email, actor=user_id)
    if payer.profile_id is None:
        profile = BillingProfile(id=new_id("profile"), name="Workspace", created_at=at, dunning=DUNNING)
        tx.billing_profiles.add(profile)
        payer = replace(payer, profile_id=profile.id)
        tx.customers.save(payer)
    return payer
