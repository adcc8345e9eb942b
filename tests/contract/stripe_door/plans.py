"""What tests of intents and subscriptions begin with: plans, customers and cadences, as the door knows them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing_sdk.money import Money
from billing_sdk.server.api.stripe.ids import ours, shown
from billing_sdk.server.domain.agreements import BillingCycle, SettingRef
from billing_sdk.server.domain.collection import CollectionTerms
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.usecases.attach_component import attach_component
from billing_sdk.server.usecases.billing_cadences import AS_THE_CUSTOMER, CadenceOptions, create_cadence
from billing_sdk.server.usecases.cadence_settings import create_setting
from billing_sdk.server.usecases.create_item import create_licensed_item, create_metered_item
from billing_sdk.server.usecases.create_licence_fee import create_licence_fee
from billing_sdk.server.usecases.create_pricing_plan import create_pricing_plan
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.create_service_action import create_service_action
from billing_sdk.server.usecases.modify_rates import NewRate, add_rate
from billing_sdk.server.usecases.publish_plan import publish_plan
from tests.contract.stripe_door.door import Door

MONTH = Cadence("month")


@dataclass(frozen=True, slots=True)
class Sold:
    """A pricing plan.

    Attributes:
        id: of the plan.
        version: the id of its version, as the door shows it.
        fee: the id of its licence fee, which goes by the lookup key `seat`.
        card: the id of its rate card.
    """

    id: str
    version: str
    fee: str
    card: str | None


def sell(
    door: Door,
    *,
    seat: int = 1_000,
    service: Cadence = MONTH,
    currency: str = "USD",
    calls: int | None = None,
    credit: int | None = None,
    is_live: bool = True,
    is_priced: bool = True,
) -> Sold:
    """Make a pricing plan with a fee for each seat.

    Args:
        door: where.
        seat: minor units for each seat and interval.
        service: the interval of the fee.
        currency: of all prices.
        calls: minor units for each API call, which make a rate card.
        credit: minor units that are granted every month.
        is_live: whether it can be subscribed to without a version.
        is_priced: whether the rate card has a rate.
    """
    engine = door.engine
    key = create_pricing_plan(engine, name="Plan", currency=currency, tax_behavior="exclusive").key
    item = create_licensed_item(engine, name="Seat")
    fee = create_licence_fee(
        engine,
        name="Seats",
        item_id=item.id,
        currency=currency,
        terms=Terms(PerUnit(Decimal(seat))),
        service=service,
        tax_behavior="exclusive",
    )
    made = attach_component(engine, plan_key=key, kind="licence_fee", object_id=fee.id, lookup_key="seat")
    card_id = None
    if calls is not None:
        card = create_rate_card(engine, name="Calls", currency=currency, service=MONTH, tax_behavior="exclusive")
        card_id = card.id
        if is_priced:
            metered = create_metered_item(engine, name="Calls", feature_key="ai_tokens")
            add_rate(engine, card_id=card.id, rate=NewRate(metered.id, Terms(PerUnit(Decimal(calls)))))
        made = attach_component(engine, plan_key=key, kind="rate_card", object_id=card.id)
    if credit is not None:
        action = create_service_action(engine, name="Credit", amount=Money(credit, currency), service=MONTH)
        made = attach_component(engine, plan_key=key, kind="service_action", object_id=action.id)
    if is_live:
        publish_plan(engine, plan_key=key, in_any_currency=True)
    version = shown("pricing_plan_version", made.version.id, is_live=False)
    return Sold(
        key,
        version,
        shown("license_fee", fee.id, is_live=False),
        None if card_id is None else shown("rate_card", card_id, is_live=False),
    )


def customer(door: Door, email: str = "ada@example.com") -> str:
    """Make a customer, and return the id."""
    made: dict[str, Any] = door.v1.post("/customers", {"email": email})
    return str(made["id"])


def cadence(door: Door, customer_id: str, *, sends_invoices: bool = True, cycle: Cadence = MONTH) -> str:
    """Make a cadence that begins now, and return the id.

    Args:
        door: where.
        customer_id: whose, as the door knows it.
        sends_invoices: whether invoices are sent, and not charged to a card.
        cycle: how often it bills.
    """
    options = AS_THE_CUSTOMER
    if sends_invoices:
        options = CadenceOptions(collection=SettingRef(sending(door)))
    made = create_cadence(
        door.engine, customer_id=ours("customer", customer_id), cycle=BillingCycle(cycle), options=options
    )
    return shown("billing_cadence", made.id, is_live=False)


def sending(door: Door) -> str:
    """Make a collection setting that sends invoices, and return our id of it."""
    return create_setting(door.engine, terms=CollectionTerms("send_invoice")).id


def subscribe(plan: Sold, *, seats: int = 1, **more: Any) -> dict[str, Any]:
    """Return the action that subscribes to a plan."""
    configurations = [{"lookup_key": "seat", "quantity": seats}]
    details = {
        "pricing_plan": plan.id,
        "pricing_plan_version": plan.version,
        "component_configurations": configurations,
    }
    kind = "pricing_plan_subscription_details"
    return {"type": "subscribe", "subscribe": {"type": kind, kind: details, **more}}


def intent(door: Door, cadence_id: str, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Draft an intent."""
    body = {"currency": "usd", "cadence": cadence_id, "actions": list(actions), **more}
    made: dict[str, Any] = door.v2.post("/billing/intents", body)
    return made


def made(door: Door, cadence_id: str, *actions: dict[str, Any]) -> list[str | None]:
    """Draft an intent, reserve and commit it; return the subscriptions that its actions have made."""
    drafted = intent(door, cadence_id, *actions)
    path = f"/billing/intents/{drafted['id']}"
    door.v2.post(f"{path}/reserve", {})
    door.v2.post(f"{path}/commit", {})
    found = []
    for action in door.v2.get(f"{path}/actions")["data"]:
        details = (action["subscribe"] or {}).get("pricing_plan_subscription_details", {})
        found.append(details.get("pricing_plan_subscription"))
    return found
