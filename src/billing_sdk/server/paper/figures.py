"""Amounts, quantities and days as a language writes them (Unicode Common Locale Data Repository).

Digits are the European ones in every language: numbers of invoices and of taxes are compared with what other documents
say.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import NumberPattern, format_decimal, format_percent

from billing_sdk.money import EXACT, Money, digits_of, exponent
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.paper.model import Direction
from billing_sdk.server.paper.text import from_the_left, from_the_right, plain

# The figures of English are those of no country, but for whoever asks for those of one.
LOCALES: Final[Mapping[str, str]] = {"en": "en_001", "en-US": "en_US"}
SPAN = "{start} – {end}"  # noqa: RUF001 - the dash between two days


@dataclass(frozen=True, slots=True)
class Figures:
    """How one language writes figures."""

    locale: Locale

    @classmethod
    def of(cls, language: str) -> Figures:
        """Return those of a language tag."""
        return _figures(LOCALES.get(language, language.replace("-", "_")))

    @property
    def direction(self) -> Direction:
        """Where a line of text begins."""
        return "rtl" if self.locale.text_direction == "rtl" else "ltr"

    def money(self, amount: Money) -> str:
        """Write an amount with the digits that ISO 4217 gives its currency."""
        return self._with_currency(amount.major, amount.currency, exponent(amount.currency))

    def exact(self, minor: Decimal, currency: str) -> str:
        """Write an amount that may be finer than the smallest coin, with every digit that it has.

        Args:
            minor: in minor units.
            currency: what they are units of; it has its usual digits at least.
        """
        major = minor.scaleb(-exponent(currency), EXACT)
        digits = len(digits_of(major).partition(".")[2])
        return self._with_currency(major, currency, max(digits, exponent(currency)))

    def _with_currency(self, major: Decimal, currency: str, digits: int) -> str:
        """Write an amount in the main unit, with so many digits after the point.

        In languages that run from the right the currency stands as its code: their signs hold dots and controls that
        fall apart once a text is taken out of its line. The code stands to the left of the digits there, whatever is
        around the amount, and a minus sign before them.
        """
        if self.direction == "rtl":
            zeros = f".{'0' * digits}" if digits else ""
            digits_of_it = plain(format_decimal(major, f"#,##0{zeros}", self.locale))
            return from_the_right(f"{from_the_left(digits_of_it)}\u00a0{currency}")
        pattern: NumberPattern = copy.copy(self.locale.currency_formats["standard"])
        pattern.frac_prec = (digits, digits)
        written = pattern.apply(major, self.locale, currency=currency, currency_digits=False)
        # A currency that has no sign in the language stands as its code, which does not touch the digits.
        return plain(re.sub(rf"{currency}(?=\d)", f"{currency}\u00a0", written))

    def quantity(self, value: Decimal) -> str:
        """Write how much was used, with every digit that it has."""
        places = len(digits_of(value).partition(".")[2])
        return plain(format_decimal(value, f"#,##0.{'0' * places}" if places else "#,##0", self.locale))

    def percent(self, value: Decimal) -> str:
        """Write a rate: 19 is 19 %."""
        return plain(format_percent(value / 100, locale=self.locale, decimal_quantization=False))

    def day(self, at: datetime) -> str:
        """Write a day in UTC."""
        return plain(format_date(at.astimezone(UTC).date(), "long", self.locale))

    def short_day(self, at: datetime) -> str:
        """Write a day in UTC by its day and month in digits, as an axis has room for."""
        return plain(format_skeleton("Md", at.astimezone(UTC), locale=self.locale))

    def moment(self, at: datetime) -> str:
        """Write an instant, to the minute, in UTC."""
        return plain(f"{format_datetime(at.astimezone(UTC), 'medium', locale=self.locale)} UTC")

    def period(self, period: Period) -> str:
        """Write when something was used or paid for; the last instant of a period is not in it any more."""
        start, end = self.day(period.start), self.day(period.end)
        return start if start == end else SPAN.format(start=start, end=end)

    def country(self, code: str) -> str:
        """Return what a country is called."""
        return plain(self.locale.territories.get(code, code))


@lru_cache(maxsize=16)
def _figures(language: str) -> Figures:
    return Figures(Locale.parse(language))
