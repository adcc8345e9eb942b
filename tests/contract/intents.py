"""What tests of billing intents have in common: plans that are billed at the customer's cadence, and cadences."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import (
    Act,
    Agreement,
    BillingCadence,
    BillingCycle,
    BillingIntent,
    Modify,
    Subscribe,
)
from billing_sdk.server.domain.catalog import LicenceFee, Plan, PlanGroup, PlanVersion, Rate
from billing_sdk.server.domain.collection import BUILT_IN_ID
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.billing_cadences import create_cadence
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.commit_intent import commit_intent
from billing_sdk.server.usecases.draft_intent import draft_intent
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.payment_intents import confirm_payment_intent, create_payment_intent
from billing_sdk.server.usecases.reserve_intent import reserve_intent
from tests.engines import payer


def offer(engine: Engine, key: str, *versions: int, seat: int = 0, usage: int = 0) -> Plan:
    """Publish a plan in a group of its own, a version for each flat fee; the last one is live.

    Args:
        engine: where.
        key: of the plan.
        versions: minor units a month.
        seat: minor units for each seat and month, in all versions.
        usage: minor units for each API call.
    """
    with engine.begin() as tx:
        group = PlanGroup(f"group_{key}", f"group_{key}", key, "user")
        tx.plan_groups.add(group)
        made = [_version(key, number, flat, seat, usage, engine) for number, flat in enumerate(versions, start=1)]
        tx.catalog.add_plan(Plan.draft(made[0], name=key.capitalize(), group=group))
        for version in made[1:]:
            tx.catalog.add_version(version)
        plan = tx.catalog.find_plan(key)
        assert plan is not None
        plan = plan.selling(made[-1])
        tx.catalog.save_plan(plan)
    return plan


def _version(key: str, number: int, flat: int, seat: int, usage: int, engine: Engine) -> PlanVersion:
    month = Cadence("month")
    fees = [LicenceFee(f"fee_{key}_{number}", "base", "Base", "USD", Terms(Flat(Decimal(flat))), service=month)]
    if seat:
        terms = Terms(PerUnit(Decimal(seat)))
        fees.append(LicenceFee(f"seat_{key}_{number}", "seats", "Seats", "USD", terms, service=month))
    rates = [Rate(f"rate_{key}_{number}", "ai_tokens", "Calls", "USD", Terms(PerUnit(Decimal(usage))))]
    components = (*fees, *(rates if usage else ()))
    return PlanVersion(f"version_{key}_{number}", key, number, "USD", components, engine.now(), month)


def sent_to(engine: Engine, email: str = "ada@example.com") -> tuple[Customer, BillingCadence]:
    """Return somebody who pays invoices that are sent, with a monthly cadence that begins now."""
    update_profile(engine, BUILT_IN_ID, collection_method="send_invoice")
    customer = payer(engine, email)
    return customer, create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(Cadence("month")))


def charged_by_card(engine: Engine, email: str = "ada@example.com") -> tuple[Customer, BillingCadence]:
    """Return somebody with a card, with a monthly cadence that begins now."""
    customer = payer(engine, email)
    return customer, create_cadence(engine, customer_id=customer.id, cycle=BillingCycle(Cadence("month")))


def pay(engine: Engine, customer: Customer, minor: int) -> str:
    """Return the payment intent by which somebody has paid so much."""
    with engine.read() as tx:
        method = tx.customers.find_payment_method(customer.id)
    assert method is not None
    intent = create_payment_intent(engine, customer_id=customer.id, amount=Money(minor, "USD"))
    return confirm_payment_intent(engine, intent.id, payment_method_id=method.id).id


def to(plan: Plan, *, number: int | None = None, **more: object) -> Subscribe:
    """Return the wish for a plan, in one of its versions."""
    version_id = plan.version.id if number is None else f"version_{plan.key}_{number}"
    return Subscribe(new_id("agreement"), plan.key, version_id, **more)  # type: ignore[arg-type]  # each test names its own


def modified(subscription_id: str, plan: Plan, *, number: int | None = None, **more: object) -> Modify:
    """Return the wish to go over to a plan, in one of its versions, or to other numbers."""
    version_id = plan.version.id if number is None else f"version_{plan.key}_{number}"
    return Modify(subscription_id, new_id("agreement"), plan.key, version_id, **more)  # type: ignore[arg-type]  # as above


def draft(engine: Engine, cadence: BillingCadence, *acts: Act) -> BillingIntent:
    """Write an intent down."""
    return draft_intent(engine, billing_cadence_id=cadence.id, currency="USD", acts=acts)


def reserve(engine: Engine, cadence: BillingCadence, *acts: Act) -> BillingIntent:
    """Write an intent down and reserve it."""
    return reserve_intent(engine, intent_id=draft(engine, cadence, *acts).id)


def commit(engine: Engine, cadence: BillingCadence, *acts: Act) -> BillingIntent:
    """Write an intent down, and have it made."""
    return commit_intent(engine, intent_id=reserve(engine, cadence, *acts).id)


def subscription(engine: Engine, subscription_id: str) -> Agreement:
    """Return what a subscription is now."""
    with engine.read() as tx:
        found = tx.agreements.find_current(subscription_id)
    assert found is not None
    return found


def last_invoice(engine: Engine, customer: Customer) -> Invoice:
    """Return a customer's latest invoice."""
    with engine.read() as tx:
        return tx.invoices.newest_of(customer.id, limit=1)[0]
