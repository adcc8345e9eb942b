"""Update plan groups: their names, which one is the default, and their order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.catalog import PlanGroup
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.versions import check_version


def update_plan_group(
    engine: Engine,
    *,
    key: str,
    name: str | None = None,
    make_default: bool = False,
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> PlanGroup:
    """Rename a group, or make it the default of its scope in place of the present one.

    Raises:
        UnknownPlanGroup: there is no such group.
        PreconditionFailed: it is in none of the versions (`version_of`) that the caller knows.
        InvalidRequest: the name is none.
    """
    with engine.begin() as tx:
        before = tx.plan_groups.lock(key)
        check_version(before, versions)
        group = replace(
            before,
            name=before.name if name is None else checked_name(name),
            is_default=before.is_default or make_default,
        )
        if group != before:
            tx.plan_groups.save(group)
            tx.audit.record(actor, "plan_group.update", group.id, engine.now(), before=before, after=group)
    return group


def reorder_plan_groups(engine: Engine, *, keys: Sequence[str], actor: str = "operator") -> tuple[PlanGroup, ...]:
    """Put all plan groups in an order.

    Raises:
        InvalidRequest: the keys are not those of all groups, each once.
    """
    with engine.begin() as tx:
        groups = {group.key: group for group in tx.plan_groups.list()}
        if sorted(keys) != sorted(groups):
            raise InvalidRequest("the keys are not those of all plan groups, each once", parameter="keys")
        ordered = tuple(replace(groups[key], position=position) for position, key in enumerate(keys))
        for group in ordered:
            tx.plan_groups.save(group)
        tx.audit.record(actor, "plan_group.reorder", "plan_groups", engine.now(), after={"keys": list(keys)})
    return ordered
