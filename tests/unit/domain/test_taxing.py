"""Taxes on the lines of an invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing_sdk.money import Money, total
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.domain.collection import TaxSettings
from billing_sdk.server.domain.invoicing import Behind, Invoice, InvoiceLine, explanation_of, unused_time
from billing_sdk.server.domain.invoicing.derivation import explain
from billing_sdk.server.domain.invoicing.tax_document import line_tax, tax_amounts
from billing_sdk.server.domain.invoicing.taxing import Taxation, shares_of_part, with_taxes
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.tax import Location, RateTable, TaxRate
from tests.explaining import recomputed_amount

START = datetime(2026, 3, 1, tzinfo=UTC)
MONTH = Period(START, START + timedelta(days=30))
VAT = TaxRate("taxrate_vat", "DE", Decimal(19))
BOOKS = TaxRate("taxrate_books", "DE", Decimal(7), tax_code="e_book")
ON = TaxSettings(is_enabled=True)
GERMANY = Taxation(ON, RateTable((VAT, BOOKS)), Location("DE"), is_reverse_charged=False, at=START)


def line(minor: int, kind: Any = "licence_fee", *, component: str = "fee", **facts: Any) -> InvoiceLine:
    derivation = explain(kind, plan_version_id="version", component_id=component, period=MONTH, **facts)
    return InvoiceLine(kind, Money(minor, "EUR"), MONTH, "version", component, derivation=derivation)


def taxed(*lines: InvoiceLine, taxation: Taxation = GERMANY) -> tuple[InvoiceLine, ...]:
    return with_taxes(lines, taxation, currency="EUR", plan_version_id="version", period=MONTH)


def added(lines: tuple[InvoiceLine, ...]) -> list[tuple[str, int]]:
    return [(one.description, one.amount.minor) for one in lines if one.kind == "tax"]


def amounts(lines: tuple[InvoiceLine, ...]) -> list[tuple[int, int, bool]]:
    """Base, amount and kind of each rate, as the lines tell them."""
    taxes = [tax for one in lines if (tax := line_tax(one.derivation, "EUR")) is not None]
    return [(tax.base.minor, tax.amount.minor, tax.is_inclusive) for tax in tax_amounts(taxes)]


# Each: the lines; what is added at the end; base, amount and kind of each rate.
INVOICES: dict[str, tuple[list[InvoiceLine], list[tuple[str, int]], list[tuple[int, int, bool]]]] = {
    "a fee": ([line(10_000)], [("VAT 19 %", 1_900)], [(10_000, 1_900, False)]),
    "a fee and usage are taxed together": (
        [line(13), line(13, "usage", component="rate")],
        [("VAT 19 %", 5)],
        [(26, 5, False)],
    ),
    "a tax code has a rate of its own": (
        [line(10_000), line(10_000, component="book", tax={"code": "e_book"})],
        [("VAT 19 %", 1_900), ("VAT 7 %", 700)],
        [(10_000, 1_900, False), (10_000, 700, False)],
    ),
    "a discount has the tax code of what it lowers": (
        [line(10_000, component="book", tax={"code": "e_book"}), line(-5_000, "discount", component="book")],
        [("VAT 7 %", 350)],
        [(5_000, 350, False)],
    ),
    "credit that pays for usage comes off before tax": (
        [line(10_000, "usage"), line(-4_000, "credit_grant", component="grant", line="1")],
        [("VAT 19 %", 1_140)],
        [(6_000, 1_140, False)],
    ),
    "credit has the tax code of the usage that it pays for": (
        [
            line(10_000, "usage"),
            line(10_000, "usage", component="book", tax={"code": "e_book"}),
            line(-4_000, "credit_grant", component="grant", line="2"),
        ],
        [("VAT 19 %", 1_900), ("VAT 7 %", 420)],
        [(10_000, 1_900, False), (6_000, 420, False)],
    ),
    "a customer's own money is not taxed": (
        [line(10_000), line(-4_000, "credit_balance", component="credit_balance")],
        [("VAT 19 %", 1_900)],
        [(10_000, 1_900, False)],
    ),
    "a price that includes tax has no line of it": (
        [line(11_900, tax={"behavior": "inclusive"})],
        [],
        [(10_000, 1_900, True)],
    ),
    "what is completely paid by credit is not taxed": (
        [line(10_000, "usage"), line(-10_000, "credit_grant", component="grant", line="1")],
        [],
        [(0, 0, False)],
    ),
    "an invoice without lines has no tax": ([], [], []),
}


@pytest.mark.parametrize("name", INVOICES)
def test_lines_are_taxed(name: str) -> None:
    """And what was there stays as it was, but for what it says of tax."""
    lines, expected, rates = INVOICES[name]
    done = taxed(*lines)
    assert added(done) == expected
    assert amounts(done) == rates
    assert [(one.amount, one.kind) for one in done[: len(lines)]] == [(one.amount, one.kind) for one in lines]


def test_the_billing_profile_decides_where_a_component_says_nothing() -> None:
    """Both the tax code, and whether prices include tax."""
    settings = replace(ON, default_tax_code="e_book", behavior="inclusive")
    done = taxed(
        line(10_700), line(10_000, tax={"behavior": "exclusive"}), taxation=replace(GERMANY, settings=settings)
    )
    assert amounts(done) == [(10_000, 700, True), (10_000, 700, False)]
    assert added(done) == [("VAT 7 %", 700)]


def test_a_business_elsewhere_pays_no_tax_and_its_invoice_says_why() -> None:
    """Reverse charge is a rate of nothing, which the invoice names with its base."""
    done = taxed(line(10_000), taxation=replace(GERMANY, is_reverse_charged=True))
    assert added(done) == []
    tax = line_tax(done[0].derivation, "EUR")
    assert tax is not None
    assert (tax.treatment, [share.rate.name for share in tax.shares]) == ("reverse_charge", ["Reverse charge"])
    assert amounts(done) == [(10_000, 0, False)]


def test_without_a_location_there_is_no_tax_and_lines_say_why() -> None:
    """Whether the invoice is issued at all is another question."""
    done = taxed(line(10_000), taxation=replace(GERMANY, location=None))
    tax = line_tax(done[0].derivation, "EUR")
    assert tax is not None
    assert (added(done), tax.treatment, tax.shares) == ([], "location_missing", ())


def test_a_place_without_rates_takes_nothing() -> None:
    """Nobody entered a rate for it, so nothing is owed there."""
    done = taxed(line(10_000), taxation=replace(GERMANY, location=Location("JP")))
    assert (added(done), amounts(done)) == ([], [])


HALF = MONTH.start + timedelta(days=15)


def given_back(charged: tuple[InvoiceLine, ...]) -> tuple[InvoiceLine, ...]:
    return unused_time(charged, at=HALF, zone="UTC", policies=Policies())


def test_what_is_given_back_is_taxed_as_it_was_charged() -> None:
    """Though the rate is another one by then; half a month gives back half the tax."""
    charged = taxed(line(10_000), line(10_000, component="book", tax={"code": "e_book"}))
    dearer = replace(GERMANY, engine=RateTable((replace(VAT, id="taxrate_new", percent=Decimal(25)), BOOKS)))
    done = taxed(*given_back(charged), line(20_000, component="new"), taxation=dearer)
    assert added(done) == [("VAT 19 %", -950), ("VAT 7 %", -350), ("VAT 25 %", 5_000)]


def test_what_was_charged_without_tax_is_given_back_without() -> None:
    """Tax was switched on in the middle of the period, or the place was not known."""
    for charged in ((line(10_000),), taxed(line(10_000), taxation=replace(GERMANY, location=None))):
        done = taxed(*given_back(charged), line(20_000, component="new"))
        assert added(done) == [("VAT 19 %", 3_800)]


def test_what_is_given_back_completely_gives_back_all_of_its_tax() -> None:
    """Line by line, so that invoice and correction add up to nothing."""
    seats = line(13, component="seats"), line(-3, "discount", component="seats", of="licence_fee")
    charged = taxed(line(13), *seats)
    back = unused_time(charged, at=MONTH.start, zone="UTC", policies=Policies())
    assert total([one.amount for one in (*charged, *taxed(*back))], "EUR") == Money(0, "EUR")


def test_parts_of_a_line_have_all_of_its_tax_between_them() -> None:
    """However a credit note is followed by others."""
    (one, _) = taxed(line(9_999))
    first = shares_of_part(one, part=Money(3_333, "EUR"), before=Money(0, "EUR"))
    rest = shares_of_part(one, part=Money(6_666, "EUR"), before=Money(3_333, "EUR"))
    assert [share.amount.minor for share in (*first, *rest)] == [633, 1_267]
    assert [share.base.minor for share in (*first, *rest)] == [3_333, 6_666]
    assert shares_of_part(line(9_999), part=Money(1, "EUR"), before=Money(0, "EUR")) == ()


def test_a_tax_is_computed_again_from_its_explanation() -> None:
    """From the lines that it is on, and its percentage."""
    lines = taxed(line(9_999), line(-3_333, "discount"), line(50, component="book", tax={"code": "e_book"}))
    invoice = Invoice("invoice_1", "INV-1", "customer_1", None, "issued", "EUR", lines, START)
    told = {
        number: explanation_of(invoice, number, Behind()) for number, one in enumerate(lines, 1) if one.kind == "tax"
    }
    assert {number: recomputed_amount(one) for number, one in told.items()} == {4: 1_267, 5: 4}
    assert [one["told"] for one in told.values()] == [["19% of 66.66 EUR."], ["7% of 0.50 EUR."]]
