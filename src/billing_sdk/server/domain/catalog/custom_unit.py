"""Custom pricing units: what usage is priced in where that is no currency, such as credits or tokens of one's own.

Source: Stripe documentation, "Custom pricing units".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.catalog.labels import checked_lookup_key, checked_metadata, checked_name
from billing_sdk.server.domain.catalog.units import PricedIn

LONGEST_UNIT_NAME = 10


@dataclass(frozen=True, slots=True)
class CustomUnit:
    """A unit of a business's own.

    Attributes:
        id: starts with `unit_`.
        name: what an invoice calls it, such as `Credits`.
        is_active: nothing new can be priced in it, or granted of it, while it is not.
    """

    id: str
    name: str
    created_at: datetime
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    is_active: bool = True

    def __post_init__(self) -> None:
        if len(checked_name(self.name)) > LONGEST_UNIT_NAME:
            raise InvalidRequest(
                f"display_name of a unit has at most {LONGEST_UNIT_NAME} characters", parameter="display_name"
            )
        checked_lookup_key(self.lookup_key)
        checked_metadata(self.metadata)

    @property
    def priced_in(self) -> PricedIn:
        """Return it as a rate names it that has no overage rate."""
        return PricedIn(self.id, self.name)
