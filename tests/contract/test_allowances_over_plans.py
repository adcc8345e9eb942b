"""Allowances of customers who go from plan to plan: what was used under one stays used."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.commit_reservation import report_lease
from billing_sdk.server.usecases.look_up_allowances import look_up_allowance_history
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.reserve_usage import lease_usage
from tests.contract.test_allowances import TOKENS, agree, balances, customer, grant, later, room, sell, use
from tests.engines import NOON, advance

pytestmark = pytest.mark.attack(108)
__all__ = ["agree", "customer", "grant", "use"]


def test_a_grant_that_was_used_up_does_not_come_back_when_a_free_plan_is_left_and_taken_again(
    memory_engine, customer, agree, grant, use
):
    first = agree(100)
    sell(memory_engine, 300, key="bigger")
    grant(50)
    use(first, 100)
    for key in ("bigger", "metered"):
        advance(memory_engine, hours=1)
        again = change_plan(memory_engine, customer_id=customer.id, plan_key=key)
    assert balances(memory_engine, customer) == (0, [50])
    use(again, 50)
    later(memory_engine, days=28, hours=-1)
    assert room(memory_engine, customer) == (150, 50, 100, 0)
    later(memory_engine, days=9)
    assert balances(memory_engine, customer) == (100, [0])


def test_what_a_lease_holds_of_a_grant_is_held_after_a_change_of_plan(memory_engine, customer, agree, grant):
    first = agree(100)
    sell(memory_engine, 300, key="bigger")
    grant(50)
    lease = lease_usage(memory_engine, feature_key=TOKENS, units="140", least="140", agreement_id=first.id)
    advance(memory_engine, seconds=10)
    second = change_plan(memory_engine, customer_id=customer.id, plan_key="bigger")
    assert room(memory_engine, customer) == (350, 0, 310, 0)
    record_usage(memory_engine, agreement_id=second.id, feature_key=TOKENS, value="305")
    assert room(memory_engine, customer) == (350, 305, 5, 0)
    advance(memory_engine, seconds=10)
    report_lease(memory_engine, reservation_id=lease.id, agreement_id=first.id, used="120")
    assert room(memory_engine, customer) == (330, 305, 5, 0)
    report_lease(memory_engine, reservation_id=lease.id, agreement_id=first.id, used="140")
    assert room(memory_engine, customer) == (310, 305, 5, 0)
    assert balances(memory_engine, customer) == (0, [5])


@pytest.mark.parametrize("before", [100, None])
def test_a_history_shows_what_was_used_under_plans_that_were_left(memory_engine, customer, agree, grant, use, before):
    first = agree(before)
    sell(memory_engine, 300, key="bigger")
    grant(50)
    use(first, 120)
    advance(memory_engine, hours=30)
    use(change_plan(memory_engine, customer_id=customer.id, plan_key="bigger"), 310)
    advance(memory_engine, hours=1)
    found = look_up_allowance_history(
        memory_engine, customer_id=customer.id, feature_key=TOKENS, since=NOON - timedelta(days=3)
    )
    assert [int(one.usage) for one in found.windows] == [120, 310]
    assert found.windows[0].period.start == NOON
    assert found.windows[0].balance_at_start == (None if before is None else 150)
    covered = [int(amount) for one in found.segments for amount in one.burnt.values()]
    assert covered == ([100, 20, 300, 10] if before else [300, 10])
