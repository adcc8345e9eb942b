"""One-time items: what is charged once, whenever there is a reason to, as it is named on invoices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from billing_sdk.server.domain.catalog.component import check_tax
from billing_sdk.server.domain.catalog.labels import (
    checked_lookup_key,
    checked_metadata,
    checked_name,
    checked_unit_label,
)


@dataclass(frozen=True, slots=True)
class OneTimeItem:
    """Something that no interval belongs to, such as units of credit beyond those that were granted.

    Attributes:
        id: starts with `item_`.
        unit_label: what one unit is called on an invoice.
        tax_code: what kind of thing it is, where places tax it at a rate of its own; the billing profile's if None.
    """

    id: str
    name: str
    created_at: datetime
    unit_label: str = ""
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tax_code: str | None = None

    def __post_init__(self) -> None:
        checked_name(self.name)
        checked_lookup_key(self.lookup_key)
        checked_unit_label(self.unit_label)
        checked_metadata(self.metadata)
        check_tax(self.tax_code)

    @property
    def tax_codes(self) -> frozenset[str]:
        """Its tax code, if it has one."""
        return frozenset() if self.tax_code is None else frozenset({self.tax_code})
