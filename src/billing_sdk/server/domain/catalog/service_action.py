"""Service actions: what happens again at every service interval; here, that credit is granted.

They have no versions: what they grant never changes, and another grant is another service action.
Source: Stripe documentation, "How advanced usage-based billing works", Service action concepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing_sdk.errors import InvalidAmount, InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog.component import CreditGrant
from billing_sdk.server.domain.catalog.labels import checked_lookup_key, checked_name
from billing_sdk.server.domain.catalog.metered_item import MeteredItem
from billing_sdk.server.domain.periods import Cadence

CreditCategory = Literal["paid", "promotional"]
CATEGORIES: frozenset[str] = frozenset({"paid", "promotional"})
LAST_PRIORITY = 1000
MOST_ITEMS = 20


@dataclass(frozen=True, slots=True)
class ServiceAction:
    """A recurring grant of credit, immutable but for its name and lookup key.

    Attributes:
        id: starts with `action_`.
        amount: granted at the start of each service interval: money, or units.
        items: the metered items whose charges it can pay; empty for all metered ones.
        expires_with_interval: what is left at the end of the interval is gone.
        priority: 0 is used up first, 1000 last.
    """

    id: str
    name: str
    amount: Money
    service: Cadence
    created_at: datetime
    items: tuple[MeteredItem, ...] = ()
    expires_with_interval: bool = True
    category: CreditCategory = "promotional"
    priority: int = 50
    lookup_key: str | None = None

    def __post_init__(self) -> None:
        checked_name(self.name)
        checked_lookup_key(self.lookup_key)
        if self.amount.minor <= 0:
            raise InvalidAmount("what is granted is more than zero")
        if not 0 <= self.priority <= LAST_PRIORITY:
            raise InvalidRequest(f"priority is 0 to {LAST_PRIORITY}", parameter="priority")
        if self.category not in CATEGORIES:
            raise InvalidRequest(f"category is one of {', '.join(sorted(CATEGORIES))}", parameter="category")
        if len(self.items) > MOST_ITEMS:
            raise InvalidRequest(f"items names at most {MOST_ITEMS} items", parameter="items")

    def component(self, *, component_id: str, key: str) -> CreditGrant:
        """Return it as what a plan version is made of."""
        return CreditGrant(
            id=component_id,
            key=key,
            name=self.name,
            amount=self.amount,
            service=self.service,
            expires_with_interval=self.expires_with_interval,
            applies_to=tuple(dict.fromkeys(item.feature_key for item in self.items)),
            category=self.category,
            priority=self.priority,
            items=tuple(item.id for item in self.items),
        )
