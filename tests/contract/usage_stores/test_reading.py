"""Events are found by when they count, of what type they are and whose, in the order of their arrival."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.metering import Correction
from billing_sdk.server.domain.periods import Period
from tests.metering import DAY, NOON, event, measured, meter

TOKENS = meter()
MORNING = Period(DAY, NOON)
HOUR = timedelta(hours=1)


@pytest.fixture
def log(store):
    """A log with events of two subjects, the last of which counts first."""
    sent = [
        event("1", 1, at=NOON),
        event("2", 2, at=NOON - HOUR, subject="customer_2"),
        event("3", 3, at=NOON - HOUR, type="reports"),
        event("4", 4, at=DAY - 40 * HOUR),
        event("5", 5, at=DAY + 40 * HOUR, subject="customer_2", model="large"),
    ]
    with store.begin() as opened:
        opened.append(measured(sent, [TOKENS]), [TOKENS])
        yield opened


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, "12345"),
        ({"window": MORNING}, "23"),
        ({"types": ["tokens"]}, "1245"),
        ({"types": ["nothing"]}, ""),
        ({"subjects": ["customer_2"]}, "25"),
        ({"subjects": ["customer_1", "customer_2"], "window": MORNING, "types": ["tokens"]}, "2"),
        ({"subjects": ["nobody"]}, ""),
        ({"subjects": []}, ""),
        ({"limit": 2}, "12"),
        ({"subjects": ["customer_1"], "limit": 2}, "13"),
    ],
)
def test_events_come_in_the_order_of_their_arrival(log, asked, ids):
    assert "".join(one.event.id for one in log.events(**asked)) == ids


def test_reading_goes_on_after_a_number(log):
    second = list(log.events())[1]

    assert [one.event.id for one in log.events(after=second.number)] == ["3", "4", "5"]
    mine = log.events(after=second.number, subjects=["customer_2"])
    assert [one.event.id for one in mine] == ["5"]


def test_what_was_never_recorded_is_not_found(log):
    assert (log.find("app", "6"), log.find("elsewhere", "1")) == (None, None)
    with pytest.raises(NotFound, match="no event 6"):
        log.correct(Correction("app", "6", None, "a mistake", "test", NOON), [TOKENS])


def test_what_came_before_an_instant_is_one_bucket_for_each_series(log):
    assert {(one.series.subject, one.bucket.total) for one in log.before(TOKENS, NOON)} == {
        ("customer_1", 4),
        ("customer_2", 2),
    }
    assert log.before(TOKENS, NOON, subjects=["customer_2"])[0].hour == NOON - HOUR
    assert log.before(TOKENS, DAY - 400 * HOUR) == []


def test_hours_are_those_that_overlap_the_window(log):
    found = log.hours(TOKENS, Period(NOON - HOUR / 2, NOON + HOUR / 2))

    assert [(one.series.subject, one.hour) for one in found] == [("customer_2", NOON - HOUR), ("customer_1", NOON)]
    assert log.hours(TOKENS, MORNING, subjects=["customer_1"]) == []
    assert log.hours(meter("count"), MORNING) == []
