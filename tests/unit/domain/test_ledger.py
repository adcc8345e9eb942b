"""The books: entries that balance, revenue that is earned month by month, and the tables that are read from them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from billing_sdk.money import Money
from billing_sdk.server.domain.ledger import (
    ACCOUNTS,
    AccountMonth,
    JournalEntry,
    Posting,
    UnbalancedEntry,
    mirrored,
    postings_of,
    revenue_tables,
    straight_line,
    trial_balances,
)
from billing_sdk.server.domain.periods import Period
from tests.unit.domain.things import at

TICK = timedelta(microseconds=1)
NOON = at("2025-04-01", "12:00:00")


def entry(*postings: Posting, on: date = date(2025, 4, 1)) -> JournalEntry:
    return JournalEntry("issue", on, NOON, "customer_1", "USD", postings)


def earned(minor: int, start: str, end: str) -> dict[str, int]:
    return {str(day): share for day, share in straight_line(Money(minor, "USD"), Period(at(start), at(end)))}


@pytest.mark.parametrize(
    "postings",
    [
        (),
        (Posting("cash", 1),),
        (Posting("cash", 100), Posting("revenue", -99)),
        (Posting("cash", 100), Posting("revenue", 0), Posting("receivable", -100)),
        (Posting("cash", 100), Posting("cash", -100)),
    ],
)
def test_an_entry_that_does_not_balance_can_not_be_made(postings):
    with pytest.raises(UnbalancedEntry):
        entry(*postings)


def test_amounts_that_come_to_nothing_make_no_postings():
    assert postings_of({"cash": 100, "revenue": 0, "receivable": -100}) == (
        Posting("cash", 100),
        Posting("receivable", -100),
    )
    assert entry(Posting("cash", 100), Posting("receivable", -100)).amount_of("revenue") == 0


def test_what_is_done_is_undone_at_once_and_what_lies_ahead_on_its_own_day():
    done, ahead = (
        entry(Posting("receivable", 100), Posting("revenue", -100), on=date(2025, 4, day)) for day in (1, 30)
    )
    void = at("2025-04-10")

    assert mirrored(done, kind="void", at=void) == JournalEntry(
        "void",
        date(2025, 4, 10),
        void,
        "customer_1",
        "USD",
        (Posting("receivable", -100), Posting("revenue", 100)),
    )
    assert mirrored(ahead, kind="void", at=void).on == date(2025, 4, 30)


@pytest.mark.parametrize(
    ("minor", "start", "end", "expected"),
    [
        (3_100, "2025-01-01", "2025-02-01", {"2025-01-31": 3_100}),
        (3_100, "2025-01-16", "2025-02-16", {"2025-01-31": 1_600, "2025-02-15": 1_500}),
        (100, "2025-01-01", "2025-04-01", {"2025-01-31": 35, "2025-02-28": 31, "2025-03-31": 34}),
        (-100, "2025-01-01", "2025-04-01", {"2025-01-31": -35, "2025-02-28": -31, "2025-03-31": -34}),
        (1, "2025-01-31", "2025-03-01", {"2025-02-28": 1}),
        (0, "2025-01-31", "2025-03-01", {}),
        (500, "2025-01-10", "2025-01-20", {"2025-01-19": 500}),
        (500, "2025-01-10", "2025-01-10", {"2025-01-10": 500}),
        (36_600, "2024-12-01", "2025-12-02", {"2024-12-31": 3_100, "2025-12-01": 100}),
    ],
)
def test_a_fee_is_earned_by_the_second_and_month_by_month(minor, start, end, expected):
    found = earned(minor, start, end)

    assert expected.items() <= found.items()
    assert sum(found.values()) == minor


def test_months_are_those_of_utc_whatever_the_zone_of_the_period():
    new_york = datetime.fromisoformat("2025-01-31T20:00:00-05:00")

    assert straight_line(Money(100, "USD"), Period(new_york, new_york + timedelta(hours=1))) == (
        (date(2025, 2, 1), 100),
    )


@given(
    minor=st.integers(-(10**12), 10**12),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - with a zone
    length=st.timedeltas(timedelta(0), timedelta(days=1_200)),
)
def test_what_is_earned_by_month_keeps_the_sum_and_follows_time(minor, start, length):
    period = Period(start, start + length)
    shares = straight_line(Money(minor, "USD"), period)

    assert sum(share for _, share in shares) == minor
    days = [day for day, _ in shares]
    assert days == sorted(set(days))
    assert all(period.start.date() <= day <= period.end.date() for day in days)
    for day, share in shares:
        first, last = day.replace(day=1), day + timedelta(days=1)
        month = Period(
            datetime(first.year, first.month, 1, tzinfo=UTC), datetime(last.year, last.month, last.day, tzinfo=UTC)
        )
        part = period.within(month)
        exact = minor * Fraction((part.end - part.start) // TICK, length // TICK) if part else minor
        assert abs(share - exact) <= 1


def test_a_table_shows_each_account_as_it_has_grown_by_month():
    found = [
        AccountMonth((2024, 12), "unbilled_receivable", "USD", 40),
        AccountMonth((2024, 12), "revenue", "USD", -40),
        AccountMonth((2025, 2), "unbilled_receivable", "USD", -40),
        AccountMonth((2025, 2), "receivable", "USD", 40),
        AccountMonth((2025, 2), "cash", "EUR", 7),
        AccountMonth((2025, 2), "receivable", "EUR", -7),
    ]
    euros, dollars = revenue_tables(found)

    assert dollars.months == ((2024, 12), (2025, 1), (2025, 2))
    assert [(row.account, row.changes_minor, row.total_minor) for row in dollars.rows] == [
        ("revenue", (40, 0, 0), 40),
        ("unbilled_receivable", (40, 0, -40), 0),
        ("receivable", (0, 0, 40), 40),
    ]
    assert dollars.row("cash").changes_minor == (0, 0, 0)
    assert (euros.currency, euros.months, euros.row("cash").total_minor) == ("EUR", ((2025, 2),), 7)


def test_a_table_of_some_months_leaves_out_the_others_and_shows_empty_ones():
    found = [AccountMonth((2025, month), "revenue", "USD", -month) for month in (1, 2, 3)]
    (table,) = revenue_tables(found, first=(2025, 3), last=(2025, 5))

    assert table.months == ((2025, 3), (2025, 4), (2025, 5))
    assert table.row("revenue").changes_minor == (3, 0, 0)
    assert revenue_tables(found, first=(2026, 1)) == ()


def test_both_sides_of_a_trial_balance_come_to_the_same():
    found = [
        AccountMonth((2025, 1), "receivable", "USD", 100),
        AccountMonth((2025, 1), "revenue", "USD", -60),
        AccountMonth((2025, 2), "deferred_revenue", "USD", -40),
        AccountMonth((2025, 2), "cash", "USD", 5),
        AccountMonth((2025, 3), "cash", "USD", -5),
    ]
    (balance,) = trial_balances(found)

    assert balance.debits_minor == (("receivable", 100),)
    assert balance.credits_minor == (("revenue", 60), ("deferred_revenue", 40))
    assert balance.total_minor == sum(amount for _, amount in balance.credits_minor) == 100


def test_every_account_grows_on_one_side():
    assert set(ACCOUNTS.values()) == {"debit", "credit"}
