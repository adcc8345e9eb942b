"""Following usage while others record: nobody is attended to twice, and what comes meanwhile is not lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from billing_sdk.server.storage.usage_changes import CustomerChange
from billing_sdk.server.usecases.follow_usage import follow_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.late import charged, sell_by_use
from tests.contract.usage_events import report
from tests.engines import IN_MEMORY, NOON, advance, engine_on, events_of, payer

FOLLOWERS = 3


def test_several_processes_that_follow_at_once_attend_to_each_customer_once(engine):
    sell_by_use(engine)
    payers = [payer(engine, f"{number}@example.com") for number in range(3)]
    for one in payers:
        subscribe(engine, customer_id=one.id, plan_key="metered")
        report(engine, one.id, 10, NOON, id=one.id)
    start = Barrier(FOLLOWERS)

    def follow(_: int) -> int:
        start.wait()
        return follow_usage(engine)

    with ThreadPoolExecutor(FOLLOWERS) as pool:
        attended = sum(pool.map(follow, range(FOLLOWERS)))

    assert attended == len(payers)
    assert [events_of(engine, one.id).count("customer.meter_usage_updated") for one in payers] == [1, 1, 1]


def test_what_is_noted_while_a_customer_is_attended_to_is_attended_to_after_that(engine):
    customer = payer(engine)
    change = CustomerChange(customer.id, "ai_tokens", NOON)
    with engine.begin() as tx:
        tx.usage_changes.add([change])
        assert tx.usage_changes.take(customer.id) == {"ai_tokens": NOON}
        tx.usage_changes.add([change])

    with engine.read() as tx:
        assert tx.usage_changes.waiting(limit=10) == (customer.id,)


def test_events_in_a_store_of_their_own_are_followed_and_billed(tmp_path):
    with engine_on(IN_MEMORY, usage_url=f"sqlite:///{tmp_path / 'usage.db'}") as engine:
        sell_by_use(engine)
        customer = payer(engine)
        subscribe(engine, customer_id=customer.id, plan_key="metered")
        report(engine, customer.id, 10, NOON, id="a")
        assert follow_usage(engine) == 1
        advance(engine, days=29)
        run_due(engine)
        assert charged(engine, customer) == [("renewal", [10])]
