"""Create a plan."""

from __future__ import annotations

from collections.abc import Mapping

from billing_sdk.errors import DuplicateKey, LookupKeyTaken, UnknownPlanGroup
from billing_sdk.server.domain.catalog import Plan, PlanGroup, PlanKind, TaxBehavior, VersionContent
from billing_sdk.server.domain.catalog.keys import checked_key
from billing_sdk.server.domain.catalog.labels import checked_lookup_key, checked_metadata, checked_name
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.add_version import make_version
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import normal_name


def create_plan(
    engine: Engine,
    *,
    key: str,
    name: str,
    group_key: str | None = None,
    scope: CustomerKind = "user",
    description: str = "",
    kind: PlanKind = "plan",
    content: VersionContent | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tax_behavior: TaxBehavior | None = None,
    source: EventSource = "admin",
    actor: str = "operator",
) -> Plan:
    """Create a draft behind the other plans of its group, with a first version that may be empty.

    Args:
        engine: the engine.
        key: what code calls it; it can change until the plan is published.
        name: what customers read.
        group_key: the group that it belongs to for good; None takes the default one of the scope.
        scope: whose default group that is.
        description: for operators, and for cards that are generated.
        kind: an add-on is bought beside a plan.
        content: what the first version holds.
        lookup_key: a second name that can be moved from plan to plan.
        metadata: notes that nothing here reads.
        tax_behavior: whether all its prices are to include tax; by default each says so itself.
        source: who creates it, as events name them.
        actor: who creates it, as the audit names them.

    Raises:
        InvalidRequest: the key or a text is none.
        UnknownPlanGroup: there is no such group, or the scope has no default one.
        DuplicateKey: a plan has this key.
        LookupKeyTaken: a plan has this lookup key.
        TaxBehaviorMismatch: a price of the content is the other way.
        InvalidServiceInterval, CurrencyMismatch, InvalidQuantity, InvalidPhase, InvalidTrial, UnknownFeature: the
            content can't be; see `check_version`.
    """
    checked_key(key)
    with engine.begin() as tx:
        # Locked: plans that are created at once get positions of their own, and the group is not deleted meanwhile.
        group = tx.plan_groups.lock(group_key if group_key is not None else _default_group(tx, scope).key)
        return draft_plan(
            engine,
            tx,
            group,
            key=key,
            name=name,
            description=description,
            kind=kind,
            content=content,
            lookup_key=lookup_key,
            metadata=metadata,
            tax_behavior=tax_behavior,
            source=source,
            actor=actor,
        )


def draft_plan(
    engine: Engine,
    tx: UnitOfWork,
    group: PlanGroup,
    *,
    key: str,
    name: str,
    description: str,
    kind: PlanKind,
    content: VersionContent | None,
    lookup_key: str | None,
    metadata: Mapping[str, str] | None,
    tax_behavior: TaxBehavior | None,
    source: EventSource,
    actor: str,
) -> Plan:
    """Create a draft in a group that is locked; the rest is as `create_plan` says."""
    if tx.catalog.find_plan(key) is not None:
        raise DuplicateKey(f"there is a plan {key!r} already", plan=key)
    if lookup_key is not None and tx.catalog.find_plan_by_lookup_key(lookup_key) is not None:
        raise LookupKeyTaken(f"another plan has the lookup key {lookup_key[:64]!r}")
    version = make_version(tx, engine, plan_key=key, number=1, content=content or VersionContent())
    plan = Plan.draft(
        version,
        name=checked_name(name),
        group=group,
        description=normal_name(description, "description"),
        kind=kind,
        position=len(tx.catalog.list_plans(group_id=group.id)),
        lookup_key=checked_lookup_key(lookup_key),
        metadata=checked_metadata(metadata or {}),
        tax_behavior=tax_behavior,
    )
    plan.check_tax_behavior(version)
    tx.catalog.add_plan(plan)
    tx.audit.record(actor, "plan.create", key[:128], engine.now(), after=plan)
    data = {"plan": event_data.of_plan(plan)}
    tx.outbox.announce(type="customer.plan_created", data=data, source=source, at=engine.now())
    return plan


def _default_group(tx: UnitOfWork, scope: CustomerKind) -> PlanGroup:
    for group in tx.plan_groups.list():
        if group.scope == scope and group.is_default:
            return group
    raise UnknownPlanGroup(f"there is no default plan group for {scope} customers")
