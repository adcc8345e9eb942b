"""Overage rates: what a rate card charges for units that no grant covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from billing_sdk.server.domain.catalog.custom_unit import CustomUnit
from billing_sdk.server.domain.catalog.labels import checked_metadata
from billing_sdk.server.domain.catalog.one_time_item import OneTimeItem
from billing_sdk.server.domain.catalog.units import OverageTerms
from billing_sdk.server.domain.rating.bounds import require_amount


@dataclass(frozen=True, slots=True)
class OverageRate:
    """What a rate card charges for units that no grant covers; it never changes, another one takes its place.

    Attributes:
        id: starts with `overage_`.
        unit_amount: what a whole unit costs, in exact minor units.
        item: what the invoice calls the charge.
        since: the number of the first version of the card that it belongs to.
        until: the number of the first version that it does not belong to any more; None where there is none yet.
    """

    id: str
    unit: CustomUnit
    unit_amount: Decimal
    item: OneTimeItem
    created_at: datetime
    since: int = 1
    until: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_amount(self.unit_amount, "unit_amount")
        checked_metadata(self.metadata)

    def is_in(self, number: int) -> bool:
        """Tell whether it belongs to a version."""
        return self.since <= number and (self.until is None or number < self.until)

    @property
    def terms(self) -> OverageTerms:
        """Return it as a rate has it."""
        return OverageTerms(self.id, self.item.name, self.unit_amount, self.item.tax_code)
