"""Publish a plan."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.server.domain.catalog import Plan, check_for_sale
from billing_sdk.server.domain.catalog.lifecycle import after
from billing_sdk.server.usecases.billing_settings import initial_settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.sync_catalogue import mark_for_sync


def publish_plan(
    engine: Engine,
    *,
    plan_key: str,
    version_id: str | None = None,
    in_any_currency: bool = False,
    actor: str = "operator",
) -> Plan:
    """Put a draft up for sale; its key is fixed from now on, and so is the default currency.

    Args:
        engine: the engine.
        plan_key: which plan.
        version_id: the version to be sold; None takes the latest.
        in_any_currency: it need not be sold in the default currency.
        actor: who publishes it, as the audit names them.

    Raises:
        UnknownPlan: there is no such plan.
        VersionNotFound: the plan has no such version.
        AlreadyPublished, PlanArchived: it is no draft.
        EmptyVersion: the version has no components.
        CurrencyMismatch: it can't be bought in the default currency.
    """
    with engine.begin() as tx:
        # Locked: the default currency must not change between this look at it and the end of the transaction.
        settings = tx.billing_settings.lock(initial_settings(engine))
        before = tx.catalog.lock_plan(plan_key)
        status = after(before.status, "publish")
        version = tx.catalog.get_version_of(before.key, version_id=version_id or before.latest_version_id)
        check_for_sale(version, None if in_any_currency else settings.default_currency)
        plan = replace(before.selling(version), status=status)
        tx.catalog.save_plan(plan)
        mark_for_sync(tx, plan_key)
        tx.audit.record(actor, "plan.publish", plan_key[:128], engine.now(), before=before, after=plan)
    return plan
