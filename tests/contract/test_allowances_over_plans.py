"""Allowances of customers who go from plan to plan: what was used under one stays used."""

from __future__ import annotations

import pytest

from billing_sdk.server.usecases.change_plan import change_plan
from tests.contract.test_allowances import agree, balances, customer, grant, later, room, sell, use
from tests.engines import advance

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
