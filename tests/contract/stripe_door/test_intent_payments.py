"""What committing is refused for where money or the cadence stands in the way, with the published codes."""

from __future__ import annotations

from billing_sdk.money import Money
from billing_sdk.server.api.stripe.ids import ours, shown
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases.billing_cadences import cancel_cadence
from billing_sdk.server.usecases.payment_intents import confirm_payment_intent, create_payment_intent
from billing_sdk.server.usecases.stripe_payment_methods import method_for
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.plans import cadence, customer, intent, sell, subscribe

INTENTS = "/billing/intents"


def reserved(door: Door, cadence_id: str, *actions) -> str:
    """Draft and reserve an intent, and return its address."""
    path = f"{INTENTS}/{intent(door, cadence_id, *actions)['id']}"
    door.v2.post(f"{path}/reserve", {})
    return path


def payment(door: Door, owner: str, minor: int) -> str:
    """Take money by a payment intent, and return its id."""
    engine, owner_id = door.engine, ours("customer", owner)
    method = method_for(engine, owner_id, "pm_card_visa", actor="api")
    made = create_payment_intent(engine, customer_id=owner_id, amount=Money(minor, "USD"))
    confirm_payment_intent(engine, made.id, payment_method_id=method.id)
    return shown("payment_intent", made.id, is_live=False)


def test_a_payment_of_another_amount_and_one_for_nothing_are_refused(door: Door) -> None:
    owner = customer(door)
    charged = cadence(door, owner, sends_invoices=False)
    path = reserved(door, charged, subscribe(sell(door)))
    refusal = door.v2.refused("POST", f"{path}/commit", {"payment_intent": payment(door, owner, 999)})
    assert refusal[:2] == (400, "payment_intent_amount_invalid")
    door.v2.post(f"{path}/cancel", {})
    free = reserved(door, charged, subscribe(sell(door, seat=0)))
    refusal = door.v2.refused("POST", f"{free}/commit", {"payment_intent": payment(door, owner, 1_000)})
    assert refusal[:2] == (400, "payment_not_required")
    assert door.v2.get(free)["status"] == "reserved"


def test_a_card_that_is_charged_less_often_than_the_cadence_bills_is_refused(door: Door) -> None:
    weekly = cadence(door, customer(door), cycle=Cadence("week"))
    plan = sell(door, service=Cadence("week"), calls=5)
    body = {"currency": "usd", "cadence": weekly, "actions": [subscribe(plan)]}
    assert door.v2.refused("POST", INTENTS, body)[:2] == (400, "servicing_interval_exceeds_billing_interval")


def test_an_intent_of_a_cadence_that_was_canceled_meanwhile_is_refused(door: Door) -> None:
    bills_at = cadence(door, customer(door))
    drafted = intent(door, bills_at, subscribe(sell(door)))
    cancel_cadence(door.engine, ours("billing_cadence", bills_at))
    refusal = door.v2.refused("POST", f"{INTENTS}/{drafted['id']}/reserve", {})
    assert refusal[:2] == (400, "billing_cadence_inactive")
