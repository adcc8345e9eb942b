"""Delete a plan group, with its plans and its pricing tables."""

from __future__ import annotations

from billing_sdk.errors import GroupInUse
from billing_sdk.server.usecases.engine import Engine


def delete_plan_group(engine: Engine, *, key: str, actor: str = "operator") -> None:
    """Delete a group that nobody has agreed to anything of.

    Source: Kinde documentation, "Add and manage plan groups" (its pricing tables go with it).

    Raises:
        UnknownPlanGroup: there is no such group.
        GroupInUse: somebody has, or has had, a plan or add-on of the group.
    """
    with engine.begin() as tx:
        group = tx.plan_groups.lock(key)
        if tx.plan_groups.is_in_use(group.id):
            raise GroupInUse(f"the plans of the group {key!r} have been agreed to")
        tx.pricing_tables.delete_of_group(group.id)
        tx.plan_groups.delete(group.id)
        tx.audit.record(actor, "plan_group.delete", group.id, engine.now(), before=group)
