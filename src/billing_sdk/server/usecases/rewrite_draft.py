"""Rewrite a draft: a version that was never for sale gets other content, and keeps its id and its number."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.errors import Conflict, PlanArchived
from billing_sdk.server.domain.catalog import Plan, PlanVersion, VersionContent, check_version
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.engine import Engine


def rewrite_draft(engine: Engine, *, version_id: str, content: VersionContent, actor: str = "operator") -> PlanVersion:
    """Give a draft other content.

    A version never changes once somebody may have agreed to it. So what is rewritten is taken out and put in anew in
    one transaction, which the database refuses where an agreement refers to it.

    Raises:
        Conflict: the version is or was for sale, or something refers to it.
        PlanArchived: the plan is archived.
        DuplicateKey, InvalidServiceInterval, CurrencyMismatch, InvalidQuantity, InvalidPhase, InvalidTrial,
            UnknownFeature: the content can't be; see `check_version`.
        UnknownTaxCode: a component names a tax code that there is not.
    """
    with engine.begin() as tx:
        before = tx.catalog.get_version(version_id)
        lock_draft(tx, before)
        features = tx.features.hold()
        content = replace(content, is_billed_by_customer=before.is_billed_by_customer)
        made = content.with_usual(features).version(
            version_id=before.id,
            plan_key=before.plan_key,
            number=before.number,
            settings=billing_settings(tx, engine),
            at=before.created_at,
        )
        check_version(made, features)
        tx.tax_codes.require(made.tax_codes)
        if made != before:
            tx.catalog.delete_version(before.id)
            tx.catalog.add_version(made)
            tx.audit.record(actor, "plan_version.rewrite", before.id, engine.now(), before=before, after=made)
        return made


def lock_draft(tx: UnitOfWork, version: PlanVersion) -> Plan:
    """Return the plan of a draft, which nobody else changes before the transaction ends.

    Raises:
        Conflict: the version is for sale, or something was attached to it.
        PlanArchived: the plan is archived.
    """
    plan = tx.catalog.lock_plan(version.plan_key)
    if plan.status == "archived":
        raise PlanArchived(f"the plan {plan.key!r} is archived", plan=plan.key)
    if plan.live_version_id == version.id:
        raise Conflict(f"version {version.number} of {plan.key!r} is for sale", remedy="Make another version of it.")
    if tx.attachments.of(version.id):
        raise Conflict(f"version {version.number} of {plan.key!r} has attached objects", remedy="Make another version.")
    return plan
