"""Billing cadences: which instants they come back on.

Sources: Stripe API reference, Create a billing cadence; Stripe documentation, "How advanced usage-based billing works".
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time
from itertools import pairwise

import pytest

from billing_sdk.errors import (
    CadenceCanceled,
    CadenceMismatch,
    InvalidBillingCycle,
    InvalidRequest,
    MonthNotSupported,
)
from billing_sdk.server.domain.agreements import BillingCadence, BillingCycle
from billing_sdk.server.domain.collection import BUILT_IN, BillTerms, CollectionTerms, as_cadence_bills
from billing_sdk.server.domain.periods import Cadence, Duration, Schedule, periods_completed

MADE_AT = datetime(2026, 11, 30, 9, 30, 15, 250_000, tzinfo=UTC)  # a Monday


def days(cycle, count, at=MADE_AT):
    schedule = Schedule(cycle.anchor(at), cycle.cadence, "UTC")
    dates = schedule.boundaries_after(at)
    return [f"{next(dates):%Y-%m-%d %H:%M:%S}" for _ in range(count)]


@pytest.mark.parametrize(
    ("cycle", "expected"),
    [
        # What is not named is that of the moment of creation, without the fraction of its second.
        (BillingCycle(Cadence("day")), ["2026-12-01 09:30:15", "2026-12-02 09:30:15"]),
        (BillingCycle(Cadence("week")), ["2026-12-07 09:30:15", "2026-12-14 09:30:15"]),
        (BillingCycle(Cadence("month")), ["2026-12-30 09:30:15", "2027-01-30 09:30:15", "2027-02-28 09:30:15"]),
        (BillingCycle(Cadence("month", 5)), ["2027-04-30 09:30:15", "2027-09-30 09:30:15"]),
        (BillingCycle(Cadence("year")), ["2027-11-30 09:30:15", "2028-11-30 09:30:15"]),
        # Days are numbered as ISO 8601 numbers them.
        (BillingCycle(Cadence("week"), day_of_week=7), ["2026-12-06 09:30:15"]),
        (BillingCycle(Cadence("week", 2), day_of_week=2), ["2026-12-08 09:30:15"]),
        # A time that is still to come today is the first boundary.
        (BillingCycle(Cadence("day"), time=time(18)), ["2026-11-30 18:00:00", "2026-12-01 18:00:00"]),
        (BillingCycle(Cadence("day"), time=time(0)), ["2026-12-01 00:00:00"]),
        (BillingCycle(Cadence("week"), day_of_week=1, time=time(23, 59, 59)), ["2026-11-30 23:59:59"]),
        # The last day of a short month stands in for the 31st, which comes back.
        (
            BillingCycle(Cadence("month"), day_of_month=31, time=time(0)),
            ["2026-12-31 00:00:00", "2027-01-31 00:00:00", "2027-02-28 00:00:00", "2027-03-31 00:00:00"],
        ),
        (BillingCycle(Cadence("month"), day_of_month=1), ["2026-12-01 09:30:15"]),
        # A month can be named where the cycle comes back in the same ones every year.
        (BillingCycle(Cadence("month", 3), day_of_month=15, month_of_year=1), ["2027-01-15 09:30:15"]),
        (BillingCycle(Cadence("month", 6), day_of_month=1, month_of_year=3), ["2027-03-01 09:30:15"]),
        (BillingCycle(Cadence("month", 3)), ["2027-02-28 09:30:15", "2027-05-30 09:30:15"]),
        (BillingCycle(Cadence("year"), day_of_month=31, month_of_year=3), ["2027-03-31 09:30:15"]),
        (
            BillingCycle(Cadence("year"), day_of_month=29, month_of_year=2),
            ["2027-02-28 09:30:15", "2028-02-29 09:30:15"],
        ),
    ],
    ids=str,
)
def test_a_cycle_comes_back_on_the_days_that_were_named(cycle, expected):
    assert days(cycle, len(expected)) == expected


@pytest.mark.parametrize(
    ("unit", "named", "error"),
    [
        ("day", {"day_of_week": 1}, InvalidBillingCycle),
        ("day", {"day_of_month": 1}, InvalidBillingCycle),
        ("week", {"day_of_month": 1}, InvalidBillingCycle),
        ("week", {"day_of_week": 0}, InvalidBillingCycle),
        ("week", {"day_of_week": 8}, InvalidBillingCycle),
        ("month", {"day_of_week": 1}, InvalidBillingCycle),
        ("month", {"day_of_month": 0}, InvalidBillingCycle),
        ("month", {"day_of_month": 32}, InvalidBillingCycle),
        ("month", {"month_of_year": 1}, MonthNotSupported),
        ("year", {"month_of_year": 13}, InvalidBillingCycle),
        ("year", {"month_of_year": 2, "day_of_month": 30}, InvalidBillingCycle),
        ("year", {"month_of_year": 4, "day_of_month": 31}, InvalidBillingCycle),
    ],
)
def test_a_cycle_without_such_days_is_refused(unit, named, error):
    with pytest.raises(error):
        BillingCycle(Cadence(unit), **named)


@pytest.mark.parametrize("count", [1, 5, 7, 8, 9, 12])
def test_no_month_is_named_for_months_that_are_others_every_year(count):
    with pytest.raises(MonthNotSupported):
        BillingCycle(Cadence("month", count), month_of_year=1)


def test_five_months_on_a_year_are_two_intervals_on_most_invoices_and_three_on_one():
    """The worked example: annual on 31 March, with a service interval of five months from the same anchor."""
    begin = datetime(2025, 3, 31, tzinfo=UTC)
    anchor = BillingCycle(Cadence("year"), day_of_month=31, month_of_year=3, time=time(0)).anchor(begin)
    service, bills = Schedule(anchor, Cadence("month", 5)), Schedule(anchor, Cadence("year"))
    dates = [bills.boundary(index) for index in range(5)]
    completed = Counter(
        {date.year: len(list(periods_completed(service, last, date))) for last, date in pairwise(dates)}
    )
    assert completed == {2026: 2, 2027: 2, 2028: 3, 2029: 2}


def cadence(**changes) -> BillingCadence:
    cycle = BillingCycle(Cadence("month", 3))
    given = {"lookup_key": None, "metadata": {}, **changes}
    return BillingCadence("cadence_1", "customer_1", cycle.cadence, cycle.anchor(MADE_AT), MADE_AT, "payer_1", **given)


def test_a_cadence_knows_when_it_is_billed_next_until_it_is_canceled():
    one = cadence()
    assert one.next_billing_at(MADE_AT) == datetime(2027, 2, 28, 9, 30, 15, tzinfo=UTC)
    canceled = one.canceled(MADE_AT)
    assert (canceled.status, canceled.canceled_at, canceled.next_billing_at(MADE_AT)) == ("canceled", MADE_AT, None)
    with pytest.raises(CadenceCanceled):
        canceled.canceled(MADE_AT)


def test_nobody_is_billed_by_the_cadence_of_another_customer_or_by_one_that_is_canceled():
    cadence().check("customer_1")
    with pytest.raises(CadenceMismatch):
        cadence().check("customer_2")
    with pytest.raises(CadenceCanceled):
        cadence().canceled(MADE_AT).check("customer_1")


def test_labels_out_of_their_bounds_are_refused():
    with pytest.raises(InvalidRequest):
        cadence(lookup_key="x" * 201)
    with pytest.raises(InvalidRequest):
        cadence(metadata={"": "x"})


def test_the_settings_of_a_cadence_take_the_place_of_the_profile_of_its_customer():
    plain = as_cadence_bills(BUILT_IN)
    assert (plain.collection_method, plain.due_after, plain.is_consolidating) == (
        "charge_automatically",
        BUILT_IN.due_after,
        True,
    )
    sent = as_cadence_bills(
        BUILT_IN, BillTerms(is_tax_automatic=True, due_after=Cadence("week", 2)), CollectionTerms("send_invoice")
    )
    assert (sent.collection_method, sent.due_after, sent.tax.is_enabled) == ("send_invoice", Duration(weeks=2), True)
    assert not as_cadence_bills(sent, BillTerms(is_tax_automatic=False)).tax.is_enabled
