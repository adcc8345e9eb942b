"""Delete a draft: a version that was never for sale, and its plan with it where it has no other."""

from __future__ import annotations

from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.rewrite_draft import lock_draft


def delete_draft(engine: Engine, *, version_id: str, actor: str = "operator") -> None:
    """Take a draft out of the catalogue for good.

    Raises:
        Conflict: the version is or was for sale, or something refers to it.
        PlanArchived: the plan is archived.
    """
    with engine.begin() as tx:
        version = tx.catalog.get_version(version_id)
        plan = lock_draft(tx, version)
        is_only = len(tx.catalog.list_versions(plan.key)) == 1
        tx.catalog.delete_version(version.id)
        if is_only:
            tx.catalog.delete_plan(plan.key)
        tx.audit.record(actor, "plan_version.delete", version.id, engine.now(), before=version)
