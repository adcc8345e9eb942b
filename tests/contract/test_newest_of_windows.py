"""Meters whose events say all of an hour or a day: of several, the newest is billed alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.metering import Place, UsageQuery
from billing_sdk.server.domain.metering.boundaries import Counted, newest_of_each
from billing_sdk.server.domain.metering.meter import Measured
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.query_usage import query_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests import metering
from tests.contract.using import used
from tests.engines import NOON, payer
from tests.metering import event

MIDNIGHT = NOON.replace(hour=0)
DAY = timedelta(days=1)


def counted(number, minutes, *, subject="s", dims=()):
    at = NOON + timedelta(minutes=minutes)
    return Counted(subject, Place(at, NOON, "app", number), Measured("m", None, None, dims), is_total=False)


@pytest.mark.parametrize(
    ("window", "kept"),
    [("hour", {"b", "c", "d", "e"}), ("day", {"c", "d", "e"})],
)
def test_the_newest_of_each_window_subject_and_dimensions_is_kept(window, kept):
    found = [
        counted("a", 1),
        counted("b", 59),
        counted("c", 60),
        counted("d", 2, subject="other"),
        counted("e", 3, dims=(("model", "x"),)),
    ]
    assert {one.place.id for one in newest_of_each(found, window)} == kept
    assert {one.place.id for one in newest_of_each(reversed(found), window)} == kept


def test_of_one_instant_the_one_that_arrived_last_is_the_newest():
    at = NOON
    first, second = (
        Counted(
            "s", Place(at, at + timedelta(seconds=number), "app", str(9 - number)), Measured("m", None, None, ()), False
        )
        for number in (1, 2)
    )
    assert list(newest_of_each([second, first], "day")) == [second]


def test_what_is_billed_and_what_is_shown_is_of_the_newest_events(memory_engine):
    with memory_engine.begin() as tx:
        tx.meters.add(metering.meter("sum", key="daily", newest_within="day"))
    add_feature(memory_engine, key="requests", name="Requests", feature_type="metered", meter_key="daily")
    customer = payer(memory_engine)
    subscribe(memory_engine, customer_id=customer.id, plan_key="pro_monthly")
    with memory_engine.read() as tx:
        (agreement,) = tx.agreements.of_customer(customer.id)
    first, second = NOON + timedelta(hours=1), MIDNIGHT + DAY
    used(
        memory_engine,
        event("1", 5, at=first, subject=customer.id),
        event("2", 7, at=first + timedelta(hours=2), subject=customer.id),
        event("3", 100, at=second, subject=customer.id),
        event("4", 3, at=second + timedelta(hours=1), subject=customer.id),
    )
    with memory_engine.read() as tx:
        whole = tx.usage.total(agreement.id, "requests", Period(NOON, NOON + 2 * DAY))
        an_hour = tx.usage.total(agreement.id, "requests", Period(NOON, NOON + timedelta(hours=2)))
    assert (whole, an_hour) == (7 + 3, 5)
    query = UsageQuery(Period(MIDNIGHT, second + DAY), "day", "UTC", (), ())
    rows = query_usage(memory_engine, meter_key="daily", query=query, customer_ids=[customer.id])
    assert [row.value for row in rows] == [7, 3]


def test_only_what_can_be_of_one_event_is_counted_so():
    with pytest.raises(InvalidRequest):
        metering.meter("average", newest_within="day")
    with pytest.raises(InvalidRequest):
        metering.meter("count", may_fall=True)
