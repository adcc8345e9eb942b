"""Schedules: where the boundaries between periods lie."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from billing_sdk.errors import InvalidCadence, InvalidZone
from billing_sdk.server.domain.periods import Cadence, Period, Schedule, periods_completed, periods_started
from tests.unit.domain.things import at

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
)
CADENCES = st.one_of(
    st.builds(Cadence, st.just("day"), st.integers(1, 100)),
    st.builds(Cadence, st.just("week"), st.integers(1, 60)),
    st.builds(Cadence, st.just("month"), st.integers(1, 30)),
    st.builds(Cadence, st.just("year"), st.integers(1, 10)),
)
INSTANTS = st.integers(0, 30 * 365 * 86_400).map(lambda seconds: at("2000-01-01") + timedelta(seconds=seconds))
SCHEDULES = st.builds(Schedule, INSTANTS, CADENCES, st.sampled_from(ZONES))


def days_of(schedule: Schedule, first: int, count: int) -> list[str]:
    zone = ZoneInfo(schedule.zone)
    return [f"{schedule.boundary(index).astimezone(zone):%Y-%m-%d}" for index in range(first, first + count)]


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.attack(186)
@pytest.mark.parametrize(
    ("anchor", "cadence", "boundaries"),
    [
        ("2026-01-31", "month", "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31"),
        ("2028-01-31", "month", "2028-01-31 2028-02-29 2028-03-31 2028-04-30 2028-05-31"),
        ("2026-01-30", "month", "2026-01-30 2026-02-28 2026-03-30 2026-04-30 2026-05-30"),
        ("2026-01-29", "month", "2026-01-29 2026-02-28 2026-03-29 2026-04-29 2026-05-29"),
        ("2026-01-28", "month", "2026-01-28 2026-02-28 2026-03-28 2026-04-28 2026-05-28"),
        ("2025-08-31", "3 months", "2025-08-31 2025-11-30 2026-02-28 2026-05-31 2026-08-31"),
        ("2024-02-29", "year", "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29"),
        ("2024-02-29", "4 years", "2024-02-29 2028-02-29 2032-02-29 2036-02-29 2040-02-29"),
        ("2096-02-29", "4 years", "2096-02-29 2100-02-28 2104-02-29 2108-02-29 2112-02-29"),
        ("2026-12-31", "2 months", "2026-12-31 2027-02-28 2027-04-30 2027-06-30 2027-08-31"),
        ("2026-01-31", "week", "2026-01-31 2026-02-07 2026-02-14 2026-02-21 2026-02-28"),
        ("2028-02-15", "2 weeks", "2028-02-15 2028-02-29 2028-03-14 2028-03-28 2028-04-11"),
        ("2027-12-30", "day", "2027-12-30 2027-12-31 2028-01-01 2028-01-02 2028-01-03"),
        ("2028-02-01", "30 days", "2028-02-01 2028-03-02 2028-04-01 2028-05-01 2028-05-31"),
    ],
)
def test_boundaries_are_counted_from_the_anchor_so_what_is_clamped_comes_back(anchor, cadence, boundaries):
    schedule = Schedule(at(anchor), Cadence.from_text(cadence))

    assert days_of(schedule, 0, 5) == boundaries.split()


def test_boundaries_lie_before_the_anchor_too():
    assert days_of(Schedule(at("2026-03-31"), Cadence("month")), -3, 3) == ["2025-12-31", "2026-01-31", "2026-02-28"]


def test_thirty_days_are_no_month():
    """Stripe documentation, hybrid pricing plans: a test clock that is advanced by 2592000 seconds."""
    start = datetime.fromtimestamp(1_577_836_800, UTC)

    assert Schedule(start, Cadence("day", 30)).boundary(1) == datetime.fromtimestamp(1_580_428_800, UTC)
    assert Schedule(start, Cadence("month")).boundary(1) == datetime.fromtimestamp(1_580_428_800, UTC) + timedelta(1)


@pytest.mark.attack(187)
@pytest.mark.parametrize(
    ("zone", "anchor", "cadence", "second"),
    [
        # The wall clock stays: 23 and 25 hours lie between.
        ("Europe/Berlin", "2026-03-28T12:00", "day", "2026-03-29T12:00"),
        ("Europe/Berlin", "2026-10-24T12:00", "day", "2026-10-25T12:00"),
        ("America/New_York", "2026-02-08T09:00", "month", "2026-03-08T09:00"),
        # Half past two does not exist on the day when the clock goes from two to three: an hour later it is.
        ("Europe/Berlin", "2026-03-28T02:30", "day", "2026-03-29T03:30"),
        ("Europe/Berlin", "2026-01-29T02:30", "2 months", "2026-03-29T03:30"),
        # Midnight does not exist: the day begins at one.
        ("Asia/Beirut", "2026-03-22T00:00", "week", "2026-03-29T01:00"),
        # A clock that goes forward by half an hour.
        ("Australia/Lord_Howe", "2026-10-03T02:15", "day", "2026-10-04T02:45"),
        ("Asia/Kathmandu", "2026-01-31T23:59", "month", "2026-02-28T23:59"),
        ("Pacific/Chatham", "2026-08-27T02:50", "month", "2026-09-27T03:50"),
    ],
)
def test_the_clock_on_the_wall_shows_the_same_at_each_boundary(zone, anchor, cadence, second):
    schedule = Schedule(local(anchor, zone), Cadence.from_text(cadence), zone)

    assert schedule.boundary(1) == local(second, zone)


@pytest.mark.attack(187)
def test_of_an_hour_that_comes_twice_the_first_counts():
    schedule = Schedule(local("2026-10-24T02:30", "Europe/Berlin"), Cadence("day"), "Europe/Berlin")

    assert schedule.boundary(1) == at("2026-10-25", "00:30:00")


def test_an_anchor_in_the_second_of_two_hours_stays_where_it_is():
    schedule = Schedule(at("2026-10-25", "01:30:00"), Cadence("day"), "Europe/Berlin")

    assert schedule.boundary(0) == at("2026-10-25", "01:30:00")
    assert schedule.boundary(1) == at("2026-10-26", "01:30:00")


@pytest.mark.attack(187)
def test_a_day_that_a_zone_has_skipped_is_no_day():
    """Samoa went from 29 to 31 December 2011."""
    schedule = Schedule(local("2011-12-27T00:00", "Pacific/Apia"), Cadence("day"), "Pacific/Apia")

    assert days_of(schedule, 0, 6) == [
        "2011-12-27",
        "2011-12-28",
        "2011-12-29",
        "2011-12-31",
        "2012-01-01",
        "2012-01-02",
    ]
    assert days_of(Schedule(schedule.boundary(5), Cadence("day"), "Pacific/Apia"), -5, 2) == [
        "2011-12-27",
        "2011-12-28",
    ]


@pytest.mark.parametrize(
    "name",
    ["Mars/Olympus", "", "America", "../../etc/passwd", "/etc/passwd", "Europe/Berlin\0", "localtime", "right/UTC"],
)
def test_a_time_zone_that_nobody_knows_is_refused(name):
    with pytest.raises(InvalidZone, match="no time zone"):
        Schedule(at("2026-01-01"), Cadence("month"), name)


@pytest.mark.parametrize("index", [2, 10**9, -(10**9)])
def test_the_calendar_ends_with_the_year_9999(index):
    with pytest.raises(InvalidCadence, match="the calendar has no"):
        Schedule(at("9999-12-01"), Cadence("month"), "America/New_York").boundary(index)


@given(schedule=SCHEDULES, index=st.integers(-60, 60))
def test_boundaries_strictly_increase(schedule, index):
    boundaries = [schedule.boundary(index + step) for step in range(4)]

    assert all(earlier < later for earlier, later in pairwise(boundaries))


@pytest.mark.attack(188)
@given(schedule=SCHEDULES, now=INSTANTS)
def test_every_instant_is_in_exactly_one_period_and_periods_touch(schedule, now):
    period = schedule.period_at(now)
    index = schedule.index_at(now)

    assert period.contains(now)
    assert (period.start, period.end) == (schedule.boundary(index), schedule.boundary(index + 1))
    assert schedule.period_at(period.end).start == period.end
    assert schedule.period_at(period.end - timedelta(microseconds=1)) == period


@given(schedule=SCHEDULES, now=INSTANTS)
def test_the_boundaries_after_an_instant_are_those_that_follow(schedule, now):
    index = schedule.index_at(now)

    assert list(islice(schedule.boundaries_after(now), 3)) == [schedule.boundary(index + step) for step in (1, 2, 3)]


@given(schedule=SCHEDULES, now=INSTANTS, days=st.lists(st.integers(0, 400), min_size=1, max_size=4))
def test_whoever_looks_often_sees_each_period_start_and_end_once(schedule, now, days):
    looks = [now]
    for step in days:
        looks.append(looks[-1] + timedelta(days=step))
    started = [period for a, b in pairwise(looks) for period in periods_started(schedule, a, b)]
    completed = [period for a, b in pairwise(looks) for period in periods_completed(schedule, a, b)]

    assert started == list(periods_started(schedule, looks[0], looks[-1]))
    assert completed == list(periods_completed(schedule, looks[0], looks[-1]))
    assert [period.start for period in started] == [period.end for period in completed]


@pytest.mark.parametrize("text", ["day", "week", "month", "year", "2 days", "521 weeks", "120 months", "10 years"])
def test_a_cadence_is_written_as_it_is_read(text):
    assert str(Cadence.from_text(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "monthly",
        "0 months",
        "-1 months",
        "1.5 months",
        "121 months",
        "11 years",
        "522 weeks",
        "3653 days",
        "٣ days",
    ],
)
def test_what_is_no_cadence_is_refused(text):
    with pytest.raises(InvalidCadence):
        Cadence.from_text(text)


@pytest.mark.parametrize(("unit", "count"), [("month", 0), ("month", -3), ("month", True), ("hour", 1), ("month", 1.5)])
def test_a_cadence_is_a_whole_number_of_known_units(unit, count):
    with pytest.raises(InvalidCadence):
        Cadence(unit, count)


@pytest.mark.parametrize(
    ("service", "billing", "is_longer"),
    [
        ("month", "month", False),
        ("week", "month", False),
        ("month", "week", True),
        ("5 months", "year", False),
        ("12 months", "year", False),
        ("13 months", "year", True),
        ("year", "3 months", True),
        ("4 weeks", "month", False),
        ("28 days", "month", False),
        ("29 days", "month", True),  # longer than February
        ("month", "4 weeks", True),  # March is longer
        ("month", "31 days", False),
        ("month", "30 days", True),
        ("year", "365 days", True),
        ("year", "366 days", False),
        ("2 weeks", "14 days", False),
        ("15 days", "2 weeks", True),
        ("89 days", "3 months", False),
        ("90 days", "3 months", True),
    ],
)
def test_one_cadence_is_longer_than_another_where_it_can_be(service, billing, is_longer):
    assert Cadence.from_text(service).is_longer_than(Cadence.from_text(billing)) is is_longer


def test_a_period_is_cut_by_another_and_split_at_an_instant():
    january = Period(at("2026-01-01"), at("2026-02-01"))

    assert january.within(Period(at("2026-01-20"), at("2026-03-01"))) == Period(at("2026-01-20"), at("2026-02-01"))
    assert january.within(Period(at("2026-02-01"), at("2026-03-01"))) is None
    assert january.split(at("2026-01-10")) == (
        Period(at("2026-01-01"), at("2026-01-10")),
        Period(at("2026-01-10"), at("2026-02-01")),
    )
    assert january.split(january.start) == january.split(at("2027-01-01")) == (january,)
