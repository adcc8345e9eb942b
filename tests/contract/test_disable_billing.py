"""Billing is disabled only while nobody has a subscription that costs something or will."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import BillingInUse
from billing_sdk.server.domain.workspace import Workspace
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.disable_billing import disable_billing
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.pause_agreement import pause_agreement
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import advance, payer


def disable(engine) -> Workspace:
    return disable_billing(engine, actor="test")


def test_a_trial_is_a_subscription_that_costs_something(memory_engine):
    customer = payer(memory_engine, number=None)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key="starter")
    assert agreement.status == "trialing"
    with pytest.raises(BillingInUse):
        disable(memory_engine)


def test_a_paused_subscription_counts_and_one_that_has_ended_does_not(memory_engine):
    customer = payer(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key="pro_monthly")
    pause_agreement(memory_engine, agreement_id=agreement.id)
    with pytest.raises(BillingInUse):
        disable(memory_engine)
    cancel_agreement(memory_engine, agreement_id=agreement.id, timing="now")
    assert not disable(memory_engine).is_billing_enabled


def test_a_free_plan_counts_once_it_is_to_change_to_one_that_costs(memory_engine):
    customer = payer(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key="free")
    later = ChangeOptions(timing=agreement.started_at + timedelta(days=90))
    change_plan(memory_engine, customer_id=customer.id, plan_key="pro_monthly", options=later)
    with pytest.raises(BillingInUse):
        disable(memory_engine)


def test_billing_that_is_enabled_again_is_on_since_then_with_the_gateway_of_before(memory_engine):
    assert disable(memory_engine) == Workspace("managed")
    assert not memory_engine.workspace.is_billing_enabled
    at = advance(memory_engine, days=1)
    assert enable_billing(memory_engine, actor="test") == Workspace("managed", at)
    assert memory_engine.workspace.billing_enabled_at == at


def test_what_another_process_has_switched_is_known_within_a_second(memory_engine):
    assert memory_engine.workspace.is_billing_enabled
    with memory_engine.begin() as tx:
        tx.workspace.save(tx.workspace.get().disabled())
    assert memory_engine.workspace.is_billing_enabled
    advance(memory_engine, seconds=0.4)
    assert memory_engine.workspace.is_billing_enabled
    advance(memory_engine, seconds=0.6)
    assert not memory_engine.workspace.is_billing_enabled


def test_a_clock_that_is_set_back_keeps_nothing_on(memory_engine):
    assert memory_engine.workspace.is_billing_enabled
    with memory_engine.begin() as tx:
        tx.workspace.save(tx.workspace.get().disabled())
    advance(memory_engine, seconds=-5)
    assert not memory_engine.workspace.is_billing_enabled
