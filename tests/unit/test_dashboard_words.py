"""Every status, step and kind that the dashboard may have to name has words."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest

from billing_sdk.errors import InvalidAmount
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreementStatus
from billing_sdk.server.domain.catalog import Units
from billing_sdk.server.domain.credits import GrantStatus, MovementKind
from billing_sdk.server.domain.invoicing import DisputeKind, DisputeStatus, InvoiceStatus
from billing_sdk.server.pages.dashboard import disputes, statuses
from billing_sdk.server.pages.dashboard.amounts import amount_words, number_typed, read_amount, shown_amount
from billing_sdk.server.pages.dashboard.credits import MOVEMENTS
from billing_sdk.server.pages.dashboard.listing import address
from billing_sdk.server.words import Language, languages_in


@pytest.fixture(scope="module")
def english() -> Language:
    return languages_in().best(["en"])


@pytest.mark.parametrize(
    ("table", "kinds"),
    [
        (statuses.AGREEMENT_STATUSES, AgreementStatus),
        (statuses.INVOICE_STATUSES, InvoiceStatus),
        (statuses.DISPUTE_STATUSES, DisputeStatus),
        (statuses.DISPUTE_KINDS, DisputeKind),
        (statuses.GRANT_STATUSES, GrantStatus),
        (disputes.OUTCOMES, DisputeKind),
        (MOVEMENTS, MovementKind),
    ],
)
def test_whatever_may_stand_in_a_cell_has_words(table, kinds):
    assert set(table) == set(get_args(kinds))


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("25", "USD", 2_500),
        ("25.5", "EUR", 2_550),
        ("25,50", "EUR", 2_550),
        ("1,234.50", "USD", 123_450),
        ("1 234.5", "USD", 123_450),
        ("300", "JPY", 300),
        ("0.125", "KWD", 125),
        ("1.250", "KWD", 1_250),
        ("1.000,00", "EUR", 100_000),
        ("1,000,000", "USD", 100_000_000),
    ],
)
def test_an_amount_is_read_as_people_write_it(typed, currency, minor):
    assert read_amount(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "typed", ["", "abc", "1.005", "NaN", "Infinity", "1e30", "0x10", "--1", "1,000", "1.000", "1e3", "1_000", "٣٤"]
)
def test_what_is_no_amount_is_refused(typed):
    with pytest.raises(InvalidAmount):
        read_amount(typed, "USD")


def test_a_price_in_a_field_is_read_as_what_it_was_written_from():
    for text, shown in (("29", "29"), ("0.001", "0.001"), ("1.125", "1.1250"), ("1234.567", "1234.567")):
        assert shown_amount(Decimal(text), 2) == shown
        assert number_typed(shown, 2) == Decimal(text)


def test_units_of_the_sellers_own_are_not_written_as_money(english):
    assert english.write(amount_words(Units(2_500_000, "unit_ai"))) == "2.5 unit_ai"
    assert english.write(amount_words(Money(2_500, "USD"))) == "US$25.00"


def test_links_of_a_list_leave_out_what_says_nothing():
    assert address("/dashboard/customers", {"plan": "", "q": "a&b=<c>"}) == "/dashboard/customers?q=a%26b%3D%3Cc%3E"
