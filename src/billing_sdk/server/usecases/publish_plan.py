"""Publish a plan."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.server.domain.catalog import Plan, check_for_sale
from billing_sdk.server.domain.catalog.lifecycle import after
from billing_sdk.server.usecases.billing_settings import initial_settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.sync_catalogue import mark_for_sync


def publish_plan(engine: Engine, *, plan_key: str, actor: str = "operator") -> Plan:
    """Put a draft up for sale with its latest version; its key is fixed from now on, and so is the default currency.

    Raises:
        UnknownPlan: there is no such plan.
        AlreadyPublished, PlanArchived: it is no draft.
        EmptyVersion: its latest version has no components.
        CurrencyMismatch: it can't be bought in the default currency.
    """
    with engine.begin() as tx:
        # Locked: the default currency must not change between this look at it and the end of the transaction.
        settings = tx.billing_settings.lock(initial_settings(engine))
        before = tx.catalog.lock_plan(plan_key)
        status = after(before.status, "publish")
        version = tx.catalog.get_version(before.latest_version_id)
        check_for_sale(version, settings.default_currency)
        plan = replace(before.selling(version), status=status)
        tx.catalog.save_plan(plan)
        mark_for_sync(tx, plan_key)
        tx.audit.record(actor, "plan.publish", plan_key[:128], engine.now(), before=before, after=plan)
    return plan
