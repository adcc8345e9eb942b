"""The plan of somebody new who is shown no pricing table: the one on it that costs nothing."""

from __future__ import annotations

from billing_sdk.server.domain.catalog import PricingTable
from billing_sdk.server.domain.catalog.offer import Visit, offer_for
from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.domain.workspace import PLAN_GROUP
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.engine import Engine


def free_plan_of(tx: UnitOfWork, engine: Engine, journey: Journey) -> str | None:
    """Return the key of the plan that somebody new gets without a choice; None where a table is shown to choose from.

    That is the first one that can never cost anything on the table which would have been shown; None where it has none.
    """
    is_new = journey.is_new_user or journey.is_new_organization
    if not is_new or journey.pricing_table_key or billing_settings(tx, engine).show_pricing_table_at_sign_up:
        return None
    table = _table(tx, journey)
    if table is None:
        return None
    plans = {plan.key: plan for plan in tx.catalog.list_plans(table.plan_keys) if plan.status == "published"}
    return next((key for key in table.plan_keys if key in plans and plans[key].version.is_free), None)


def _table(tx: UnitOfWork, journey: Journey) -> PricingTable | None:
    """Return the table that would have been shown: a default one, since one that the link names is shown."""
    tables = [table for table in tx.pricing_tables.list() if table.group.key != PLAN_GROUP]
    visit = Visit(is_new_user=journey.is_new_user, is_new_organization=journey.is_new_organization)
    kind = offer_for(visit, frozenset(table.group.scope for table in tables))
    return next((table for table in tables if table.group.scope == kind), None)
