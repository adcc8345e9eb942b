"""Alignment to the calendar, service intervals at a billing date, and the share that a part of a period is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from billing_sdk.errors import InvalidCadence, InvalidZone
from billing_sdk.server.domain.periods import (
    Cadence,
    Period,
    Schedule,
    calendar_anchor,
    fraction,
    periods_completed,
    periods_started,
)
from tests.unit.domain.test_periods import CADENCES, INSTANTS, ZONES
from tests.unit.domain.things import at

JANUARY = Period(at("2026-01-01"), at("2026-02-01"))


@pytest.mark.parametrize(
    ("now", "cadence", "days", "anchor"),
    [
        ("2026-02-15", "month", {}, "2026-02-01"),
        ("2026-02-01", "month", {}, "2026-02-01"),
        ("2026-02-15", "month", {"day_of_month": 20}, "2026-01-20"),
        # An anchor on a clamped day would forget what it was clamped from.
        ("2026-03-05", "month", {"day_of_month": 31}, "2026-01-31"),
        ("2026-05-05", "month", {"day_of_month": 31}, "2026-03-31"),
        ("2026-02-15", "3 months", {}, "2026-01-01"),
        ("2026-02-15", "3 months", {"month_of_year": 2}, "2026-02-01"),
        ("2026-01-15", "3 months", {"month_of_year": 2}, "2025-11-01"),
        ("2026-08-15", "6 months", {}, "2026-07-01"),
        ("2026-08-15", "5 months", {}, "2026-08-01"),
        ("2026-08-15", "year", {}, "2026-01-01"),
        ("2026-03-15", "year", {"month_of_year": 4, "day_of_month": 6}, "2025-04-06"),
        ("2026-03-15", "2 years", {"month_of_year": 2, "day_of_month": 29}, "2024-02-29"),
        ("2026-03-15", "year", {"month_of_year": 6, "day_of_month": 31}, "2025-06-30"),
        ("2026-11-26", "week", {}, "2026-11-23"),
        ("2026-11-23", "2 weeks", {}, "2026-11-23"),
        ("2026-11-26", "week", {"day_of_week": 7}, "2026-11-22"),
        ("2026-11-26", "day", {}, "2026-11-26"),
    ],
)
def test_a_calendar_anchor_is_the_latest_boundary_that_remembers_its_day(now, cadence, days, anchor):
    assert calendar_anchor(at(now), Cadence.from_text(cadence), "UTC", **days) == at(anchor)


def test_a_calendar_anchor_is_midnight_of_the_zone():
    anchor = calendar_anchor(at("2026-02-28", "20:00:00"), Cadence("month"), "Asia/Kathmandu")

    assert anchor == datetime(2026, 3, 1, tzinfo=ZoneInfo("Asia/Kathmandu")).astimezone(UTC)


def test_a_midnight_that_was_skipped_anchors_nothing():
    """In Brazil the clock went from midnight to one on 18 October 2015."""
    zone = ZoneInfo("America/Sao_Paulo")
    anchor = calendar_anchor(at("2015-11-01"), Cadence("month"), "America/Sao_Paulo", day_of_month=18)
    schedule = Schedule(anchor, Cadence("month"), "America/Sao_Paulo")

    assert [f"{schedule.boundary(index).astimezone(zone):%m-%d %H:%M}" for index in (0, 1, 2)] == [
        "09-18 00:00",
        "10-18 01:00",
        "11-18 00:00",
    ]


@pytest.mark.parametrize("days", [{"day_of_month": 0}, {"day_of_month": 32}, {"day_of_week": 8}, {"month_of_year": 13}])
def test_a_day_that_no_calendar_has_is_refused(days):
    with pytest.raises(InvalidCadence, match="is between 1 and"):
        calendar_anchor(at("2026-01-01"), Cadence("month"), "UTC", **days)


@given(now=INSTANTS, cadence=CADENCES, zone=st.sampled_from(ZONES), day=st.integers(1, 31))
def test_a_calendar_anchor_is_never_ahead(now, cadence, zone, day):
    assert calendar_anchor(now, cadence, zone, day_of_month=day) <= now


def months(periods: tuple[Period, ...]) -> int:
    return sum((p.end.year - p.start.year) * 12 + p.end.month - p.start.month for p in periods)


def test_stripe_billing_interval_and_service_interval_5_months_of_service_on_an_annual_billing_date():
    """Stripe documentation, "How advanced usage-based billing works", Service interval of 5 months: the invoice of
    31 March is for ten months of usage, the two intervals that have completed."""
    service = Schedule(at("2025-03-31"), Cadence("month", 5))
    completed = periods_completed(service, at("2025-03-31"), at("2026-03-31"))

    assert [(p.start, p.end) for p in completed] == [
        (at("2025-03-31"), at("2025-08-31")),
        (at("2025-08-31"), at("2026-01-31")),
    ]
    assert months(completed) == 10


def test_stripe_billing_interval_and_service_interval_from_2025_to_2029():
    """The same example, carried on: each interval is on one invoice, and its end is clamped to the month's."""
    service = Schedule(at("2025-03-31"), Cadence("month", 5))
    billing = Schedule(at("2025-03-31"), Cadence("year"))
    invoices = [periods_completed(service, billing.boundary(k - 1), billing.boundary(k)) for k in (1, 2, 3, 4)]

    assert [f"{p.end:%Y-%m-%d}" for invoice in invoices for p in invoice] == [
        "2025-08-31",
        "2026-01-31",
        "2026-06-30",
        "2026-11-30",
        "2027-04-30",
        "2027-09-30",
        "2028-02-29",
        "2028-07-31",
        "2028-12-31",
    ]
    assert [(len(invoice), months(invoice)) for invoice in invoices] == [(2, 10), (2, 10), (3, 15), (2, 10)]


