"""Find the plan that a customer gets where none is named."""

from __future__ import annotations

from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.usecases.engine import Engine


def find_default_plan(engine: Engine, *, kind: CustomerKind) -> Plan | None:
    """Return the first published plan of the default group for customers of one kind, if there is one."""
    with engine.read() as tx:
        plans = [
            plan
            for plan in tx.catalog.list_plans()
            if plan.status == "published" and plan.kind == "plan" and plan.group.scope == kind
        ]
    # The catalogue lists plans by group and position; a stable sort keeps that inside of each group.
    return min(plans, key=lambda plan: not plan.group.is_default, default=None)
