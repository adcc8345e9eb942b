"""Fees in arrears and fees that are charged once: when, for how much of the time, and what is never given back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import InvalidRequest, InvalidServiceInterval
from billing_sdk.server.domain.agreements import Agreement, NumberChange
from billing_sdk.server.domain.catalog import LicenceFee, Phase, PlanVersion, Policies, check_version
from billing_sdk.server.domain.catalog.documents import component_from_document, document_of_component
from billing_sdk.server.domain.invoicing import (
    Alteration,
    BoughtAddOn,
    InForce,
    InvoiceLine,
    lines_at_boundary,
    lines_for_alteration,
    renewed,
    unused_time,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from tests.unit.domain.things import agreement, at, bill_boundary, bill_end, fee, version

START, END = at("2026-04-01"), at("2026-05-01")
BASE = fee(3_000)
LATER = replace(BASE, id="fee_later", key="later", charged="in_arrears")
SETUP = replace(BASE, id="fee_setup", key="setup", terms=Terms(Flat(Decimal(9_900))), charged="once")
SEATS = LicenceFee("fee_seats", "seats", "Seats", "USD", Terms(PerUnit(Decimal(300))), charged="in_arrears")


def in_force(plan: PlanVersion, *add_ons: BoughtAddOn, **changes) -> InForce:
    """Return a plan that is billed until the end of April, a period of 30 days."""
    values = {"started_at": START, "anchor": START, "billed_until": END, **changes}
    return InForce(agreement(**values), plan, add_ons, Policies())


def nothing(feature_key, period):
    raise AssertionError("no usage is asked for")


def told(lines: tuple[InvoiceLine, ...]) -> list[str]:
    return [
        f"{line.component_id} {line.period.start:%m-%d}/{line.period.end:%m-%d} {line.amount.minor}" for line in lines
    ]


def boundary(before: InForce, following: Agreement | None = None) -> list[str]:
    """Return what the billing date at the end of April charges."""
    after = replace(before, agreement=following or renewed(before.agreement, before.version))
    return told(bill_boundary(before, nothing, after=START, at=END, following=after))


def changed(key: str, day: str, was: int, becomes: int, **how: bool) -> NumberChange:
    return NumberChange(
        key, False, at=at(day), was=was, becomes=becomes, **{"is_charged": True, "is_given_back": False, **how}
    )


def test_a_fee_in_arrears_is_charged_when_its_time_is_over():
    plan = in_force(version(LATER))
    assert lines_at_boundary(plan, after=None, at=START) == ()
    assert boundary(plan) == ["fee_later 04-01/05-01 3000"]


def test_a_fee_in_arrears_is_charged_for_the_days_until_the_end():
    lines = bill_end(in_force(version(LATER)), nothing, at=at("2026-04-16"), is_usage_charged=False)
    assert told(lines) == ["fee_later 04-01/04-16 1500"]


def test_a_fee_in_arrears_is_not_charged_in_a_trial():
    trial = in_force(version(LATER), status="trialing", trial_ends_at=END)
    assert bill_end(trial, nothing, at=at("2026-04-16"), is_usage_charged=True) == ()


def test_each_number_in_arrears_is_charged_for_as_long_as_it_stood():
    plan = in_force(version(SEATS), quantities={"seats": 4}, number_changes=(changed("seats", "2026-04-11", 1, 4),))
    assert boundary(plan) == ["fee_seats 04-01/04-11 100", "fee_seats 04-11/05-01 800"]


def test_a_pause_is_not_charged_in_arrears():
    paused = in_force(
        version(LATER),
        status="paused",
        paused_at=at("2026-04-11"),
        number_changes=(changed("later", "2026-04-11", 1, 0, is_charged=False),),
    )
    lines = bill_end(paused, nothing, at=END, is_usage_charged=False)
    assert told(lines) == ["fee_later 04-01/04-11 1000"]


def test_shorter_intervals_in_arrears_are_charged_one_by_one():
    weekly = replace(LATER, service=Cadence("week"))
    assert boundary(in_force(version(weekly))) == [
        f"fee_later {days} 3000" for days in ("04-01/04-08", "04-08/04-15", "04-15/04-22", "04-22/04-29")
    ]


def test_an_interval_that_another_version_cuts_short_is_charged_until_then():
    weekly = replace(LATER, service=Cadence("week"))
    before = in_force(version(weekly))
    after = replace(before, version=replace(version(BASE), id="version_2"))
    lines = bill_boundary(before, nothing, after=START, at=END, following=after)
    assert told(lines)[-1] == "fee_later 04-29/05-01 857"


def test_what_is_charged_once_comes_with_the_first_period_only():
    plan = in_force(version(BASE, SETUP))
    assert told(lines_at_boundary(plan, after=None, at=START)) == [
        "fee_base_price 04-01/05-01 3000",
        "fee_setup 04-01/05-01 9900",
    ]
    assert boundary(plan) == ["fee_base_price 05-01/06-01 3000"]


def test_what_is_charged_once_comes_with_the_first_period_of_its_phase():
    plan = replace(version(SETUP), opening_phases=(Phase("trial", "Trial", 1, (fee(0),)),))
    assert lines_at_boundary(in_force(plan), after=None, at=START) == ()
    assert boundary(in_force(plan)) == ["fee_setup 05-01/06-01 9900"]


def test_another_version_does_not_charge_again_what_is_charged_once():
    before = in_force(version(SETUP))
    following = replace(before.agreement, plan_version_id="version_2", version_since=END, billed_until=at("2026-06-01"))
    assert boundary(before, following) == []


def test_what_is_charged_once_is_never_given_back_by_time():
    paid = lines_at_boundary(in_force(version(BASE, SETUP)), after=None, at=START)
    back = unused_time(paid, at=at("2026-04-16"), zone="UTC", policies=Policies())
    assert told(back) == ["fee_base_price 04-16/05-01 -1500"]


@pytest.mark.parametrize(("charged", "lines"), [("once", ["fee_setup 04-16/05-01 9900"]), ("in_arrears", [])])
def test_an_add_on_that_comes_within_a_period_is_charged_once_as_a_whole_and_in_arrears_later(charged, lines):
    extra = replace(version(replace(SETUP, charged=charged)), id="version_extra", plan_key="extra")
    before, day = in_force(version(BASE)), at("2026-04-16")
    after = replace(before, add_ons=(BoughtAddOn(extra, 1, day),))
    alteration = Alteration(before, after, day, paid=(), owed=(), gives_back=True, is_on_credit=False)
    assert told(lines_for_alteration(alteration)) == lines


def test_an_add_on_in_arrears_is_charged_from_the_day_when_it_came():
    extra = replace(version(LATER), id="version_extra", plan_key="extra")
    change = NumberChange("extra", True, at("2026-04-16"), was=0, becomes=2, is_charged=True, is_given_back=False)
    plan = in_force(version(BASE), BoughtAddOn(extra, 2, at("2026-04-16")), number_changes=(change,))
    assert boundary(plan)[-1:] == ["fee_later 04-16/05-01 3000"]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 29), st.integers(0, 9)), max_size=6), st.integers(1, 30))
def test_in_arrears_every_day_until_the_end_is_charged_for_the_number_of_that_day(steps, last_day):
    changes, number = [], 1
    for day, becomes in sorted(dict(steps).items()):
        changes.append(changed("seats", f"2026-04-{day + 1:02}", number, becomes))
        number = becomes
    plan = in_force(version(SEATS), quantities={"seats": number}, number_changes=tuple(changes))
    end = START + timedelta(days=last_day)
    lines = bill_end(plan, nothing, at=end, is_usage_charged=False)
    becomes = {change.at: change.becomes for change in changes}
    expected, present = 0, 1
    for day in range(last_day):
        present = becomes.get(START + timedelta(days=day), present)
        expected += present * 10  # 3.00 a month of 30 days
    assert sum(line.amount.minor for line in lines) == expected


@pytest.mark.parametrize("charged", ["in_advance", "in_arrears", "once"])
def test_when_a_fee_is_charged_reads_back_as_it_was_written(charged):
    one = replace(BASE, charged=charged)
    document = document_of_component(one)
    assert component_from_document(document) == one
    assert document.get("charged", "in_advance") == charged


def test_when_a_fee_is_charged_is_one_of_three():
    with pytest.raises(InvalidRequest):
        replace(BASE, charged="later")
    with pytest.raises(InvalidServiceInterval):
        check_version(version(replace(SETUP, service=Cadence("month"))), {})


def test_a_price_for_a_month_is_without_what_is_charged_once():
    assert version(BASE, SETUP).price.minor == version(BASE, SETUP).price_in(0).minor == 3_000
