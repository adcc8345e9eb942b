"""Coupons that come with a planned change: redeemed when it is planned, given back where it does not come about."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import CouponEnded
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.plan_ahead import undo_plans
from billing_sdk.server.usecases.preview_change import preview_change
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import bills, live, sell
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, advance, card, engine_on, payer


@pytest.fixture
def engine():
    """A plan at 20.00 that can be planned for, and a coupon for half of it that can be redeemed once."""
    with engine_on(IN_MEMORY) as opened:
        sell(opened, "team", flat=2_000)
        create_coupon(opened, key="HALF", name="Half", percent_off=Decimal(50), max_redemptions=1)
        yield opened


@pytest.fixture
def customer(engine):
    return payer(engine)


def plan(engine: Engine, customer: Customer, coupon_key: str | None = "HALF", plan_key: str = "team"):
    wish = ChangeOptions(timing="period_end", coupon_key=coupon_key)
    return subscribe(engine, customer_id=customer.id, plan_key=plan_key, options=wish)


@pytest.fixture
def planned(engine, customer):
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    return plan(engine, customer)


def redeemed(engine: Engine) -> int:
    with engine.read() as tx:
        return tx.coupons.get("HALF").redeemed


def pass_a_month(engine: Engine) -> None:
    advance(engine, days=28)
    run_due(engine)


def test_the_last_redemption_is_kept_for_whoever_has_planned_with_it(engine, customer, planned):
    other = payer(engine, "bo@example.com")
    subscribe(engine, customer_id=other.id, plan_key="pro_monthly")
    with pytest.raises(CouponEnded):
        plan(engine, other)
    pass_a_month(engine)
    assert bills(engine, customer) == [("paid", 2_900), ("paid", 1_000)]
    assert (live(engine, customer).plan_key, redeemed(engine)) == ("team", 1)


def test_whoever_has_planned_with_a_coupon_can_plan_again_or_change_at_once_with_it(engine, customer, planned):
    plan(engine, customer)
    assert redeemed(engine) == 1
    now = ChangeOptions(coupon_key="HALF")
    told = preview_change(engine, customer_id=customer.id, plan_key="team", options=now)
    subscribe(engine, customer_id=customer.id, plan_key="team", options=now)
    assert bills(engine, customer)[-1] == ("paid", told.amount.minor) == ("paid", 1_000)
    assert redeemed(engine) == 1


def _take_back(engine: Engine, customer: Customer) -> None:
    undo_plans(engine, agreement_id=live(engine, customer).id)


def _plan_without(engine: Engine, customer: Customer) -> None:
    plan(engine, customer, None)


def _cancel_later(engine: Engine, customer: Customer) -> None:
    cancel_agreement(engine, agreement_id=live(engine, customer).id, timing="period_end")


def _cancel(engine: Engine, customer: Customer) -> None:
    cancel_agreement(engine, agreement_id=live(engine, customer).id)


def _change_now(engine: Engine, customer: Customer) -> None:
    subscribe(engine, customer_id=customer.id, plan_key="free")


def _be_declined(engine: Engine, customer: Customer) -> None:
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    pass_a_month(engine)


@pytest.mark.parametrize("end", [_take_back, _plan_without, _cancel_later, _cancel, _change_now, _be_declined])
def test_a_coupon_is_given_back_where_the_planned_change_does_not_come_about(engine, customer, planned, end):
    assert redeemed(engine) == 1
    end(engine, customer)
    assert redeemed(engine) == 0


def test_a_coupon_is_given_back_where_there_is_no_card_when_the_change_is_due(engine):
    customer = payer(engine, number=None)
    subscribe(engine, customer_id=customer.id, plan_key="free")
    wish = ChangeOptions(timing="period_end", coupon_key="HALF")
    assign_plan(engine, customer_id=customer.id, plan_key="team", options=wish)
    with engine.begin() as tx:
        before = tx.agreements.live_of(customer.id)[0]
        tx.agreements.save(replace(before, pending_change=replace(before.pending_change, may_owe=False)))
    pass_a_month(engine)
    assert (live(engine, customer).plan_key, redeemed(engine)) == ("free", 0)
