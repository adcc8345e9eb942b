"""Events as they arrive: their time, and what tells them apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    EventTooEarly,
    EventTooLate,
    InvalidQuantity,
    InvalidRequest,
    UnsupportedByMeter,
)
from billing_sdk.server.domain.metering import Intake, Meter, UsageEvent, received
from billing_sdk.server.storage.usage_stores import fingerprint_of
from billing_sdk.server.usecases.incoming_events import IncomingEvent

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def meter(aggregation="sum", **fields):
    path = None if aggregation == "count" else "$.value"
    return Meter(f"meter_{aggregation}", aggregation, "Tokens", "tokens", aggregation, NOON, path, **fields)


def incoming(time=None, data=None, **fields):
    given = {"source": "/app", "id": "1", "type": "tokens", "subject": "customer_1", **fields}
    return IncomingEvent(**given, time=time, data={"value": 5} if data is None else data)


def arrived(event, *meters):
    intake = Intake.of(meters or (meter(),))
    return received(event, intake, intake.span(NOON), NOON)


def test_an_event_without_a_time_counts_when_it_arrives():
    found = arrived(incoming())
    assert (found.event.time, found.event.counted_at, found.event.recorded_at) == (NOON, NOON, NOON)
    assert [one.value for one in found.measured] == [Decimal(5)]


def test_an_event_counts_at_its_time_in_utc():
    found = arrived(incoming(datetime(2026, 1, 31, 13, 30, tzinfo=timezone(2 * HOUR))))
    assert found.event.counted_at == NOON - HOUR / 2
    assert found.event.counted_at.tzinfo is UTC


def test_each_meter_of_the_type_reads_what_it_counts():
    found = arrived(incoming(), meter(), meter("count"), meter("maximum"))
    assert [one.value for one in found.measured] == [Decimal(5), None, Decimal(5)]


@pytest.mark.attack(142)
@pytest.mark.parametrize(
    ("seconds", "refused"), [(300, None), (301, EventTooEarly), (-3_600, None), (-3_601, EventTooLate)]
)
def test_an_event_may_be_as_early_and_as_late_as_its_meter_allows_and_no_more(seconds, refused):
    event, hourly = incoming(NOON + timedelta(seconds=seconds)), meter(late_seconds=3_600)
    if refused is None:
        assert arrived(event, hourly).event.time == event.time
    else:
        with pytest.raises(refused):
            arrived(event, hourly)


def test_of_several_meters_the_strictest_decides():
    intake = Intake.of([meter(late_seconds=60), meter("count", early_seconds=0), meter("maximum", late_seconds=120)])
    assert (intake.early_seconds, intake.late_seconds) == (0, 60)


@pytest.mark.attack(142)
@pytest.mark.parametrize("late_seconds", [None, 10**12])
def test_no_event_is_from_before_2000(late_seconds):
    with pytest.raises(EventTooLate):
        arrived(incoming(datetime(1999, 12, 31, 23, 59, tzinfo=UTC)), meter(late_seconds=late_seconds))


@pytest.mark.attack(142)
@pytest.mark.parametrize(
    "time",
    [
        datetime(1, 1, 1, tzinfo=timezone(HOUR)),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-HOUR)),
    ],
)
def test_a_time_that_does_not_exist_in_utc_is_refused(time):
    with pytest.raises(InvalidRequest, match="does not exist"):
        arrived(incoming(time))


@pytest.mark.attack(140)
@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "Infinity",
        "-1",
        -1,
        True,
        "1e3",
        Decimal("1E+999"),
        "١٢٣",
        "1_000",
        " 12 ",
        "",
        None,
        [],
        {},
        10**20,
        "0.1234567890123",
    ],
)
def test_a_value_that_is_no_plain_number_of_zero_or_more_is_refused(value):
    with pytest.raises(InvalidQuantity):
        arrived(incoming(data={"value": value}))


@pytest.mark.attack(149)
@pytest.mark.parametrize("attribute", ["source", "id", "subject"])
@pytest.mark.parametrize("text", ["a\x1b[31m", "a\r\nb", "\u202eevil", "\x7f"])
def test_names_are_of_printable_characters(attribute, text):
    with pytest.raises(InvalidRequest) as refused:
        arrived(incoming(**{attribute: text}))
    assert refused.value.facts["parameter"] == attribute


def test_only_meters_that_add_up_can_be_told_a_total():
    Intake.of([meter()]).require_kind("absolute")
    Intake.of([meter("maximum")]).require_kind("delta")
    with pytest.raises(UnsupportedByMeter):
        Intake.of([meter(), meter("maximum")]).require_kind("absolute")


SAID = UsageEvent(
    "app",
    "1",
    "tokens",
    "customer_1",
    NOON,
    NOON,
    NOON,
    {"a": 1, "b": {"c": "x", "d": Decimal("1.50")}},
    "delta",
)


@pytest.mark.attack(139)
@pytest.mark.parametrize(
    "change",
    [
        {"type": "calls"},
        {"subject": "customer_2"},
        {"is_timed": False},
        {"kind": "absolute"},
        {"time": NOON + timedelta(microseconds=1)},
        {"data": {}},
        {"data": {"a": "1", "b": {"c": "x", "d": Decimal("1.50")}}},
        {"data": {"a": 1, "b": {"c": "x", "d": "1.50"}}},
    ],
)
def test_whatever_else_an_event_says_has_another_fingerprint(change):
    assert fingerprint_of(SAID._replace(**change)) != fingerprint_of(SAID)


def test_the_order_of_members_and_the_offset_of_the_time_change_nothing():
    turned = SAID._replace(data={"b": {"d": Decimal("1.50"), "c": "x"}, "a": 1})
    assert fingerprint_of(turned) == fingerprint_of(SAID)
    eastern = NOON.astimezone(timezone(HOUR))
    assert fingerprint_of(arrived(incoming(eastern)).event) == fingerprint_of(arrived(incoming(NOON)).event)


def test_an_event_without_a_time_is_the_same_when_it_is_sent_again_later():
    intake = Intake.of([meter()])
    first, again = (received(incoming(), intake, intake.span(at), at) for at in (NOON, NOON + HOUR))
    assert fingerprint_of(first.event) == fingerprint_of(again.event)
