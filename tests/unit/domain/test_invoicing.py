"""Invoices: what they say, and the one table of what can happen to them."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import Conflict
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedDiscount
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.domain.invoicing import (
    Invoice,
    InvoiceLine,
    lines_at_boundary,
    tell,
    unused_time,
)
from billing_sdk.server.domain.invoicing.derivation import explain
from billing_sdk.server.domain.invoicing.invoice import TRANSITIONS, UNISSUED
from billing_sdk.server.domain.invoicing.priced import usage_line
from billing_sdk.server.domain.rating import ByDimension, PerUnit, Terms, Usage
from tests.unit.domain.test_invoicing_boundary import contract, each
from tests.unit.domain.things import JANUARY, at, bill_end, completed, entitlement, fee, rate, version


def dollars(minor: int) -> Money:
    return Money(minor, "USD")


def invoice(*amounts: int, status: str = "issued") -> Invoice:
    lines = tuple(InvoiceLine("Fee", dollars(amount), JANUARY, "version_1", "fee_1") for amount in amounts)
    return Invoice("invoice_1", "INV-000001", "customer_1", "agreement_1", status, "USD", lines, JANUARY.start)  # type: ignore[arg-type]  # each status is tried


def test_each_fee_is_a_line_that_says_what_and_for_when():
    before = contract(version(fee(2_900), rate(), entitlement()), "2026-01-01")
    (line,) = lines_at_boundary(before, after=None, at=at("2026-01-01"))

    assert replace(line, derivation={}) == InvoiceLine(
        "Pro, one month", dollars(2_900), JANUARY, "version_1", "fee_base_price", agreement_id="agreement_1"
    )


def test_an_invoice_comes_to_the_sum_of_its_lines():
    assert invoice(2_900, 26, -100).amount == dollars(2_826)
    assert invoice().amount == dollars(0)


def test_an_open_invoice_is_paid_once():
    paid = invoice(2_900).paid_by("payment_1")

    assert (paid.status, paid.payment_id) == ("paid", "payment_1")
    with pytest.raises(Conflict, match="is paid, not"):
        paid.paid_by("payment_2")


def test_a_void_invoice_is_not_paid():
    with pytest.raises(Conflict, match="is void, not"):
        invoice(2_900, status="void").paid_by("payment_1")


def test_what_is_issued_never_waits_again():
    assert not {after for (before, _), after in TRANSITIONS.items() if before not in UNISSUED} & UNISSUED


def test_a_derivation_is_json_of_texts_and_leaves_out_what_is_not_there():
    document = explain(
        "usage",
        plan_version_id="version_1",
        component_id="rate_1",
        period=JANUARY,
        quantity=Decimal("12.500"),
        policies=Policies(),
        interval=None,
    )

    assert json.loads(json.dumps(document)) == {
        "kind": "usage",
        "plan_version": "version_1",
        "component": "rate_1",
        "period": {"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"},
        "quantity": "12.5",
        "policies": {"proration": "second", "rounding": "half_up", "zero_usage_flat_fee": "skip"},
    }


def test_a_prorated_fee_is_told_in_sentences():
    before = contract(version(fee(3_100)), "2026-01-16", alignment="calendar")
    (line,) = lines_at_boundary(before, after=None, at=at("2026-01-16"))

    assert tell(line) == (
        "Flat price: 31.00 USD.",
        "For 16/31 of the interval: 16.00 USD instead of 31.00 USD.",
    )


def test_usage_is_told_in_sentences():
    before = contract(version(rate("2.5")), "2026-01-01")
    (line,) = bill_end(before, each("11"), at=at("2026-01-16"), is_usage_charged=True)

    assert tell(line) == (
        "Usage: 11.",
        "11 x 0.025 USD = 0.275 USD.",
        "In all: 0.28 USD, rounded half up from 0.275 USD.",
    )


def test_what_is_taken_off_is_told_in_sentences():
    half = AgreedDiscount("HALF", percent_off=Decimal(50))
    ten = AgreedDiscount("TEN", amount_off=Money(1_000, "USD"))
    before = contract(version(fee(3_100)), "2026-01-01", discounts=(half, ten))
    lines = completed(lines_at_boundary(before, after=None, at=at("2026-01-01")), 200)
    (unused, *_) = unused_time(lines, at=at("2026-01-16"), zone="UTC", policies=Policies(proration="day"))

    assert [tell(line) for line in (*lines[1:], unused)] == [
        ("50% off, of which 15.50 USD from the 31.00 USD of this line.",),
        ("10.00 USD off the invoice, of which 10.00 USD from the 31.00 USD of this line.",),
        ("The balance was 2.00 USD, and 5.50 USD was to be paid.",),
        ("16/31 of the days that 31.00 USD was for.",),
    ]


def test_a_line_from_before_lines_kept_their_steps_tells_nothing():
    line = InvoiceLine("Fee", dollars(1), JANUARY, "version_1", "fee_1", derivation={"kind": "licence_fee"})

    assert tell(line) == tell(replace(line, derivation={})) == ()


def test_a_line_of_what_meets_conditions_shows_how_much_of_the_usage_does():
    price = ByDimension(("model",), ((("small",), PerUnit(Decimal(2))),))
    parts = (((("model", "small"),), Decimal(150)), ((("model", "large"),), Decimal(349)))

    line = usage_line(
        replace(rate(), terms=Terms(price)),
        agreement_id="agreement_1",
        plan_version_id="version_1",
        used=Usage(Decimal(499), parts),
        part=JANUARY,
        interval=JANUARY,
        policies=Policies(),
    )

    assert (line.amount.minor, line.quantity, line.priced_quantity) == (300, 499, 150)
    assert replace(line, derivation={}).priced_quantity == 499
