"""Tax rates: a percentage that holds in a place, for a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.tax.location import Location, check_place

HUNDRED = Decimal(100)
FINEST_PERCENT = -4


@dataclass(frozen=True, slots=True)
class AppliedRate:
    """A rate as it was charged; what is given back later is taxed by it, whatever has become of the rate."""

    rate_id: str
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TaxRate:
    """What a place takes of what is sold there; it never changes, but for its end.

    Attributes:
        id: starts with `taxrate_`.
        country: two capital letters (ISO 3166-1 alpha-2).
        percent: 0 to 100, with at most four decimals; 0 for what is exempt.
        name: what invoices call it, such as `VAT`.
        region: the part of the country that it holds in; None for all of it.
        tax_code: the kind of goods that it is for; None for all that have no rate of their own there.
        replaces_country: the region charges it in place of the country's rates; otherwise in addition to them.
        valid_from: since when it holds; None for always.
        valid_until: the instant from which it holds no more; one that ends when it begins never holds.

    Raises:
        InvalidRequest: a member can't be, such as a region's rate without a region; the fact `parameter` names it.
    """

    id: str
    country: str
    percent: Decimal
    name: str = "VAT"
    region: str | None = None
    tax_code: str | None = None
    replaces_country: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def __post_init__(self) -> None:
        check_place(self.country, self.region)
        checked_name(self.name)
        exponent = self.percent.as_tuple().exponent
        if not isinstance(exponent, int) or not 0 <= self.percent <= HUNDRED or exponent < FINEST_PERCENT:
            raise InvalidRequest("percent is 0 to 100, with at most four decimals", parameter="percent")
        if self.replaces_country and self.region is None:
            raise InvalidRequest("only a rate of a region replaces those of its country", parameter="replaces_country")
        if self.valid_from is not None and self.valid_until is not None and self.valid_until < self.valid_from:
            raise InvalidRequest("valid_until is before valid_from", parameter="valid_until")

    @property
    def applied(self) -> AppliedRate:
        """What an invoice keeps of it."""
        return AppliedRate(self.id, self.name, self.percent)

    def holds_at(self, at: datetime) -> bool:
        """Tell whether it holds at an instant; the one at which it ends is out."""
        has_begun = self.valid_from is None or self.valid_from <= at
        return has_begun and (self.valid_until is None or at < self.valid_until)

    def holds_in(self, location: Location) -> bool:
        """Tell whether it holds in a place."""
        return location.is_in(self.country, self.region)

    def ended(self, at: datetime) -> TaxRate:
        """Return the rate as it is when it holds no more from an instant on; never, where it has not begun by then."""
        return replace(self, valid_until=at if self.valid_from is None else max(at, self.valid_from))

    def collides_with(self, other: TaxRate) -> bool:
        """Tell whether it and another rate would both be charged, at some time, where one of them is meant."""
        is_one_tax = self._what == other._what and self._ever_holds and other._ever_holds
        return is_one_tax and self._begins_before_end_of(other) and other._begins_before_end_of(self)

    @property
    def _ever_holds(self) -> bool:
        return self.valid_from is None or self.valid_from != self.valid_until

    @property
    def _what(self) -> tuple[str, str | None, str | None, str]:
        return self.country, self.region and self.region.upper(), self.tax_code, self.name

    def _begins_before_end_of(self, other: TaxRate) -> bool:
        return self.valid_from is None or other.valid_until is None or self.valid_from < other.valid_until
