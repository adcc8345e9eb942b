"""Add a version to a plan: the only way in which its components change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from billing_sdk.errors import PlanArchived
from billing_sdk.server.domain.catalog import Attachment, PlanVersion, VersionContent, check_version
from billing_sdk.server.domain.catalog.attachment import resolved
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.versions import check_version as check_known


def add_version(
    engine: Engine,
    *,
    plan_key: str,
    content: VersionContent,
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> PlanVersion:
    """Add a version, which is the plan's latest from now on; what is sold stays as it is.

    Customers stay on the version that they have agreed to; see `make_version_live` for the ones to come. What is
    attached to the plan (see `attach_component`) stays attached, beside the components that are given.

    Args:
        engine: the engine.
        plan_key: which plan.
        content: what the version holds.
        versions: those of the latest version (`version_of`) that this one may come after; any by default.
        actor: who adds it, as the audit names them.

    Raises:
        UnknownPlan: there is no such plan.
        PreconditionFailed: another version has become the latest.
        PlanArchived: the plan is archived.
        DuplicateKey, InvalidServiceInterval, CurrencyMismatch, InvalidQuantity, InvalidPhase, InvalidTrial,
            UnknownFeature: the content can't be; see `check_version`.
        UnknownTaxCode: a component names a tax code that there is not.
        TaxBehaviorMismatch: a price includes tax and those of the plan don't, or the other way round.
    """
    with engine.begin() as tx:
        plan = tx.catalog.lock_plan(plan_key)
        if plan.status == "archived":
            raise PlanArchived(f"the plan {plan_key!r} is archived", plan=plan_key)
        latest = tx.catalog.get_own_version(plan.latest_version_id)
        check_known(latest, versions)
        attached = tx.attachments.of(latest.id)
        content = replace(content, is_billed_by_customer=latest.is_billed_by_customer)
        version = make_version(
            tx, engine, plan_key=plan.key, number=latest.number + 1, content=content, attached=attached
        )
        plan.check_tax_behavior(version)
        tx.catalog.add_version(version)
        tx.attachments.add(version.id, attached)
        tx.audit.record(actor, "plan_version.create", version.id, engine.now(), before=latest, after=version)
        return tx.catalog.get_version(version.id)


def make_version(
    tx: UnitOfWork,
    engine: Engine,
    *,
    plan_key: str,
    number: int,
    content: VersionContent,
    attached: tuple[Attachment, ...] = (),
) -> PlanVersion:
    """Return a version that may be kept beside what is attached to it; neither is stored yet."""
    features = tx.features.hold()
    version = content.with_usual(features).version(
        version_id=new_id("version"),
        plan_key=plan_key,
        number=number,
        settings=billing_settings(tx, engine),
        at=engine.now(),
    )
    complete = resolved(version, attached, tx.attachments.objects_of(attached)) if attached else version
    check_version(complete, features)
    tx.tax_codes.require(complete.tax_codes)
    return version
