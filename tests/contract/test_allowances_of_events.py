"""Usage events and what may be used: they count at once, and whoever follows them tells of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import LimitReached
from billing_sdk.server.domain.catalog import thresholds_from
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.correct_event import amend_event, cancel_event
from billing_sdk.server.usecases.follow_usage import follow_usage
from billing_sdk.server.usecases.grant_allowance import grant_allowance
from billing_sdk.server.usecases.look_up_allowances import look_up_allowances
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.test_allowances import TOKENS, balances, later, reserve, room, sell, told
from tests.contract.usage_events import measure_by, report
from tests.engines import NOON, advance, payer

pytestmark = pytest.mark.attack(108)


@pytest.fixture
def customer(memory_engine):
    sell(memory_engine, 100, thresholds=thresholds_from(["80%"]))
    return payer(memory_engine)


@pytest.fixture
def agreement(memory_engine, customer):
    return subscribe(memory_engine, customer_id=customer.id, plan_key="metered")


def test_an_event_takes_room_at_once_and_is_told_of_when_it_is_followed(memory_engine, customer, agreement):
    report(memory_engine, customer.id, 90, id="a")
    assert room(memory_engine, customer) == (100, 90, 10, 0)
    with pytest.raises(LimitReached):
        reserve(memory_engine, agreement, 11)
    follow_usage(memory_engine)
    follow_usage(memory_engine)
    assert told(memory_engine, customer) == ["80%"]
    report(memory_engine, agreement.id, 15, id="b")
    follow_usage(memory_engine)
    assert told(memory_engine, customer) == ["80%", False]
    assert room(memory_engine, customer) == (100, 105, 0, 5)


def test_an_event_that_is_cancelled_brings_access_back(memory_engine, customer, agreement):
    report(memory_engine, customer.id, 100, id="a")
    follow_usage(memory_engine)
    amend_event(memory_engine, source="app", id="a", data={"value": 101}, reason="counted too little")
    follow_usage(memory_engine)
    assert told(memory_engine, customer) == ["80%", False]
    cancel_event(memory_engine, source="app", id="a", reason="sent by mistake")
    follow_usage(memory_engine)
    assert told(memory_engine, customer) == ["80%", False, True]
    reserve(memory_engine, agreement, 100)


def test_a_late_event_lowers_what_was_left_of_a_grant_at_once(memory_engine, customer, agreement):
    grant_allowance(memory_engine, customer_id=customer.id, feature_key=TOKENS, amount="50")
    report(memory_engine, customer.id, 100, id="a")
    follow_usage(memory_engine)
    later(memory_engine, days=31)
    report(memory_engine, customer.id, 1, id="b")
    follow_usage(memory_engine)
    assert balances(memory_engine, customer) == (99, [50])
    report(memory_engine, customer.id, 20, NOON + timedelta(days=2), id="c")
    assert balances(memory_engine, customer) == (99, [30])
    with pytest.raises(LimitReached):
        reserve(memory_engine, agreement, 130)
    follow_usage(memory_engine)
    assert balances(memory_engine, customer) == (99, [30])
    amend_event(memory_engine, source="app", id="c", data={"value": 10}, reason="counted twice")
    assert balances(memory_engine, customer) == (99, [40])


def test_a_limit_holds_whatever_the_meter_shows(memory_engine, customer, agreement):
    measure_by(memory_engine, TOKENS, "maximum")
    for number, value in enumerate((40, 70, 30)):
        report(memory_engine, customer.id, value, NOON + timedelta(hours=number), type="ai_tokens_used", id=str(number))
    advance(memory_engine, hours=4)
    grant_allowance(memory_engine, customer_id=customer.id, feature_key=TOKENS, amount="5")
    assert room(memory_engine, customer) == (105, 70, 35, 0)
    report(memory_engine, customer.id, 102, type="ai_tokens_used", id="more")
    assert balances(memory_engine, customer) == (0, [3])


def test_grants_count_for_the_agreement_that_began_first(memory_engine, customer, agreement):
    add_plan_group(memory_engine, key="more", name="More", scope="user")
    sell(memory_engine, 10, key="other", group="more")
    advance(memory_engine, days=1)
    other = subscribe(memory_engine, customer_id=customer.id, plan_key="other")
    grant_allowance(memory_engine, customer_id=customer.id, feature_key=TOKENS, amount="50")
    report(memory_engine, customer.id, 120, id="a")
    report(memory_engine, other.id, 12, id="b")
    found = look_up_allowances(memory_engine, customer_id=customer.id)
    assert [(one.agreement.id, int(one.room.limit), int(one.room.overage)) for one in found] == [
        (agreement.id, 150, 0),
        (other.id, 10, 2),
    ]
