"""Another version of the plan takes over at a billing date: nothing used is billed twice, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.server.domain.catalog import Phase, PlanVersion
from billing_sdk.server.domain.invoicing import InForce, InvoiceLine, Used, lines_at_boundary, renewed
from billing_sdk.server.domain.periods import Cadence, Period
from billing_sdk.server.domain.rating import Usage
from tests.unit.domain.test_invoicing_boundary import contract, each, told
from tests.unit.domain.things import at, bill_boundary, fee, rate, version

YEAR, MONTH, WEEK = Cadence("year"), Cadence("month"), Cadence("week")


def measured(service: Cadence | None, *, cadence: Cadence, number: int = 1) -> PlanVersion:
    plan = version(replace(rate("1"), service=service))
    return replace(plan, id=f"version_{number}", number=number, cadence=cadence)


def walk(before: InForce, used: Used, versions: list[PlanVersion]) -> list[tuple[InvoiceLine, ...]]:
    """Return the lines of each renewal; a version takes over at each."""
    invoices: list[tuple[InvoiceLine, ...]] = []
    for following in versions:
        agreement = before.agreement
        taking_over = replace(before, agreement=renewed(agreement, following), version=following)
        invoices.append(
            bill_boundary(
                before,
                used,
                after=agreement.billed_period.start,
                at=agreement.billed_until,
                following=taking_over,
            )
        )
        before = taking_over
    return invoices


def by_the_hour(feature_key: str, period: Period) -> Usage:
    """One unit is used in every hour that begins in a period."""
    hour = timedelta(hours=1)
    first = -((at("2020-01-01") - period.start) // hour)
    last = -((at("2020-01-01") - period.end) // hour)
    return Usage(Decimal(last - first))


def test_what_was_used_before_a_version_takes_over_is_charged_at_the_old_prices():
    old, new = measured(Cadence("month", 5), cadence=YEAR), measured(MONTH, cadence=YEAR, number=2)

    first, second = walk(contract(old, "2025-03-31"), each("10"), [new, new])

    assert told(first)[-1] == "usage 2026-01-31/2026-03-31 10"
    assert first[-1].derivation["interval"] == {"start": "2026-01-31T00:00:00Z", "end": "2026-06-30T00:00:00Z"}
    assert told(second)[0] == "usage 2026-03-31/2026-04-30 10"


def test_an_interval_that_the_new_version_has_begun_before_it_is_billed_from_there_on():
    old, new = measured(WEEK, cadence=MONTH), measured(Cadence("day", 10), cadence=MONTH, number=2)

    first, second = walk(contract(old, "2026-01-01"), each("10"), [new, new])

    # The week from 29 January is cut on 1 February; ten days from 31 January have begun by then.
    assert told(first)[-1] == "usage 2026-01-29/2026-02-01 10"
    assert told(second)[0] == "usage 2026-02-01/2026-02-10 10"


def test_a_feature_that_is_priced_no_more_is_billed_for_the_last_time():
    launch = Phase("launch", "Launch", 1, (replace(rate("1"), service=WEEK),))
    plan = replace(version(fee(100)), opening_phases=(launch,))

    first, second = walk(contract(plan, "2026-01-01"), each("10"), [plan, plan])

    assert told(first)[-1] == "usage 2026-01-29/2026-02-01 10"
    assert told(second) == ["licence_fee 2026-03-01/2026-04-01 100"]


def test_a_week_in_which_a_phase_ends_is_billed_in_two_parts():
    launch = Phase("launch", "Launch", 1, (replace(rate("1"), service=WEEK),))
    plan = replace(version(replace(rate("2"), service=WEEK)), opening_phases=(launch,))

    first, second = walk(contract(plan, "2026-01-01"), each("10"), [plan, plan])

    assert told(first)[-1] == "usage 2026-01-29/2026-02-01 10"
    assert told(second)[0] == "usage 2026-02-01/2026-02-05 20"


@pytest.mark.parametrize("cadence", [MONTH, YEAR])
def test_another_cadence_begins_its_intervals_at_the_billing_date(cadence):
    old, new = measured(WEEK, cadence=MONTH), measured(WEEK, cadence=cadence, number=2)

    first, second = walk(contract(old, "2026-01-01"), by_the_hour, [new, new])

    assert sum(line.quantity for line in first + second) == total_hours(first + second)
    starts = sorted(line.period.start for line in first + second)
    assert starts[0] == at("2026-01-01")


def total_hours(lines: tuple[InvoiceLine, ...]) -> int:
    return (max(line.period.end for line in lines) - at("2026-01-01")) // timedelta(hours=1)


def test_a_version_with_another_cadence_that_follows_the_calendar_begins_with_a_stub():
    yearly = replace(measured(None, cadence=YEAR, number=2), alignment="calendar")
    yearly = replace(yearly, components=(fee(36_500), *yearly.components))

    first, second, third = walk(contract(measured(None, cadence=MONTH), "2026-01-15"), by_the_hour, [yearly] * 3)

    stub, cut = first
    assert (stub.period, stub.amount.minor) == (Period(at("2026-02-15"), at("2027-01-01")), 100 * 320)
    assert told((cut,)) == ["usage 2026-01-15/2026-02-15 744"]
    assert [line.period for line in second if line.kind == "usage"] == [Period(at("2026-02-15"), at("2027-01-01"))]
    assert [line.period.start for line in second + third if line.kind == "licence_fee"] == [
        at("2027-01-01"),
        at("2028-01-01"),
    ]


SERVICES = st.sampled_from([None, WEEK, Cadence("day", 10), MONTH])
VERSIONS = st.builds(
    lambda service, cadence, alignment: replace(measured(service, cadence=cadence), alignment=alignment),
    SERVICES,
    st.sampled_from([MONTH, Cadence("month", 3), YEAR]),
    st.sampled_from(["anniversary", "calendar"]),
)


@settings(max_examples=30)
@given(start=st.dates(date(2026, 1, 1), date(2027, 12, 31)), offered=st.lists(VERSIONS, min_size=1, max_size=4))
def test_whatever_takes_over_each_hour_is_billed_once_and_each_day_has_its_fee(start, offered):
    versions = [replace(one, id=f"version_{number}") for number, one in enumerate(offered)]
    versions = [replace(one, components=(fee(100), *one.components)) for one in versions]
    # Each stays for a renewal of its own before the next one takes over.
    plan = [same for one in versions for same in (one, one)]
    begin = contract(versions[0], start.isoformat(), alignment=versions[0].alignment)
    first = lines_at_boundary(begin, after=None, at=begin.agreement.charged_from)

    lines = [*first, *(line for invoice in walk(begin, by_the_hour, [*plan, versions[-1]]) for line in invoice)]

    for kind in ("usage", "licence_fee"):
        periods = sorted((line.period for line in lines if line.kind == kind), key=lambda period: period.start)
        assert periods[0].start == at(start.isoformat())
        assert [period.start for period in periods[1:]] == [period.end for period in periods[:-1]]
    hours = {line.period: line.quantity for line in lines if line.kind == "usage"}
    assert all(quantity == (period.end - period.start) // timedelta(hours=1) for period, quantity in hours.items())
