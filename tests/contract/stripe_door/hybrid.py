"""The plan of the guide, made behind the Stripe door: a licence fee, a rate card and monthly credit, in one plan."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import BillingCadence, BillingCycle, Subscribe
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.domain.visits import LASTS, CheckoutItem, CheckoutSession
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.attach_component import attach_component
from billing_sdk.server.usecases.billing_cadences import create_cadence
from billing_sdk.server.usecases.checkout_sessions import create_checkout_session
from billing_sdk.server.usecases.commit_intent import commit_intent
from billing_sdk.server.usecases.create_item import create_licensed_item, create_metered_item
from billing_sdk.server.usecases.create_licence_fee import create_licence_fee
from billing_sdk.server.usecases.create_pricing_plan import create_pricing_plan
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.create_service_action import create_service_action
from billing_sdk.server.usecases.draft_intent import draft_intent
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.modify_rates import NewRate, add_rate
from billing_sdk.server.usecases.payment_intents import confirm_payment_intent, create_payment_intent
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.reserve_intent import reserve_intent

MONTH = Cadence("month")


class Hybrid(NamedTuple):
    """A plan with its parts."""

    key: str
    version_id: str
    item_id: str
    card_id: str
    fee_id: str
    component_id: str


def hybrid_plan(engine: Engine, *, fee: int = 50_000, seat: int = 0, credit: int = 1_000, usage: int = 5) -> Hybrid:
    """Put a plan up for sale.

    Args:
        engine: where.
        fee: minor units a month; for each seat where `seat` is not zero.
        seat: the same for each seat, in place of the fee.
        credit: minor units a month that pay for usage.
        usage: minor units for each token.
    """
    name = new_id("x")[-12:]
    item = create_metered_item(engine, name="Alpaca AI tokens", feature_key="ai_tokens", lookup_key=f"tokens-{name}")
    card = create_rate_card(engine, name="Alpaca AI", currency="USD", service=MONTH, tax_behavior="exclusive")
    add_rate(engine, card_id=card.id, rate=NewRate(item.id, Terms(PerUnit(Decimal(usage)))))
    licensed = create_licensed_item(engine, name="Pricing Plan Licensed Item")
    terms = Terms(PerUnit(Decimal(seat)) if seat else Flat(Decimal(fee)))
    licence = create_licence_fee(
        engine,
        name="E2E License",
        item_id=licensed.id,
        currency="USD",
        terms=terms,
        service=MONTH,
        tax_behavior="exclusive",
    )
    plan = create_pricing_plan(engine, name="Pro Pricing Plan", currency="USD", tax_behavior="exclusive")
    attach_component(engine, plan_key=plan.key, kind="rate_card", object_id=card.id)
    attached = attach_component(
        engine, plan_key=plan.key, kind="licence_fee", object_id=licence.id, lookup_key="monthly-fee-component"
    )
    if credit:
        action = create_service_action(
            engine, name="Credit grant 28", amount=Money(credit, "USD"), service=MONTH, item_ids=[item.id]
        )
        attach_component(engine, plan_key=plan.key, kind="service_action", object_id=action.id)
    published = publish_plan(engine, plan_key=plan.key)
    with engine.read() as tx:
        [component] = [one for one in tx.attachments.of(published.version.id) if one.kind == "licence_fee"]
    del attached
    return Hybrid(plan.key, published.version.id, item.id, card.id, licence.id, component.id)


def begin_checkout_session(engine: Engine, plan: Hybrid) -> str:
    """Begin a checkout session for a plan, of nobody yet; return its id."""
    at = engine.now()
    item = CheckoutItem(plan.key, plan.version_id, new_id("agreement"))
    session = CheckoutSession(new_id("checkoutsession"), (item,), at, at + LASTS)
    return create_checkout_session(engine, session, actor="test")[0].id


def monthly(engine: Engine, customer_id: str) -> BillingCadence:
    """Return a monthly cadence of a customer that begins now."""
    return create_cadence(engine, customer_id=customer_id, cycle=BillingCycle(MONTH))


def subscribed(
    engine: Engine, cadence: BillingCadence, plan: Hybrid, *, method_id: str | None = None, seats: int | None = None
) -> str:
    """Subscribe the customer of a cadence, who pays with a payment intent where something is due; return the id."""
    quantities = {} if seats is None else {"monthly-fee-component": seats}
    act = Subscribe(new_id("agreement"), plan.key, plan.version_id, quantities=quantities)
    drafted = draft_intent(engine, billing_cadence_id=cadence.id, currency="USD", acts=(act,))
    reserved = reserve_intent(engine, intent_id=drafted.id)
    payment = None
    if method_id is not None and reserved.amounts.due:
        made = create_payment_intent(engine, customer_id=cadence.customer_id, amount=reserved.amounts.due)
        payment = confirm_payment_intent(engine, made.id, payment_method_id=method_id).id
    commit_intent(engine, intent_id=reserved.id, payment_intent_id=payment)
    return act.agreement_id
