"""Agreements: their periods, and the one table of what can happen to them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from billing_sdk.errors import AgreementNotLive
from billing_sdk.server.domain.agreements import period_at
from tests.unit.domain.things import agreement, at

INSTANTS = st.integers(0, 15 * 365 * 86_400).map(lambda seconds: at("2020-01-01") + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-01-31", "2026-01-31", "2026-02-28"),
        ("2026-02-27", "2026-01-31", "2026-02-28"),
        ("2026-02-28", "2026-02-28", "2026-03-31"),
        ("2026-03-30", "2026-02-28", "2026-03-31"),
        ("2026-03-31", "2026-03-31", "2026-04-30"),
        ("2028-02-29", "2028-02-29", "2028-03-31"),
    ],
)
def test_a_31st_is_clamped_in_a_short_month_and_comes_back_in_a_long_one(now, start, end):
    period = period_at(at("2026-01-31"), "month", at(now))

    assert (period.start, period.end) == (at(start), at(end))


def test_a_leap_day_year_ends_on_the_28th():
    period = period_at(at("2028-02-29"), "year", at("2029-02-27"))

    assert (period.start, period.end) == (at("2028-02-29"), at("2029-02-28"))


@given(anchor=INSTANTS, days=st.integers(0, 5_000), interval=st.sampled_from(["month", "year"]))
def test_every_instant_is_in_exactly_one_period_and_periods_touch(anchor, days, interval):
    now = anchor + timedelta(days=days)
    period = period_at(anchor, interval, now)

    assert period.start <= now < period.end
    assert period_at(anchor, interval, period.end).start == period.end
    assert period_at(anchor, interval, period.end - timedelta(microseconds=1)) == period


def test_an_instant_on_the_boundary_belongs_to_the_period_that_begins():
    first = agreement(at("2026-01-15")).period_at(at("2026-02-15"))

    assert first.start == at("2026-02-15")


@pytest.mark.parametrize(("event", "status"), [("cancel", "cancelled"), ("replace", "replaced")])
def test_an_ended_agreement_keeps_when_and_why(event, status):
    ended = agreement().ended_by(event, at("2026-02-01"))

    assert (ended.status, ended.ended_at, ended.is_live) == (status, at("2026-02-01"), False)


@pytest.mark.parametrize("event", ["cancel", "replace"])
@pytest.mark.parametrize("first", ["cancel", "replace"])
def test_an_agreement_ends_once(first, event):
    ended = agreement().ended_by(first, at("2026-02-01"))

    with pytest.raises(AgreementNotLive, match=f"can't {event}"):
        ended.ended_by(event, at("2026-02-02"))
