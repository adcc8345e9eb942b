"""Where a customer is, as far as tax depends on it."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.customers.countries import COUNTRIES

# Member states, by ISO 3166-1 (Greece is GR here, and EL in VAT numbers).
EUROPEAN_UNION = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
# What people write in place of the code that ISO 3166-1 has.
MISTAKEN = {"UK": "GB", "EL": "GR"}
LONGEST_REGION = 64


@dataclass(frozen=True, slots=True)
class Location:
    """A place that taxes.

    Attributes:
        country: two capital letters (ISO 3166-1 alpha-2).
        region: a state, province or territory within it, such as `BC`; upper and lower case are the same.

    Raises:
        InvalidRequest: the country is no such code, or the region is empty or longer than 64 characters.
    """

    country: str
    region: str | None = None

    def __post_init__(self) -> None:
        check_place(self.country, self.region)

    def is_in(self, country: str, region: str | None) -> bool:
        """Tell whether it lies in a country, or in a region of it."""
        if self.country != country:
            return False
        return region is None or (self.region is not None and self.region.upper() == region.upper())


def check_place(country: str, region: str | None) -> None:
    """Let a country and a region of it pass.

    Raises:
        InvalidRequest: as `Location`.
    """
    if country in MISTAKEN:
        raise InvalidRequest(
            f"country {country} is not in ISO 3166-1", remedy=f"Write {MISTAKEN[country]}.", parameter="country"
        )
    if country not in COUNTRIES:
        raise InvalidRequest(f"country {country[:16]!r} is no code of a country", parameter="country")
    if region is not None and not 0 < len(region.strip()) <= LONGEST_REGION:
        raise InvalidRequest(f"region is 1 to {LONGEST_REGION} characters, or absent", parameter="region")
