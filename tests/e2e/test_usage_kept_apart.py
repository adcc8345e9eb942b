"""Usage that is kept in a store of its own is billed, limited, corrected and forgotten as usage in the database is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.server.usecases.correct_event import amend_event
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.clickhouse import emptied
from tests.contract.late import charged, notes_of, recomputed, sell_by_use, use
from tests.contract.usage_events import report
from tests.engines import IN_MEMORY, NOON, advance, engine_on, payer
from tests.metering import event, measured

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", "clickhouse"])
def engine(request, tmp_path):
    """A server whose usage is in another place than everything else."""
    if request.param == "clickhouse":
        emptied(request.getfixturevalue("clickhouse"))
        url = request.getfixturevalue("clickhouse_url")
    else:
        url = f"sqlite:///{tmp_path}/usage.db"
    with engine_on(IN_MEMORY, usage_url=url) as opened:
        yield opened


@pytest.fixture
def customer(engine):
    sell_by_use(engine)
    return payer(engine)


@pytest.fixture
def agreement(engine, customer):
    return subscribe(engine, customer_id=customer.id, plan_key="metered")


def test_a_month_of_usage_is_billed_and_what_comes_late_or_was_wrong_is_made_good(engine, customer, agreement):
    for number in range(3):
        report(engine, customer.id, 10, NOON + number * DAY, id=str(number))
    assert report(engine, customer.id, 10, NOON, id="0") == "duplicate"
    use(engine, agreement, 2)
    advance(engine, days=29)
    run_due(engine)

    assert charged(engine, customer) == [("renewal", [32])]
    assert recomputed(engine, customer) == [("renewal", [32])]

    amend_event(engine, source="app", id="1", data={"value": 4}, reason="counted twice")
    run_due(engine)
    advance(engine, days=2)
    run_due(engine)

    assert [lines for _, _, lines in notes_of(engine, customer)] == [{1: 6}]


def test_what_was_recorded_when_the_rest_failed_is_found_again_and_counts_once(engine, customer, agreement):
    with engine.read() as tx:
        meters = tx.meters.all()
    sent = measured([event("1", 10, type="ai_tokens", subject=customer.id)], meters)

    def record_and_fail():
        with engine.begin() as tx:
            tx.usage_log.append(sent, meters)
            raise RuntimeError("the machine went away")

    with pytest.raises(RuntimeError):
        record_and_fail()
    with engine.begin() as tx:
        [again] = tx.usage_log.append(sent, meters)
    advance(engine, days=29)
    run_due(engine)

    assert again.outcome == "duplicate"
    assert charged(engine, customer) == [("renewal", [10])]
