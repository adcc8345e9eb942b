"""Usage periods of entitlements that customers have of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.entitlements import OwnEntitlement, OwnReset
from billing_sdk.server.domain.periods import Cadence


def day(month: int, number: int = 1) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


OWN = OwnEntitlement(
    "entitlement_1",
    "customer_1",
    "tokens",
    "metered",
    day(1, 10),
    cadence=Cadence("month"),
    anchor=day(1),
    issue=Decimal(5),
)


def periods(own: OwnEntitlement, at: datetime) -> list[tuple[datetime, datetime, bool]]:
    return [(one.period.start, one.period.end, one.keeps_overage) for one in own.periods_until(at)]


def test_usage_periods_begin_with_the_entitlement_and_go_on_from_the_anchor():
    assert periods(OWN, day(3)) == [
        (day(1, 10), day(2), False),
        (day(2), day(3), False),
        (day(3), day(4), False),
    ]
    assert {one.included for one in OWN.periods_until(day(3))} == {Decimal(5)}


def test_a_reset_ends_a_usage_period_and_the_next_ones_are_counted_from_its_anchor():
    kept = replace(OWN, resets=(OwnReset(day(1, 20), day(1), True), OwnReset(day(2, 15), day(2, 15), False)))
    assert periods(kept, day(3, 20)) == [
        (day(1, 10), day(1, 20), False),
        (day(1, 20), day(2), True),
        (day(2), day(2, 15), False),
        (day(2, 15), day(3, 15), False),
        (day(3, 15), day(4, 15), False),
    ]


def test_overage_is_kept_at_each_end_where_the_entitlement_says_so():
    assert [keeps for _, _, keeps in periods(replace(OWN, keeps_overage=True), day(3))] == [False, True, True]


def test_use_counts_from_when_it_is_measured_and_nothing_is_told_of_before():
    early = replace(OWN, measured_from=day(1, 5))
    assert periods(early, day(1, 6)) == [(day(1, 5), day(2), False)]
    with pytest.raises(InvalidRequest):
        OWN.periods_until(day(1, 5))


def test_more_usage_periods_than_can_be_looked_at_are_refused():
    daily = replace(OWN, cadence=Cadence("day"), measured_from=datetime(2000, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidRequest):
        daily.periods_until(day(1))
