"""Plans for the tests of the portal's plan pages: one that is paid by the number of desks, and usage of another."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, VersionContent
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage

DESK_PRICE = Terms(PerUnit(Decimal(1_000)))


def seat_plan(engine: Engine, key: str = "desks") -> None:
    """Sell a plan, in a group of its own, for 10.00 USD a month and desk, from 2 to 50 of them."""
    add_plan_group(engine, key=f"group_of_{key}", name=f"Group of {key}", scope="user")
    add_feature(engine, key="desk", name="Desks", feature_type="metered", unit_name="desk")
    fee = LicenceFee("fee_1", "desk", "Desk", "USD", DESK_PRICE)
    bounds = Entitlement("entitlement_1", "desk", "Desks", limit_max=50, limit_min=2)
    content = VersionContent((fee, bounds))
    create_plan(engine, key=key, name="Desks", group_key=f"group_of_{key}", content=content)
    publish_plan(engine, plan_key=key)


def use(engine: Engine, agreement_id: str, tokens: int) -> None:
    """Record usage of the demo's metered feature."""
    record_usage(engine, agreement_id=agreement_id, feature_key="ai_tokens", value=str(tokens))
