"""Archive a plan."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.catalog.lifecycle import after
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.sync_catalogue import mark_for_sync


def archive_plan(engine: Engine, *, plan_key: str, actor: str = "operator") -> Plan:
    """Take a plan off the market for good; whoever has agreed to it keeps it, and pricing tables pass it over.

    Raises:
        UnknownPlan: there is no such plan.
        PlanNotPublished, PlanArchived: it is a draft, or archived already.
    """
    with engine.begin() as tx:
        before = tx.catalog.lock_plan(plan_key)
        plan = replace(before, status=after(before.status, "archive"))
        tx.catalog.save_plan(plan)
        mark_for_sync(tx, plan_key)
        tx.audit.record(actor, "plan.archive", plan_key[:128], engine.now(), before=before, after=plan)
    return plan
