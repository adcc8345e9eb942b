"""Archive a plan, withdraw one that may come back, and restore it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.catalog.lifecycle import after
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.sync_catalogue import mark_for_sync


def archive_plan(engine: Engine, *, plan_key: str, actor: str = "operator") -> Plan:
    """Take a plan off the market; whoever has agreed to it keeps it, and pricing tables pass it over.

    Raises:
        UnknownPlan: there is no such plan.
        PlanNotPublished, PlanArchived: it is a draft, or archived already.
    """
    return _moved(engine, plan_key, lambda plan: replace(plan, status=after(plan.status, "archive")), "archive", actor)


def withdraw_plan(engine: Engine, *, plan_key: str, actor: str = "operator") -> Plan:
    """Put a plan away, be it for sale or a draft, as `archive_plan` does with one that is for sale.

    Raises:
        UnknownPlan: there is no such plan.
        PlanArchived: it is away already.
    """
    return _moved(engine, plan_key, lambda plan: replace(plan, status=after(plan.status, "withdraw")), "archive", actor)


def restore_plan(engine: Engine, *, plan_key: str, actor: str = "operator") -> Plan:
    """Put an archived plan up for sale again, with the version that was live; one that never was is a draft again.

    Raises:
        UnknownPlan: there is no such plan.
        AlreadyPublished, PlanNotPublished: it is not archived.
    """
    return _moved(engine, plan_key, Plan.restored, "restore", actor)


def _moved(engine: Engine, plan_key: str, move: Callable[[Plan], Plan], verb: str, actor: str) -> Plan:
    with engine.begin() as tx:
        before = tx.catalog.lock_plan(plan_key)
        plan = move(before)
        tx.catalog.save_plan(plan)
        if plan.live_version_id is not None:  # a processor has never heard of what was never for sale
            mark_for_sync(tx, plan_key)
        tx.audit.record(actor, f"plan.{verb}", plan_key[:128], engine.now(), before=before, after=plan)
    return plan
