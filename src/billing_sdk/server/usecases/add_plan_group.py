"""Add a plan group."""

from __future__ import annotations

from billing_sdk.errors import DuplicateKey, InvalidRequest
from billing_sdk.server.domain.catalog import PlanGroup
from billing_sdk.server.domain.catalog.keys import checked_key
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine


def add_plan_group(
    engine: Engine, *, key: str, name: str, scope: CustomerKind, is_default: bool = False, actor: str = "operator"
) -> PlanGroup:
    """Add a group behind the others; the first one of a scope is its default, whatever is asked for.

    Args:
        engine: the engine.
        key: what code calls it.
        name: what operators call it.
        scope: whether its plans are for people or for organizations; it never changes.
        is_default: whether it takes the place of the scope's present default.
        actor: who adds it, as the audit names them.

    Raises:
        InvalidRequest: key, name or scope is none.
        DuplicateKey: a group has this key.
    """
    checked_key(key)
    if scope not in ("user", "organization"):
        raise InvalidRequest("scope is neither user nor organization", parameter="scope")
    with engine.begin() as tx:
        groups = tx.plan_groups.list()
        if any(group.key == key for group in groups):
            raise DuplicateKey(f"there is a plan group {key!r} already")
        is_first = not any(group.scope == scope for group in groups)
        position = max((group.position for group in groups), default=-1) + 1
        group = PlanGroup(new_id("sbg"), key, checked_name(name), scope, is_default or is_first, position)
        tx.plan_groups.add(group)
        tx.audit.record(actor, "plan_group.create", group.id, engine.now(), after=group)
    return group
