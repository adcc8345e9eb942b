"""Invoices: what they say, and the one table of what can happen to them."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import Conflict
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine, lines_at_boundary
from billing_sdk.server.domain.invoicing.derivation import explain
from billing_sdk.server.domain.invoicing.invoice import TRANSITIONS
from billing_sdk.server.domain.periods import Period
from tests.unit.domain.test_invoicing_boundary import contract
from tests.unit.domain.things import at, entitlement, fee, rate, version

JANUARY = Period(at("2026-01-01"), at("2026-02-01"))


def dollars(minor: int) -> Money:
    return Money(minor, "USD")


def invoice(*amounts: int, status: str = "open") -> Invoice:
    lines = tuple(InvoiceLine("Fee", dollars(amount), JANUARY, "version_1", "fee_1") for amount in amounts)
    return Invoice("invoice_1", "INV-000001", "customer_1", "agreement_1", status, "USD", lines, JANUARY.start)  # type: ignore[arg-type]  # each status is tried


def test_each_fee_is_a_line_that_says_what_and_for_when():
    before = contract(version(fee(2_900), rate(), entitlement()), "2026-01-01")
    (line,) = lines_at_boundary(before, after=None, at=at("2026-01-01"))

    assert replace(line, derivation={}) == InvoiceLine(
        "Pro, one month", dollars(2_900), JANUARY, "version_1", "fee_base_price"
    )


def test_an_invoice_comes_to_the_sum_of_its_lines():
    assert invoice(2_900, 26, -100).amount == dollars(2_826)
    assert invoice().amount == dollars(0)


def test_an_open_invoice_is_paid_once():
    paid = invoice(2_900).paid_by("payment_1")

    assert (paid.status, paid.payment_id) == ("paid", "payment_1")
    with pytest.raises(Conflict, match="is paid, not open"):
        paid.paid_by("payment_2")


def test_a_void_invoice_is_not_paid():
    with pytest.raises(Conflict, match="is void, not open"):
        invoice(2_900, status="void").paid_by("payment_1")


def test_nothing_leads_back_to_an_open_invoice():
    assert "open" not in TRANSITIONS.values()


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