def test_stripe_billing_interval_quarterly_usage_accrues_monthly_and_is_billed_every_3_months():
    """Stripe documentation, "How advanced usage-based billing works", Billing interval (cadence)."""
    service = Schedule(at("2026-01-31"), Cadence("month"))
    completed = periods_completed(service, at("2026-01-31"), at("2026-04-30"))

    assert [f"{p.end:%m-%d}" for p in completed] == ["02-28", "03-31", "04-30"]


def test_stripe_set_up_a_separate_billing_interval_weekly_service_on_a_monthly_billing_date():
    """Stripe documentation, "How advanced usage-based billing works": a week that is not over waits for the next."""
    service = Schedule(at("2026-01-01"), Cadence("week"))
    first, second = (
        periods_completed(service, at("2026-01-01"), at("2026-02-01")),
        periods_completed(service, at("2026-02-01"), at("2026-03-01")),
    )

    assert [f"{p.end:%m-%d}" for p in first] == ["01-08", "01-15", "01-22", "01-29"]
    assert [f"{p.end:%m-%d}" for p in second] == ["02-05", "02-12", "02-19", "02-26"]


@pytest.mark.attack(188)
def test_a_service_interval_that_starts_on_the_billing_date_has_started_with_it():
    service = Schedule(at("2026-01-31"), Cadence("month"))

    assert periods_started(service, at("2026-01-31"), at("2026-02-28")) == (Period(at("2026-02-28"), at("2026-03-31")),)


@pytest.mark.parametrize(
    ("start", "end", "by_day", "by_second"),
    [
        (("2026-01-01",), ("2026-02-01",), Fraction(1), Fraction(1)),
        (("2026-01-16",), ("2026-02-01",), Fraction(16, 31), Fraction(16, 31)),
        # The day of the change counts as used, whenever on that day it was.
        (("2026-01-16", "00:00:01"), ("2026-02-01",), Fraction(15, 31), Fraction(16 * 86_400 - 1, 31 * 86_400)),
        (("2026-01-16", "12:00:00"), ("2026-02-01",), Fraction(15, 31), Fraction(31, 62)),
        (("2026-01-16", "23:59:59"), ("2026-02-01",), Fraction(15, 31), Fraction(15 * 86_400 + 1, 31 * 86_400)),
        (("2026-01-31", "12:00:00"), ("2026-02-01",), Fraction(0), Fraction(1, 62)),
        (("2026-01-01",), ("2026-01-01", "00:00:01"), Fraction(1, 31), Fraction(1, 31 * 86_400)),
        (("2025-12-01",), ("2026-03-01",), Fraction(1), Fraction(1)),
        (("2026-02-01",), ("2026-03-01",), Fraction(0), Fraction(0)),
    ],
)
def test_a_part_is_a_share_by_days_or_by_seconds(start, end, by_day, by_second):
    part = Period(at(*start), at(*end))

    assert fraction(part, JANUARY, by="day", zone="UTC") == by_day
    assert fraction(part, JANUARY, by="second", zone="UTC") == by_second


def test_days_are_those_of_the_zone():
    part = Period(at("2026-01-15", "18:15:00"), at("2026-01-31", "18:15:00"))  # midnight in Nepal
    month = Period(at("2025-12-31", "18:15:00"), at("2026-01-31", "18:15:00"))

    assert fraction(part, month, by="day", zone="Asia/Kathmandu") == Fraction(16, 31)
    assert fraction(part, month, by="day", zone="UTC") == Fraction(15, 31)


@pytest.mark.attack(187)
def test_a_day_of_23_hours_is_a_day():
    day = Period(at("2026-03-28", "23:00:00"), at("2026-03-29", "22:00:00"))
    month = Period(at("2026-02-28", "23:00:00"), at("2026-03-31", "22:00:00"))

    assert fraction(day, month, by="day", zone="Europe/Berlin") == Fraction(1, 31)
    assert fraction(day, month, by="second", zone="UTC") == Fraction(23, 31 * 24 - 1)


def test_a_period_within_one_day_is_that_day():
    hour = Period(at("2026-01-16", "10:00:00"), at("2026-01-16", "11:00:00"))

    assert fraction(hour, hour, by="day", zone="UTC") == 1


def test_a_share_in_an_unknown_zone_is_refused():
    with pytest.raises(InvalidZone):
        fraction(Period(at("2026-01-02"), at("2026-01-03")), JANUARY, by="day", zone="Mars/Olympus")


@pytest.mark.attack(185)
@given(
    start=INSTANTS,
    cadence=CADENCES,
    zone=st.sampled_from(ZONES),
    cuts=st.lists(st.integers(0, 10**9), max_size=5),
    by=st.sampled_from(["day", "second"]),
)
def test_the_parts_of_a_period_come_to_one_however_it_is_split(start, cadence, zone, cuts, by):
    whole = Schedule(start, cadence, zone).period(0)
    step = (whole.end - whole.start) / 10**9
    points = [whole.start, *sorted(whole.start + step * cut for cut in cuts), whole.end]
    parts = [Period(a, b) for a, b in pairwise(points)]

    shares = [fraction(part, whole, by=by, zone=zone) for part in parts]

    assert sum(shares) == 1
    assert min(shares) >= 0


@given(now=INSTANTS, seconds=st.integers(0, 31 * 86_400), zone=st.sampled_from(ZONES))
def test_more_of_a_period_is_never_a_smaller_share(now, seconds, zone):
    whole = Schedule(now, Cadence("month"), zone).period(0)
    part = Period(whole.start, whole.start + timedelta(seconds=seconds))
    longer = Period(whole.start, part.end + timedelta(hours=1))

    assert fraction(part, whole, by="day", zone=zone) <= fraction(longer, whole, by="day", zone=zone)
