"""Subscriptions that are made at the same time: a customer gets one of them, and pays for one."""

from __future__ import annotations

import pytest

from billing_sdk.errors import Conflict
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.storage.idempotency import StoredAnswer
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_subscription import PlanWanted, SubscriptionWanted, create_subscription
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.konnect.door import door_of, fee, phase, sold, with_card
from tests.contract.test_usecases_at_once import at_once, codes
from tests.engines import engine_on, payer

CALLERS = 6


def test_one_of_many_subscriptions_that_are_made_at_once_is_the_one(database_url):
    with engine_on(database_url) as engine, door_of(engine) as door:
        plans = [sold(door, key, phase(fee("29"))) for key in ("pro", "best")]
        customer_id = id_from_ulid("customer", with_card(door)["id"])

        def make(number):
            wanted = SubscriptionWanted(customer_id, PlanWanted(key=plans[number % 2]["key"]))
            with engine.calling(None, refusal=lambda error: StoredAnswer(error.status, error.code)) as calling:
                made = create_subscription(calling, wanted, actor="tests")
                assert calling.call is not None
                calling.call.answer(StoredAnswer(201, made.id))
                return made

        answers = at_once(make, CALLERS)
        assert codes(answers) == {"ok": 1, "conflict": CALLERS - 1}
        with engine.read() as tx:
            assert len(tx.agreements.of_customer(customer_id)) == 1
            assert [str(one.amount) for one in tx.invoices.newest_of(customer_id, limit=9)] == ["29.00 USD"]


def test_what_is_to_be_the_first_agreement_takes_the_place_of_none(memory_engine):
    customer = payer(memory_engine)
    first = subscribe(memory_engine, customer_id=customer.id, plan_key="pro_monthly")
    with pytest.raises(Conflict):
        subscribe(memory_engine, customer_id=customer.id, plan_key="free", options=ChangeOptions(replaces=False))
    with memory_engine.read() as tx:
        assert tx.agreements.live_of(customer.id) == (first,)
