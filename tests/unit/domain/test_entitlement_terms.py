"""What an entitlement says of use: its document, its thresholds, its usage periods."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidCadence, InvalidRequest
from billing_sdk.server.domain.catalog import thresholds_from
from billing_sdk.server.domain.catalog.documents import component_from_document, document_of_component
from billing_sdk.server.domain.entitlements import allowance_of, allowance_under, room_within
from billing_sdk.server.domain.periods import Cadence, Period
from tests.unit.domain.things import agreement, entitlement, version

DAY = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
METERED = replace(
    entitlement(limit_max=10),
    is_soft=True,
    usage_cadence=Cadence("day"),
    usage_alignment="calendar",
    keeps_overage=True,
    thresholds=thresholds_from(["80%", "12.5"]),
)


@pytest.mark.parametrize("one", [METERED, replace(entitlement("sso"), value='{"regions": ["eu"]}'), entitlement()])
def test_an_entitlement_is_what_its_document_says(one):
    assert component_from_document(document_of_component(one)) == one


def test_a_document_leaves_out_what_is_as_usual():
    assert document_of_component(entitlement(limit_max=3)).keys() == {
        *("kind", "id", "feature_key", "feature_name", "limit_max", "limit_min"),
    }


@pytest.mark.parametrize(
    ("member", "value", "error"),
    [
        ("is_soft", "yes", InvalidRequest),
        ("usage_cadence", "hour", InvalidCadence),
        ("usage_alignment", "weekly", InvalidRequest),
        ("thresholds", "80%", InvalidRequest),
        ("value", ["eu"], InvalidRequest),
    ],
)
def test_a_document_that_says_anything_else_is_refused(member, value, error):
    with pytest.raises(error):
        component_from_document({**document_of_component(entitlement()), member: value})


@pytest.mark.parametrize("text", ["", "0", "0%", "-1", "80 %", "%", "1e3", "1001%", "80%%", "\u0661"])
def test_what_is_no_threshold_is_refused(text):
    with pytest.raises(InvalidRequest):
        thresholds_from([text])


def test_there_are_ten_thresholds_at_most_and_each_once():
    assert len(thresholds_from([str(number) for number in range(1, 11)])) == 10
    for many in ([str(number) for number in range(1, 12)], ["80%", "80%"]):
        with pytest.raises(InvalidRequest):
            thresholds_from(many)


@pytest.mark.parametrize(
    ("threshold", "limit", "reached_at"),
    [("80%", "10", "8"), ("33.3%", "10", "3.33"), ("5000", "10", "5000"), ("5000", None, "5000"), ("150%", "10", "15")],
)
def test_a_threshold_is_reached_with_the_last_digit_of_its_amount(threshold, limit, reached_at):
    [found] = thresholds_from([threshold])
    most, reached = None if limit is None else Decimal(limit), Decimal(reached_at)
    assert found.is_reached(reached, most)
    assert not found.is_reached(reached - Decimal("0.000000000001"), most)


def test_a_share_of_nothing_and_of_what_is_without_limit_is_never_reached():
    [share] = thresholds_from(["80%"])
    assert not share.is_reached(Decimal(10**9), None)
    assert not share.is_reached(Decimal(0), Decimal(0))


def test_usage_periods_are_those_of_billing_unless_the_plan_says_otherwise():
    agreed = agreement()
    plain = allowance_under(agreed, version(entitlement(limit_max=5)), "ai_tokens")
    daily = allowance_under(agreed, version(METERED), "ai_tokens")
    at = agreed.started_at
    assert plain is not None
    assert daily is not None
    assert plain.period_at(at) == agreed.period_at(at)
    first = daily.period_at(at)
    assert first.start == at
    assert first.end.time() == datetime.min.time()
    assert daily.period_at(first.end) == Period(first.end, first.end + (DAY.end - DAY.start))


def test_a_limit_that_use_goes_on_beyond_is_more_generous_than_any_other():
    hard, soft = version(entitlement(limit_max=100)), version(METERED)
    found = allowance_of([(agreement(), hard), (agreement(id="agreement_2"), soft)], "ai_tokens")
    assert found is not None
    assert found.agreement.id == "agreement_2"


@pytest.mark.parametrize(
    ("limit", "used", "is_soft", "remaining", "overage", "has_access"),
    [
        (10, 0, False, 10, 0, True),
        (10, 10, False, 0, 0, False),
        (10, 13, False, 0, 3, False),
        (10, 13, True, 0, 3, True),
        (0, 0, False, 0, 0, False),
        (None, 13, False, None, 0, True),
    ],
)
def test_room_is_what_the_limit_leaves(limit, used, is_soft, remaining, overage, has_access):
    room = room_within(DAY, limit=limit, used=Decimal(used), is_soft=is_soft)
    assert (room.remaining, room.overage, room.has_access, room.resets_at) == (remaining, overage, has_access, DAY.end)
    assert replace(room, held=Decimal(3)).has_access == has_access
