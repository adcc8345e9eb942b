"""Amounts, quantities and days in each language."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.money import EXPONENTS, Money, exponent
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.paper.figures import Figures

FROM_FEBRUARY = Period(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("language", "amount", "written"),
    [
        ("en", Money(-123_456, "EUR"), "-€1,234.56"),
        ("de", Money(123_456, "EUR"), "1.234,56 €"),
        ("fr", Money(123_456, "EUR"), "1\u202f234,56 €"),
        ("es", Money(1_234_567, "EUR"), "12.345,67 €"),
        ("tr", Money(123_456, "TRY"), "₺1.234,56"),
        ("ja", Money(123_456, "JPY"), "￥123,456"),
        ("ar", Money(-123_456, "KWD"), "\u2067\u2066-123.456\u2069 KWD\u2069"),
        ("ar", Money(123_456, "JPY"), "\u2067\u2066123,456\u2069 JPY\u2069"),
        ("en-US", Money(0, "JPY"), "¥0"),
        ("en", Money(2_900, "USD"), "US$29.00"),
        ("en", Money(5, "KWD"), "KWD 0.005"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency_and_the_signs_of_its_language(
    language: str, amount: Money, written: str
) -> None:
    assert Figures.of(language).money(amount).replace("\u00a0", " ") == written


@pytest.mark.parametrize(
    ("language", "minor", "currency", "written"),
    [
        ("en-US", "0.02", "USD", "$0.0002"),
        ("en", "0.02", "USD", "US$0.0002"),
        ("de", "-123456.789", "EUR", "-1.234,56789 €"),
        ("tr", "0.5", "TRY", "₺0,005"),
        ("ar", "0.02", "USD", "\u2067\u20660.0002\u2069 USD\u2069"),
        ("ja", "0.25", "JPY", "￥0.25"),
        ("en", "250", "USD", "US$2.50"),
        ("en", "0.000000000001", "USD", "US$0.00000000000001"),
    ],
)
def test_an_amount_below_a_coin_keeps_every_digit_and_the_sign_of_its_currency(
    language: str, minor: str, currency: str, written: str
) -> None:
    assert Figures.of(language).exact(Decimal(minor), currency).replace("\u00a0", " ") == written


@pytest.mark.parametrize("currency", [*EXPONENTS, "EUR", "USD"])
def test_no_currency_loses_or_gains_a_digit(currency: str) -> None:
    written = Figures.of("en").money(Money(1_234_567, currency))
    digits = "".join(one for one in written if one.isdigit())
    assert digits == "1234567"
    assert written.endswith(digits[-exponent(currency) :] if exponent(currency) else "567")


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "1,234.5"), ("de", "1.234,5"), ("fr", "1\u202f234,5"), ("ar", "1,234.5"), ("ja", "1,234.5")],
)
def test_a_quantity_is_written_with_every_digit_that_it_has(language: str, written: str) -> None:
    assert Figures.of(language).quantity(Decimal("1234.500000")) == written


@pytest.mark.parametrize(
    ("language", "day", "period"),
    [
        ("en", "1 March 2026", "1 February 2026 – 1 March 2026"),  # noqa: RUF001 - the dash between two days
        ("en-US", "March 1, 2026", "February 1, 2026 – March 1, 2026"),  # noqa: RUF001
        ("de", "1. März 2026", "1. Februar 2026 – 1. März 2026"),  # noqa: RUF001
        ("ja", "2026年3月1日", "2026年2月1日 – 2026年3月1日"),  # noqa: RUF001
        ("ar", "1 مارس 2026", "1 فبراير 2026 – 1 مارس 2026"),  # noqa: RUF001
    ],
)
def test_days_are_written_as_the_language_writes_them(language: str, day: str, period: str) -> None:
    figures = Figures.of(language)
    assert (figures.day(FROM_FEBRUARY.end), figures.period(FROM_FEBRUARY)) == (day, period)


def test_what_happens_within_a_day_has_that_day() -> None:
    noon = datetime(2026, 2, 1, 12, tzinfo=UTC)
    assert Figures.of("en").period(Period(noon, noon.replace(hour=13))) == "1 February 2026"


def test_a_country_is_called_what_the_reader_calls_it() -> None:
    assert [Figures.of(one).country("DE") for one in ("en", "de", "fr", "tr", "ja")] == [
        "Germany",
        "Deutschland",
        "Allemagne",
        "Almanya",
        "ドイツ",
    ]
