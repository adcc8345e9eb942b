"""Credit on an invoice: which lines it pays for, after which discounts, and what the lines say of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedDiscount
from billing_sdk.server.domain.catalog import LicenceFee, Policies, Rate
from billing_sdk.server.domain.invoicing import (
    applications_of,
    bought_line,
    grants_bought,
    payables_of,
    with_credit_grants,
    with_discounts,
)
from billing_sdk.server.domain.invoicing.priced import fee_line, usage_line
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms, Usage
from tests.unit.domain.test_credits import JANUARY, day, grant

RATE = Rate("rate_tokens", "tokens", "Tokens", "USD", Terms(PerUnit(Decimal(1))))
IMAGES = replace(RATE, id="rate_images", feature_key="images")
FEE = LicenceFee("fee_base", "base", "Base", "USD", Terms(Flat(Decimal(2_000))))


def used(minor: int, rate: Rate = RATE, *, period: Period = JANUARY, agreement: str = "agreement_1"):
    return usage_line(
        rate,
        agreement_id=agreement,
        plan_version_id="version_1",
        used=Usage(Decimal(minor)),
        part=period,
        interval=period,
        policies=Policies(),
    )


def base():
    return fee_line(
        FEE,
        agreement_id="agreement_1",
        plan_version_id="version_1",
        licences=1,
        part=JANUARY,
        interval=JANUARY,
        zone="UTC",
        policies=Policies(),
    )


def percent(off: int) -> AgreedDiscount:
    return AgreedDiscount("SPRING", percent_off=Decimal(off))


def applied(lines) -> list[tuple[str, int, int]]:
    return [(one.grant_id.removeprefix("grant_"), one.line, one.amount.minor) for one in applications_of(lines)]


def test_licence_fees_and_what_is_charged_once_are_never_paid_with_credit():
    lines = base(), bought_line(grant("more", category="paid"), at=day(1))
    assert with_credit_grants(lines, [grant("all", 9_999)]) == lines
    assert grants_bought(lines) == ("grant_more",)


def test_discounts_come_first_and_each_line_is_paid_for_what_they_leave():
    lines = with_discounts((base(), used(1_000), used(500, IMAGES)), (percent(20),), {})
    assert [payable.amount.minor for _, payable in payables_of(lines)] == [800, 400]
    done = with_credit_grants(lines, [grant("first", 900, priority=0), grant("second", 900)])
    assert applied(done) == [("first", 2, 800), ("first", 3, 100), ("second", 3, 300)]
    assert sum(line.amount.minor for line in done) == 1_600


def test_equal_usage_of_two_agreements_is_told_apart():
    lines = used(1_000), used(1_000, agreement="agreement_2")
    discounted = with_discounts(lines[:1], (percent(50),), {}) + lines[1:]
    assert [payable.amount.minor for _, payable in payables_of(discounted)] == [500, 1_000]


def test_a_line_of_credit_names_the_grant_and_the_line_that_it_pays_for():
    lines = with_credit_grants((base(), used(1_000)), [grant("welcome", 300)])
    line = lines[-1]
    assert (line.description, line.amount) == ("welcome: Tokens", Money(-300, "USD"))
    assert (line.agreement_id, line.plan_version_id, line.period) == ("agreement_1", "version_1", JANUARY)
    assert {name: line.derivation[name] for name in ("line", "of_minor", "owed_minor", "left_minor", "category")} == {
        "line": "2",
        "of_minor": "1000",
        "owed_minor": "1000",
        "left_minor": "300",
        "category": "promotional",
    }


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 900), max_size=4),
    st.lists(st.integers(1, 900), max_size=4),
    st.integers(0, 100),
)
def test_no_invoice_goes_below_zero_and_its_lines_say_exactly_what_was_spent(usage, credit, off):
    lines = tuple(used(minor, replace(RATE, id=f"rate_{place}")) for place, minor in enumerate(usage))
    lines = with_discounts(lines, (percent(off),) if off else (), {})
    owed = sum(line.amount.minor for line in lines)
    done = with_credit_grants(lines, [grant(f"g{place}", minor) for place, minor in enumerate(credit)])
    spent = sum(one.amount.minor for one in applications_of(done))
    assert spent == min(owed, sum(credit))
    assert sum(line.amount.minor for line in done) == owed - spent >= 0


@pytest.mark.parametrize("again", [1, 3])
def test_looking_at_an_invoice_again_makes_no_difference(again):
    lines, grants = (used(700),), [grant("g", 500)]
    assert len({with_credit_grants(lines, grants)[-1].amount for _ in range(again)}) == 1
    assert grants[0].left == Money(500, "USD")
