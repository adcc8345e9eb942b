"""Taxes that the payment processor has worked out, on the lines of an invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import Conflict
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import TaxSettings
from billing_sdk.server.domain.invoicing import (
    GatewayTaxation,
    InvoiceLine,
    awaits_gateway_tax,
    is_taxed_by_gateway,
    lacks_location,
    told_of,
    with_gateway_taxes,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.tax import GatewayShare, GatewayTax

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONTH = Period(NOON, NOON + timedelta(days=31))
BY_STRIPE = TaxSettings(is_enabled=True, provider="gateway", default_tax_code="software")


def eur(minor):
    return Money(minor, "EUR")


def line(minor, kind="one_off", **tax):
    derivation = {"kind": kind, **({"tax": tax} if tax else {})}
    return InvoiceLine("Item", eur(minor), MONTH, None, "item", derivation=derivation)


def vat(*shares, is_inclusive=False):
    found = tuple(GatewayShare(place, eur(base), eur(amount)) for place, base, amount in shares)
    amount = sum(share.amount.minor for share in found)
    return GatewayTax(eur(amount), "VAT", Decimal(19), is_inclusive, "DE", "txr_1", found)


def taxed(lines, taxes):
    return with_gateway_taxes(lines, GatewayTaxation(BY_STRIPE, lines, taxes), plan_version_id=None, period=MONTH)


def test_what_is_added_is_a_line_and_every_line_has_its_share():
    lines = (line(10_000), line(-1_000, "discount"), line(-500, "credit_balance"))
    found = taxed(lines, (vat((0, 10_000, 1_900), (1, -1_000, -190)),))
    assert [one.amount.minor for one in found] == [10_000, -1_000, -500, 1_710]
    shares = [[share["amount_minor"] for share in one.derivation.get("tax", {}).get("shares", [])] for one in found]
    assert shares == [["1900"], ["-190"], [], []]
    assert found[-1].description == "VAT 19 %"


def test_what_is_included_is_no_line():
    lines = (line(11_900, behavior="inclusive"),)
    [found] = taxed(lines, (vat((0, 10_000, 1_900), is_inclusive=True),))
    assert found.derivation["tax"]["behavior"] == "inclusive"


@pytest.mark.parametrize(("taxes", "is_by_gateway"), [((), True), (None, False)], ids=["of-nothing", "not-known"])
def test_lines_without_tax_say_whether_there_is_none_or_nobody_knows(taxes, is_by_gateway):
    found = taxed((line(10_000),), taxes)
    assert [one.amount.minor for one in found] == [10_000]
    assert is_taxed_by_gateway(found) == is_by_gateway
    assert lacks_location(found) != is_by_gateway
    assert not awaits_gateway_tax(found, BY_STRIPE), "it was asked for"


def test_an_answer_about_other_lines_is_not_taken():
    asked = GatewayTaxation(BY_STRIPE, (line(10_000),), (vat((0, 10_000, 1_900)),))
    with pytest.raises(Conflict):
        with_gateway_taxes((line(20_000),), asked, plan_version_id=None, period=MONTH)


@pytest.mark.parametrize(
    ("lines", "settings", "awaits"),
    [
        ((line(100),), BY_STRIPE, True),
        ((line(100),), replace(BY_STRIPE, provider="own"), False),
        ((line(100),), replace(BY_STRIPE, is_enabled=False), False),
        ((line(0),), BY_STRIPE, False),
        ((line(-100, "credit_balance"),), BY_STRIPE, False),
        ((), BY_STRIPE, False),
    ],
)
def test_the_processor_is_asked_where_something_is_taxed_by_it(lines, settings, awaits):
    assert awaits_gateway_tax(lines, settings) == awaits


def test_the_processor_is_told_what_each_line_is():
    told = told_of((line(100, code="books", behavior="inclusive"), line(50), line(-20, "credit_balance")), BY_STRIPE)
    assert [(one.is_taxed, one.code, one.is_inclusive) for one in told] == [
        (True, "books", True),
        (True, "software", False),
        (False, None, False),
    ]
