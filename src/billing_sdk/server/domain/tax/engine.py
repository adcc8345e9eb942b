"""The tax engine: which rates hold for what is sold to somebody.

The engine that comes with the server knows the rates that the operator has entered. A country's rates and those of a
region add up, unless the region's replace them. On each of the two levels the rates for a tax code take the place of
the general ones: where books have a reduced rate, the standard rate is not charged on them as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from billing_sdk.server.domain.tax.location import Location
from billing_sdk.server.domain.tax.rate import TaxRate


class TaxEngine(Protocol):
    """Knows rates."""

    def rates_for(
        self, location: Location, tax_codes: Collection[str | None], at: datetime
    ) -> Mapping[str | None, tuple[TaxRate, ...]]:
        """Return the rates of each tax code, all codes of an invoice at once.

        Args:
            location: where the customer is.
            tax_codes: kinds of what is sold; None stands for what has no tax code.
            at: when it is sold.
        """


@dataclass(frozen=True, slots=True)
class RateTable:
    """The engine that comes with the server; `rates` are all that could hold in the places that it is asked about."""

    rates: tuple[TaxRate, ...]

    def rates_for(
        self, location: Location, tax_codes: Collection[str | None], at: datetime
    ) -> Mapping[str | None, tuple[TaxRate, ...]]:
        """Return the rates of each tax code; none where the operator has entered none."""
        valid = [rate for rate in self.rates if rate.holds_in(location) and rate.holds_at(at)]
        return {code: _for_code(valid, code) for code in tax_codes}


def _for_code(valid: list[TaxRate], tax_code: str | None) -> tuple[TaxRate, ...]:
    of_region = _most_specific([rate for rate in valid if rate.region is not None], tax_code)
    if any(rate.replaces_country for rate in of_region):
        return of_region
    return _most_specific([rate for rate in valid if rate.region is None], tax_code) + of_region


def _most_specific(rates: list[TaxRate], tax_code: str | None) -> tuple[TaxRate, ...]:
    general = tuple(rate for rate in rates if rate.tax_code is None)
    if tax_code is None:
        return general
    return tuple(rate for rate in rates if rate.tax_code == tax_code) or general
