"""Things for sale, made through the door for tests: each call makes one of its own."""

from __future__ import annotations

from typing import Any

from billing_sdk.server.api.stripe.ids import shown
from billing_sdk.server.usecases.add_feature import add_feature
from tests.contract.stripe_door.door import Door

MONTHLY = {"service_interval": "month", "service_interval_count": 1}
PRICED = {"currency": "usd", "tax_behavior": "exclusive"}


class Shelf:
    """Makes objects of the catalogue, and remembers how many."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self._made = 0

    def meter(self) -> str:
        """Return the id of a meter that measures a feature."""
        self._made += 1
        key = f"feature_{self._made}"
        add_feature(self.door.engine, key=key, name=key, feature_type="metered")
        with self.door.engine.read() as tx:
            found = tx.meters.find_by_key(key)
        assert found is not None
        return shown("meter", found.id, is_live=False)

    def metered(self, **members: Any) -> dict[str, Any]:
        """Make a metered item."""
        body = {"display_name": "Tokens", "meter": members.get("meter") or self.meter(), **members}
        return self.door.v2.post("/billing/metered_items", body)

    def licensed(self, **members: Any) -> dict[str, Any]:
        """Make a licensed item."""
        return self.door.v2.post("/billing/licensed_items", {"display_name": "Seat", **members})

    def fee(self, **members: Any) -> dict[str, Any]:
        """Make a licence fee of 20 dollars a month."""
        item = members.get("licensed_item") or self.licensed()["id"]
        price = {} if "tiers" in members else {"unit_amount": "2000"}
        body = {"display_name": "Seats", "licensed_item": item, **PRICED, **MONTHLY, **price, **members}
        return self.door.v2.post("/billing/license_fees", body)

    def card(self, **members: Any) -> dict[str, Any]:
        """Make a rate card without rates."""
        return self.door.v2.post("/billing/rate_cards", {"display_name": "Usage", **PRICED, **MONTHLY, **members})

    def rate(self, card_id: str, **members: Any) -> dict[str, Any]:
        """Price a metered item on a card."""
        item = members.get("metered_item") or self.metered()["id"]
        price = {} if "tiers" in members else {"unit_amount": "5"}
        return self.door.v2.post(f"/billing/rate_cards/{card_id}/rates", {"metered_item": item, **price, **members})

    def action(self, **members: Any) -> dict[str, Any]:
        """Make a service action that grants ten dollars a month for whatever is metered."""
        return self.door.v2.post("/billing/service_actions", action_body(**members))

    def plan(self, **members: Any) -> dict[str, Any]:
        """Make a pricing plan without components."""
        return self.door.v2.post("/billing/pricing_plans", {"display_name": "Pro", **PRICED, **members})

    def attach(self, plan_id: str, kind: str, object_id: str, **members: Any) -> dict[str, Any]:
        """Attach something to a plan."""
        body = {"type": kind, kind: {"id": object_id}, **members}
        return self.door.v2.post(f"/billing/pricing_plans/{plan_id}/components", body)


def action_body(*, scope: Any = None, grant: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """Return the body of a service action."""
    credit = {
        "name": "Monthly credit",
        "amount": {"type": "monetary", "monetary": {"value": 1000, "currency": "usd"}},
        "applicability_config": {"scope": scope or {"price_type": "metered"}},
        "expiry_config": {"type": "end_of_service_period"},
        **(grant or {}),
    }
    return {"type": "credit_grant", "credit_grant": credit, **MONTHLY, **members}
