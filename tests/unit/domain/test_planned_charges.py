"""Planned charges: what they come to, when they can be billed, and where they stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidAmount, InvalidRequest
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.domain.invoicing import PlannedCharge, check_planned, planned_charge_from
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import Flat, Graduated, PerUnit, Terms, Tier, Usage

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
NONE = Usage(Decimal(0))
POLICIES = Policies()
FLAT = PlannedCharge(
    "charge_1",
    "customer_1",
    "Set-up",
    "USD",
    Terms(Flat(Decimal(1_001))),
    Period(JANUARY, FEBRUARY),
    Period(JANUARY, FEBRUARY),
    FEBRUARY,
)
USED = replace(FLAT, feature_key="tokens", terms=Terms(PerUnit(Decimal("0.5")), discount_units=Decimal(10)))


def amount(planned: PlannedCharge, used: Usage = NONE) -> int | None:
    line = planned.line(used, POLICIES, at=JANUARY)
    return None if line is None else line.amount.minor


@pytest.mark.parametrize(
    ("start", "end", "percent", "minor"),
    [
        (0, 31, 0, 1_001),
        (0, 15.5, 0, 501),  # a half, rounded once
        (0, 15.5, 50, 250),  # a quarter is 250.25: the discount is not rounded by itself
        (30, 31, 0, 32),
    ],
)
def test_a_flat_amount_is_charged_for_its_share_and_rounded_once(start, end, percent, minor):
    part = Period(JANUARY + timedelta(days=start), JANUARY + timedelta(days=end))
    terms = Terms(Flat(Decimal(1_001)), discount_percent=Decimal(percent))

    assert amount(replace(FLAT, period=part, terms=terms)) == minor


@pytest.mark.parametrize(("quantity", "minor"), [("0", None), ("10", None), ("11", 1), ("11.5", 1), ("1010", 500)])
def test_usage_is_rated_once_and_what_comes_to_nothing_has_no_line(quantity, minor):
    assert amount(USED, Usage(Decimal(quantity))) == minor


def test_a_line_says_what_it_was_computed_from():
    tiers = Graduated((Tier(Decimal(5), Decimal(10)), Tier(None, Decimal(1))))
    line = replace(USED, terms=Terms(tiers), tax_code="saas").line(Usage(Decimal(7)), POLICIES, at=MARCH)

    assert (line.kind, line.amount.minor, line.quantity, line.agreement_id) == ("usage", 52, 7, None)
    facts = line.derivation
    assert (facts["charge"], facts["feature"], facts["tax"]) == ("charge_1", "tokens", {"code": "saas"})
    assert facts["counted_at"] == "2026-03-01T00:00:00Z"


@pytest.mark.parametrize(
    ("planned", "parameter"),
    [
        (replace(FLAT, description=" "), "name"),
        (replace(FLAT, period=Period(JANUARY, MARCH)), "full_service_period"),
        (replace(FLAT, period=Period(JANUARY, JANUARY)), "service_period.to"),
        (replace(FLAT, invoice_at=datetime(2046, 1, 1, tzinfo=UTC)), "invoice_at"),
        (replace(USED, invoice_at=FEBRUARY - timedelta(seconds=1)), "invoice_at"),
    ],
)
def test_what_can_not_be_billed_when_its_time_comes_is_not_planned(planned, parameter):
    with pytest.raises(InvalidRequest) as refused:
        check_planned(planned, POLICIES, at=JANUARY)

    assert refused.value.facts["parameter"] == parameter


def test_nothing_is_not_charged():
    with pytest.raises(InvalidAmount):
        check_planned(replace(FLAT, terms=Terms(Flat(Decimal(0)))), POLICIES, at=JANUARY)


@pytest.mark.parametrize(
    ("planned", "at", "is_issued", "status"),
    [
        (FLAT, JANUARY - timedelta(seconds=1), False, "created"),
        (FLAT, JANUARY, False, "active"),
        (replace(FLAT, billed_at=JANUARY, invoice_id="invoice_1"), JANUARY, False, "active"),
        (replace(FLAT, billed_at=JANUARY, invoice_id="invoice_1"), JANUARY, True, "final"),
        (replace(FLAT, billed_at=JANUARY), JANUARY, False, "final"),
    ],
)
def test_a_charge_is_active_from_its_period_on_and_final_when_its_invoice_is_issued(planned, at, is_issued, status):
    assert planned.status(at=at, is_issued=is_issued) == status


@pytest.mark.parametrize("planned", [FLAT, replace(USED, tax_behavior="inclusive", billed_at=MARCH, invoice_id="i")])
def test_a_charge_is_read_as_it_was_written(planned):
    assert planned_charge_from(planned.id, planned.customer_id, planned.document()) == planned
