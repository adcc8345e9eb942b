"""Update what may change of a plan without a new version: its words, its order, and the key of a draft."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from billing_sdk.errors import DuplicateKey, InvalidRequest, KeyLocked, LookupKeyTaken, PlanArchived
from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.catalog.keys import checked_key
from billing_sdk.server.domain.catalog.labels import checked_lookup_key, checked_metadata, checked_name
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import normal_name
from billing_sdk.server.usecases.versions import check_version


def update_plan(
    engine: Engine,
    *,
    plan_key: str,
    new_key: str | None = None,
    name: str | None = None,
    description: str | None = None,
    lookup_key: str | None = None,
    takes_lookup_key: bool = False,
    metadata: Mapping[str, str] | None = None,
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> Plan:
    """Update a plan; what is None stays as it is, and customers don't notice anything but words.

    Args:
        engine: the engine.
        plan_key: which plan.
        new_key: another key, for a draft.
        name: what customers read.
        description: for operators, and for cards that are generated.
        lookup_key: a second name; an empty one takes it away.
        takes_lookup_key: whether the lookup key may be taken from the plan that has it.
        metadata: notes, in place of all there are.
        versions: those that the change may be made to (`version_of`); any by default.
        actor: who updates it, as the audit names them.

    Raises:
        UnknownPlan: there is no such plan.
        PreconditionFailed: it is in none of the versions any more.
        PlanArchived: it is archived.
        KeyLocked: the plan has been published, and another key is asked for.
        DuplicateKey: another plan has the key.
        LookupKeyTaken: another plan has the lookup key.
        InvalidRequest: the key or a text is none.
    """
    with engine.begin() as tx:
        before = tx.catalog.lock_plan(plan_key)
        check_version(before, versions)
        if before.status == "archived":
            raise PlanArchived(f"the plan {plan_key!r} is archived", plan=plan_key)
        plan = replace(
            before,
            name=before.name if name is None else checked_name(name),
            description=before.description if description is None else normal_name(description, "description"),
            lookup_key=before.lookup_key if lookup_key is None else checked_lookup_key(lookup_key or None),
            metadata=before.metadata if metadata is None else checked_metadata(metadata),
        )
        if plan.lookup_key is not None and plan.lookup_key != before.lookup_key:
            _free_lookup_key(tx, plan.lookup_key, takes_lookup_key)
        tx.catalog.save_plan(plan)
        if new_key is not None and new_key != before.key:
            plan = _rename(tx, plan, checked_key(new_key))
        tx.audit.record(actor, "plan.update", plan_key[:128], engine.now(), before=before, after=plan)
    return plan


def reorder_plans(
    engine: Engine, *, group_key: str, plan_keys: Sequence[str], actor: str = "operator"
) -> tuple[Plan, ...]:
    """Put all plans of a group in an order; pricing tables keep theirs.

    Raises:
        UnknownPlanGroup: there is no such group.
        InvalidRequest: the keys are not those of all plans of the group, each once.
    """
    with engine.begin() as tx:
        group = tx.plan_groups.lock(group_key)
        plans = {plan.key: plan for plan in tx.catalog.list_plans(group_id=group.id)}
        if sorted(plan_keys) != sorted(plans):
            raise InvalidRequest("the keys are not those of all plans of the group, each once", parameter="plan_keys")
        ordered = tuple(replace(plans[key], position=position) for position, key in enumerate(plan_keys))
        for plan in ordered:
            tx.catalog.save_plan(plan)
        tx.audit.record(actor, "plan.reorder", group.id, engine.now(), after={"keys": list(plan_keys)})
    return ordered


def _free_lookup_key(tx: UnitOfWork, lookup_key: str, takes_lookup_key: bool) -> None:
    holder = tx.catalog.find_plan_by_lookup_key(lookup_key)
    if holder is None:
        return
    if not takes_lookup_key:
        raise LookupKeyTaken(f"the plan {holder.key!r} has the lookup key {lookup_key[:64]!r}")
    tx.catalog.save_plan(replace(holder, lookup_key=None))


def _rename(tx: UnitOfWork, plan: Plan, key: str) -> Plan:
    if plan.status != "draft":
        raise KeyLocked(f"the plan {plan.key!r} is published, and its key can't change", plan=plan.key)
    if tx.catalog.find_plan(key) is not None:
        raise DuplicateKey(f"there is a plan {key!r} already", plan=key)
    tx.catalog.rename_plan(plan, key)
    return tx.catalog.lock_plan(key)
