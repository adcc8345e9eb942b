"""Billing dates: which fees, which usage and which deductions an invoice collects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import InvalidAmount
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement, Offer, agree
from billing_sdk.server.domain.catalog import LicenceFee, Phase, PlanVersion, Policies, Rate
from billing_sdk.server.domain.invoicing import (
    STEPS,
    BoughtAddOn,
    InForce,
    InvoiceLine,
    lines_at_boundary,
    renewed,
    with_period_discounted,
)
from billing_sdk.server.domain.periods import Cadence, Period
from billing_sdk.server.domain.rating import Derivation, Graduated, PerUnit, RatingPolicy, Terms, Tier, Usage
from tests.unit.domain.things import at, bill_boundary, fee, rate, version

MONTH, YEAR, WEEK = Cadence("month"), Cadence("year"), Cadence("week")


def contract(
    plan: PlanVersion, start: str, *, policies: Policies | None = None, clock: str = "00:00:00", **offer: object
) -> InForce:
    """Return what is in force for somebody who has agreed to a version on a day."""
    values = {"group_id": "sbg_1", "plan_key": "pro", "plan_version_id": plan.id, "currency": "USD"}
    made = agree(
        Offer(**values, cadence=plan.cadence, **offer),  # type: ignore[arg-type]  # each test names what it is about
        agreement_id="agreement_1",
        customer_id="customer_1",
        at=at(start, clock),
    )
    return InForce(made, plan, (), policies or Policies())


def nothing(feature_key: str, period: Period) -> Usage:
    return Usage(Decimal(0))


def each(quantity: str, log: list[Period] | None = None):
    """Return what tells the same usage for every period, and notes which ones were asked about."""

    def used(feature_key: str, period: Period) -> Usage:
        if log is not None:
            log.append(period)
        return Usage(Decimal(quantity))

    return used


def walk(before: InForce, used, count: int) -> list[tuple[InvoiceLine, ...]]:
    """Return the lines of the first invoice and of each renewal after it."""
    invoices = [lines_at_boundary(before, after=None, at=before.agreement.charged_from)]
    before = replace(before, agreement=with_period_discounted(before.agreement))
    for _ in range(count):
        agreement = before.agreement
        after = renewed(agreement, before.version)
        invoices.append(
            bill_boundary(
                before,
                used,
                after=agreement.billed_period.start,
                at=agreement.billed_until,
                following=replace(before, agreement=after),
            )
        )
        before = replace(before, agreement=after)
    return invoices


def told(lines: tuple[InvoiceLine, ...]) -> list[str]:
    return [
        f"{line.kind} {line.period.start:%Y-%m-%d}/{line.period.end:%Y-%m-%d} {line.amount.minor}" for line in lines
    ]


def test_the_order_of_an_invoice_is_a_tuple_of_steps():
    names = ["fees_started", "fees_starting", "fees_over", "usage_completed", "discounts"]
    assert [step.__name__ for step in STEPS] == names


def test_a_month_is_paid_in_advance_and_its_usage_afterwards():
    first, second, third = walk(contract(version(fee(2_900), rate("2")), "2026-01-31"), each("10"), 2)

    assert told(first) == ["licence_fee 2026-01-31/2026-02-28 2900"]
    assert told(second) == ["licence_fee 2026-02-28/2026-03-31 2900", "usage 2026-01-31/2026-02-28 20"]
    assert told(third) == ["licence_fee 2026-03-31/2026-04-30 2900", "usage 2026-02-28/2026-03-31 20"]


def test_stripe_billing_interval_quarterly_usage_accrues_monthly_and_is_invoiced_every_3_months():
    """Stripe documentation, "How advanced usage-based billing works", Billing interval (cadence)."""
    monthly = replace(rate("2"), service=MONTH)
    plan = replace(version(monthly), cadence=Cadence("month", 3))

    first, second, third = walk(contract(plan, "2026-01-31"), each("10"), 2)

    assert told(first) == []
    assert told(second) == [
        "usage 2026-01-31/2026-02-28 20",
        "usage 2026-02-28/2026-03-31 20",
        "usage 2026-03-31/2026-04-30 20",
    ]
    assert [line.period.end for line in third] == [at("2026-05-31"), at("2026-06-30"), at("2026-07-31")]


def test_stripe_service_interval_of_5_months_with_an_annual_billing_interval():
    """Stripe documentation, "How advanced usage-based billing works", Examples: the invoice of 31 March is for ten
    months of usage; carried on to 2029, each interval is on exactly one invoice."""
    plan = replace(version(replace(rate("2"), service=Cadence("month", 5))), cadence=YEAR)

    invoices = walk(contract(plan, "2025-03-31"), each("10"), 4)

    assert [[f"{line.period.end:%Y-%m-%d}" for line in lines] for lines in invoices] == [
        [],
        ["2025-08-31", "2026-01-31"],
        ["2026-06-30", "2026-11-30"],
        ["2027-04-30", "2027-09-30", "2028-02-29"],
        ["2028-07-31", "2028-12-31"],
    ]


def test_stripe_license_fees_are_billed_in_advance_for_any_service_interval_that_started():
    """Stripe documentation, "How advanced usage-based billing works", Examples."""
    plan = replace(version(replace(fee(100), service=MONTH)), cadence=Cadence("month", 3))

    first, second, _ = walk(contract(plan, "2026-01-31"), nothing, 2)

    assert told(first) == ["licence_fee 2026-01-31/2026-02-28 100"]
    assert told(second) == [
        "licence_fee 2026-02-28/2026-03-31 100",
        "licence_fee 2026-03-31/2026-04-30 100",
        "licence_fee 2026-04-30/2026-05-31 100",
    ]


def test_stripe_weekly_service_on_a_monthly_billing_interval():
    """Stripe documentation, "How advanced usage-based billing works", Set up a separate billing interval."""
    plan = replace(version(replace(rate("2"), service=WEEK)), cadence=MONTH)

    _, second, third = walk(contract(plan, "2026-01-01"), each("10"), 2)

    assert [f"{line.period.end:%m-%d}" for line in second] == ["01-08", "01-15", "01-22", "01-29"]
    assert [f"{line.period.end:%m-%d}" for line in third] == ["02-05", "02-12", "02-19", "02-26"]


def test_stripe_tiers_begin_again_with_each_service_interval():
    """Stripe documentation, "How advanced usage-based billing works", Service interval: limits reset for each."""
    tiers = Graduated((Tier(Decimal(100), Decimal(0)), Tier(None, Decimal(1))))
    free_first = Rate("rate_1", "api", "API", "USD", Terms(tiers), service=MONTH)
    plan = replace(version(free_first), cadence=Cadence("month", 3))

    _, second = walk(contract(plan, "2026-01-01"), each("150"), 1)

    assert [line.amount.minor for line in second] == [50, 50, 50]


@pytest.mark.parametrize(
    ("proration", "clock", "amount", "share"),
    [
        ("second", "00:00:00", 1_600, "16/31"),
        ("second", "12:00:00", 1_550, "1/2"),
        ("day", "00:00:00", 1_600, "16/31"),
        ("day", "12:00:00", 1_500, "15/31"),
    ],
)
def test_a_period_that_follows_the_calendar_begins_with_a_stub_that_costs_its_share(proration, clock, amount, share):
    plan = version(fee(3_100), rate("2"))
    policies = Policies(proration=proration)
    asked: list[Period] = []
    before = contract(plan, "2026-01-16", alignment="calendar", clock=clock, policies=policies)

    first, second = walk(before, each("10", asked), 1)

    (stub,) = first
    assert (stub.amount.minor, stub.period) == (amount, Period(at("2026-01-16", clock), at("2026-02-01")))
    assert stub.derivation["proration"] == {
        "by": proration,
        "fraction": share,
        "interval": {"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"},
    }
    assert [line.amount.minor for line in second] == [3_100, 20]
    assert asked == [Period(at("2026-01-16", clock), at("2026-02-01"))]


def test_nothing_of_a_trial_is_charged():
    plan = version(fee(2_900), rate("2"))
    before = contract(plan, "2026-01-01", trial_days=14)
    begun = replace(before, agreement=before.agreement.with_trial_ended())
    asked: list[Period] = []

    first, second = walk(begun, each("10", asked), 1)

    assert told(first) == ["licence_fee 2026-01-15/2026-02-15 2900"]
    assert told(second)[1:] == ["usage 2026-01-15/2026-02-15 20"]
    assert asked == [Period(at("2026-01-15"), at("2026-02-15"))]


def test_a_paused_agreement_is_charged_no_fee_and_what_was_used_before():
    before = contract(version(fee(2_900), rate("2")), "2026-01-31")
    paused = replace(before, agreement=before.agreement.paused_from(at("2026-02-10")))

    _, second = walk(paused, each("10"), 1)

    assert told(second) == ["usage 2026-01-31/2026-02-28 20"]


def test_accrued_fees_of_a_paused_agreement_end_with_the_pause():
    plan = replace(version(replace(fee(100), service=MONTH)), cadence=Cadence("month", 3))
    before = contract(plan, "2026-01-31")
    paused = replace(before, agreement=before.agreement.paused_from(at("2026-03-10")))

    _, second = walk(paused, nothing, 1)

    assert told(second) == ["licence_fee 2026-02-28/2026-03-31 100"]


def test_a_version_that_takes_over_brings_its_fees_and_leaves_the_usage_to_the_old_one():
    before = contract(version(fee(2_900), rate("2")), "2026-01-31")
    dearer = replace(version(fee(3_900), rate("3")), id="version_2")
    after = renewed(before.agreement, dearer)

    lines = bill_boundary(
        before,
        each("10"),
        after=at("2026-01-31"),
        at=at("2026-02-28"),
        following=replace(before, agreement=after, version=dearer),
    )

    assert [(line.plan_version_id, line.amount.minor) for line in lines] == [("version_2", 3_900), ("version_1", 20)]
    assert (after.plan_version_id, after.next_version_id) == ("version_2", None)


def test_a_version_with_another_cadence_begins_its_periods_with_its_own():
    before = contract(version(fee(2_900)), "2026-01-31")
    yearly = replace(version(fee(29_000)), id="version_2", cadence=YEAR)

    after = renewed(before.agreement, yearly)

    assert (after.cadence, after.anchor, after.billed_until) == (YEAR, at("2026-02-28"), at("2027-02-28"))


def test_opening_phases_last_for_as_many_periods_as_they_say():
    launch = Phase("launch", "Launch price", 2, (fee(900),))
    plan = replace(version(fee(2_900)), opening_phases=(launch,))

    invoices = walk(contract(plan, "2026-01-31"), nothing, 3)

    assert [line.amount.minor for lines in invoices for line in lines] == [900, 900, 2_900, 2_900]


def seats(unit_amount: str = "500") -> LicenceFee:
    return LicenceFee("fee_seats", "seats", "Seats", "USD", Terms(PerUnit(Decimal(unit_amount))))


def test_a_licensed_fee_is_charged_for_each_of_the_agreed_licences():
    (line,) = walk(contract(version(seats()), "2026-01-31", quantities={"seats": 7}), nothing, 0)[0]

    assert (line.amount.minor, line.quantity, line.derivation["quantity"]) == (3_500, Decimal(7), "7")


def test_add_ons_are_charged_as_often_as_they_were_bought():
    before = contract(version(fee(2_900)), "2026-01-31")
    extra = replace(version(replace(fee(250), id="fee_extra", key="extra"), seats()), id="version_extra")

    (lines,) = walk(replace(before, add_ons=(BoughtAddOn(extra, 3),)), nothing, 0)

    assert [(line.plan_version_id, line.amount.minor) for line in lines] == [
        ("version_1", 2_900),
        ("version_extra", 750),
        ("version_extra", 1_500),
    ]


def test_coupons_are_lines_of_their_own_and_run_out():
    half = AgreedDiscount("HALF", percent_off=Decimal(50), periods_left=1)
    ten = AgreedDiscount("TEN", amount_off=Money(1_000, "USD"))
    before = contract(version(fee(2_900), rate("1")), "2026-01-31", discounts=(half, ten))

    first, second, _ = walk(before, each("99"), 2)

    assert [line.amount.minor for line in first] == [2_900, -1_450, -1_000]
    assert first[1].description == "Discount HALF: Pro, one month"
    assert first[1].derivation["coupon"] == "HALF"
    # The first coupon was for one period; the second is divided between the fee and the usage.
    assert [line.amount.minor for line in second] == [2_900, 99, -967, -33]


def test_what_comes_to_nothing_is_no_line():
    assert walk(contract(version(fee(0), rate("2")), "2026-01-31"), nothing, 1) == [(), ()]


def test_usage_that_comes_to_an_unreal_amount_is_refused():
    with pytest.raises(InvalidAmount):
        walk(contract(version(rate("1")), "2026-01-31"), each("1" + "0" * 19), 1)


def test_the_policies_are_on_the_line_that_they_have_shaped():
    policies = Policies(proration="day", rating=RatingPolicy(zero_usage_flat_fee="charge", rounding="up"))

    (line,) = walk(contract(version(fee(2_900)), "2026-01-31", policies=policies), nothing, 0)[0]

    assert line.derivation["policies"] == {"proration": "day", "rounding": "up", "zero_usage_flat_fee": "charge"}
    assert (line.derivation["plan_version"], line.derivation["component"]) == ("version_1", "fee_base_price")


def steps_sum(derivation: Mapping[str, object]) -> Decimal:
    rating = derivation["rating"]
    assert isinstance(rating, dict)
    return Derivation.from_document(rating).total


@given(
    amount=st.integers(0, 10**7),
    day=st.integers(1, 28),
    hour=st.integers(0, 23),
    by=st.sampled_from(["day", "second"]),
    rounding=st.sampled_from(["half_up", "half_even", "up", "down"]),
)
def test_the_steps_of_a_prorated_fee_come_to_its_amount(amount, day, hour, by, rounding):
    policies = Policies(proration=by, rating=RatingPolicy(rounding=rounding))
    before = contract(
        version(fee(amount)), f"2026-03-{day:02}", clock=f"{hour:02}:00:00", alignment="calendar", policies=policies
    )

    for line in walk(before, nothing, 0)[0]:
        assert steps_sum(line.derivation) == line.amount.minor
        assert 0 < line.amount.minor <= amount


@settings(max_examples=40)
@given(
    start=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    quantity=st.integers(0, 10**9),
    service=st.sampled_from([None, WEEK, MONTH, Cadence("month", 2)]),
    count=st.integers(1, 3),
)
def test_the_same_history_gives_the_same_bytes_and_each_interval_is_billed_once(start, quantity, service, count):
    plan = replace(
        version(replace(fee(2_900), service=service), replace(rate("0.07"), service=service)),
        cadence=Cadence("month", 3),
    )
    before = contract(plan, start.isoformat())

    invoices = walk(before, each(str(quantity)), count)

    assert as_bytes(invoices) == as_bytes(walk(contract(plan, start.isoformat()), each(str(quantity)), count))
    fees = [line.period for lines in invoices for line in lines if line.kind == "licence_fee"]
    assert [period.start for period in fees[1:]] == [period.end for period in fees[:-1]]
    used = [line.period for lines in invoices for line in lines if line.kind == "usage"]
    assert [period.start for period in used[1:]] == [period.end for period in used[:-1]]


def as_bytes(invoices: list[tuple[InvoiceLine, ...]]) -> bytes:
    return json.dumps([[dict(line.derivation) for line in lines] for lines in invoices]).encode()


def test_two_customers_with_the_same_history_have_the_same_derivations():
    one = contract(version(fee(2_900)), "2026-01-31")
    other: Agreement = replace(one.agreement, id="agreement_2", customer_id="customer_2")

    assert as_bytes(walk(one, nothing, 2)) == as_bytes(walk(replace(one, agreement=other), nothing, 2))
