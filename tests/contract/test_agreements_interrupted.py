"""Planned changes that are interrupted: the gateway is out of reach, or the process dies while the bank is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import Conflict
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.usecases import make_planned_change
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.plan_ahead import undo_plans
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import balance_of, bills, live, sell, stored, timers_of
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, card, engine_on, events_of, payer

AT_END = ChangeOptions(timing="period_end")


class OutOfReachError(Exception):
    """What a network does."""


class ShakyGateway(ManagedGateway):
    """Is out of reach for some calls, before or after it has taken the money."""

    def __init__(self):
        super().__init__()
        self.is_down = False
        self.loses_answers = False
        self.collected = {}

    def collect(self, bill, *, idempotency_key):
        if self.is_down:
            raise OutOfReachError
        receipt = super().collect(bill, idempotency_key=idempotency_key)
        self.collected[idempotency_key] = bill.amount.minor
        if self.loses_answers:
            raise OutOfReachError
        return receipt


@pytest.fixture
def gateway():
    return ShakyGateway()


@pytest.fixture
def engine(gateway):
    with engine_on(IN_MEMORY, gateway=gateway) as opened:
        yield opened


@pytest.fixture
def customer(engine):
    return payer(engine)


@pytest.fixture
def agreement(engine, customer):
    return subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")


@pytest.mark.parametrize("trouble", ["is_down", "loses_answers"])
def test_a_planned_change_whose_outcome_is_not_known_is_made_once_when_it_is(
    engine, gateway, customer, agreement, trouble
):
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=AT_END)
    advance(engine, days=28)
    setattr(gateway, trouble, True)
    run_due(engine)
    assert live(engine, customer).plan_key == "pro_monthly"

    setattr(gateway, trouble, False)
    advance(engine, hours=2)
    run_due(engine)

    assert (live(engine, customer).plan_key, stored(engine, agreement).status) == ("enterprise_monthly", "replaced")
    assert bills(engine, customer) == [("paid", 2_900), ("paid", 9_900)]
    assert sorted(gateway.collected.values()) == [2_900, 9_900]
    assert timers_of(engine, customer) == {"renew": live(engine, customer).billed_until}


def test_a_planned_change_that_turns_out_to_be_declined_is_dropped_and_the_old_plan_renewed(
    engine, gateway, customer, agreement
):
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=AT_END)
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    advance(engine, days=28)
    gateway.is_down = True
    run_due(engine)
    assert stored(engine, agreement).pending_change is not None

    gateway.is_down = False
    advance(engine, minutes=2)
    settle_left_over_charges(engine)

    assert (stored(engine, agreement).pending_change, stored(engine, agreement).status) == (None, "active")
    assert events_of(engine, customer.id)[-1] == "customer.agreement_updated"
    advance(engine, hours=2)
    run_due(engine)
    assert stored(engine, agreement).billed_until > engine.now()


def test_a_planned_change_that_somebody_else_gets_in_the_way_of_is_not_given_up(engine, gateway, customer, monkeypatch):
    sell(engine, "team", seat=700)
    agreement = subscribe(
        engine, customer_id=customer.id, plan_key="team", options=ChangeOptions(quantities={"seats": 3})
    )
    later = ChangeOptions(timing=NOON + timedelta(days=10))
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=later)
    advance(engine, days=10)

    def begin_another(engine, customer_id, group_id):
        """Begin a charge as soon as it has been seen that there is none."""
        gateway.is_down = True
        with pytest.raises(OutOfReachError):
            set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=5)

    with monkeypatch.context() as patch:
        patch.setattr(make_planned_change, "settle_group", begin_another)
        run_due(engine)
    assert stored(engine, agreement).pending_change is not None

    gateway.is_down = False
    advance(engine, hours=2)
    run_due(engine)
    assert live(engine, customer).plan_key == "enterprise_monthly"


@pytest.mark.parametrize("kind", ["change", "cancel"])
def test_a_timer_that_is_too_early_does_nothing_and_what_is_planned_happens_in_its_time(
    engine, customer, agreement, kind
):
    if kind == "change":
        subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=AT_END)
    else:
        cancel_agreement(engine, agreement_id=agreement.id, timing="period_end")
    planned = stored(engine, agreement)
    with engine.begin() as tx:
        tx.timers.set(kind, agreement.id, NOON, customer)

    run_due(engine)
    assert (stored(engine, agreement), live(engine, customer)) == (planned, planned)

    advance(engine, days=28)
    run_due(engine)
    status, charged = {"change": ("replaced", [2_900, 9_900]), "cancel": ("cancelled", [2_900])}[kind]
    assert (stored(engine, agreement).status, [amount for _, amount in bills(engine, customer)]) == (status, charged)


def test_while_the_outcome_of_a_change_is_not_known_nothing_else_is_changed(engine, gateway, customer):
    sell(engine, "team", seat=700)
    agreement = subscribe(
        engine, customer_id=customer.id, plan_key="team", options=ChangeOptions(quantities={"seats": 3})
    )
    gateway.is_down = True
    with pytest.raises(OutOfReachError):
        set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=5)

    for act in (
        lambda: cancel_agreement(engine, agreement_id=agreement.id, timing="period_end"),
        lambda: undo_plans(engine, agreement_id=agreement.id),
    ):
        with pytest.raises((Conflict, OutOfReachError)):
            act()

    gateway.is_down = False
    assert set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=5).quantities == {"seats": 5}
    assert list(gateway.collected.values()) == [2_100, 1_400]


@pytest.mark.attack(194)
def test_credit_is_held_while_the_outcome_is_not_known_and_used_once(engine, gateway, customer, agreement):
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)
    gateway.loses_answers = True
    with pytest.raises(OutOfReachError):
        subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    assert balance_of(engine, customer) == 0

    gateway.loses_answers = False
    advance(engine, minutes=2)
    settle_left_over_charges(engine)

    assert (bills(engine, customer)[-1], balance_of(engine, customer)) == (("paid", 9_900 - 2_900), 0)
    with engine.read() as tx:
        (kept, used) = tx.credits.of_customer(customer.id)
    assert (kept.amount.minor, used.amount.minor, used.invoice_id is not None) == (2_900, -2_900, True)
