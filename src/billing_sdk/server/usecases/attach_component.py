"""Attach objects with versions of their own to a plan, change which version counts, and detach them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from billing_sdk.errors import Conflict, PlanArchived
from billing_sdk.server.domain.catalog import (
    AttachedKind,
    AttachedObject,
    Attachment,
    Plan,
    PlanVersion,
    RateCard,
    ServiceAction,
    check_version,
)
from billing_sdk.server.domain.catalog.attachment import attached, changed, check_card, find_attachment, resolved
from billing_sdk.server.domain.catalog.version_rules import VersionedChange, makes_version
from billing_sdk.server.domain.catalog.versioned import LIVE
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

Attached = tuple[Attachment, ...]
ADDITIONS: dict[AttachedKind, VersionedChange] = {
    "licence_fee": "add licence_fee",
    "service_action": "add service_action",
    "rate_card": "add rate_card",
}


@dataclass(frozen=True, slots=True)
class Composed:
    """The latest version of a plan after a change of what it refers to, and all that it refers to."""

    version: PlanVersion
    attachments: Attached


def attach_component(
    engine: Engine,
    *,
    plan_key: str,
    kind: AttachedKind,
    object_id: str,
    version: str | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> Composed:
    """Let a plan charge or grant what an object says.

    A licence fee or a service action makes a new latest version of the plan. A rate card is added to the latest
    version that there is, so it counts for the customers who are on it already.

    Args:
        engine: the engine.
        plan_key: the plan.
        kind: what the object is.
        object_id: its id or lookup key.
        version: which of its versions: an id, `latest` or `live`; the live one where none is named.
        lookup_key: a name within the plan, by which an agreement keeps the quantity of a licence fee.
        metadata: notes of one's own.
        actor: who does it, as the audit names them.

    Raises:
        UnknownPlan, NotFound: there is no such plan or object.
        VersionNotFound: the object has no such version.
        PlanArchived: the plan is archived.
        ComponentExists, LookupKeyTaken: the plan has the object or the lookup key already.
        TooManyComponents: it would have more than 100 components, or more than 20 rate cards.
        Conflict: the rate card is not active.
        CurrencyMismatch: the object is priced in another currency than the plan.
        TaxBehaviorMismatch: its prices include tax and those of the plan don't, or the other way round.
        InvalidServiceInterval: its service interval is longer than the plan's cadence.
        DuplicateKey: the plan has a component of this kind and key of its own.
    """

    def add(tx: UnitOfWork, present: Attached) -> Attached:
        thing = _object(tx, kind, object_id)
        if isinstance(thing, RateCard) and not thing.is_active:
            raise Conflict(f"the rate card {thing.id!r} is not active", remedy="Make it active first.")
        one = Attachment(
            id=new_id("component"),
            kind=kind,
            object_id=thing.id,
            version_id=_version_id(thing, version),
            created_at=engine.now(),
            lookup_key=lookup_key,
            metadata=dict(metadata or {}),
        )
        return attached(present, one)

    return _compose(engine, plan_key, add, change=ADDITIONS[kind], actor=actor)


def change_component(
    engine: Engine,
    *,
    plan_key: str,
    component_id: str,
    version: str | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> Composed:
    """Change what is given about a component and leave the rest, in a new latest version of the plan.

    Args:
        engine: the engine.
        plan_key: the plan.
        component_id: the component, by its id or lookup key.
        version: which version of the object counts: an id, `latest` or `live`.
        lookup_key: another name within the plan; an empty one takes it away.
        metadata: other notes of one's own.
        actor: who does it, as the audit names them.

    Raises:
        UnknownPlan: there is no such plan.
        ComponentMissing: the latest version of the plan has no such component attached.
        VersionNotFound: the object has no such version.
        PlanArchived, Conflict, CurrencyMismatch, TaxBehaviorMismatch, InvalidServiceInterval, DuplicateKey: as
            `attach_component`.
    """

    def change(tx: UnitOfWork, present: Attached) -> Attached:
        before = find_attachment(present, component_id)
        thing = tx.attachments.objects_of([before])[before.object_id]
        after = replace(
            before,
            version_id=before.version_id if version is None else _version_id(thing, version),
            lookup_key=before.lookup_key if lookup_key is None else (lookup_key or None),
            metadata=before.metadata if metadata is None else dict(metadata),
        )
        return present if after == before else changed(present, after)

    return _compose(engine, plan_key, change, change="change component", actor=actor)


def detach_component(engine: Engine, *, plan_key: str, component_id: str, actor: str = "api") -> Composed:
    """Leave a component out of a new latest version of the plan; customers on an older version keep it.

    Raises:
        UnknownPlan: there is no such plan.
        ComponentMissing: the latest version of the plan has no such component attached.
        PlanArchived: the plan is archived.
    """

    def take_away(_: UnitOfWork, present: Attached) -> Attached:
        gone = find_attachment(present, component_id)
        return tuple(one for one in present if one.id != gone.id)

    return _compose(engine, plan_key, take_away, change="delete component", actor=actor)


def _compose(
    engine: Engine,
    plan_key: str,
    change_all: Callable[[UnitOfWork, Attached], Attached],
    *,
    change: VersionedChange,
    actor: str,
) -> Composed:
    """Change what the latest version of a plan refers to, in a new version where the rules say so."""
    with engine.begin() as tx:
        plan = tx.catalog.lock_plan(plan_key)
        if plan.status == "archived":
            raise PlanArchived(f"the plan {plan.key!r} is archived", plan=plan.key)
        own = tx.catalog.get_own_version(plan.latest_version_id)
        before = tx.attachments.of(own.id)
        after = change_all(tx, before)
        if after == before:
            return Composed(tx.catalog.get_version(own.id), before)
        if makes_version("plan", change):
            own = replace(own, id=new_id("version"), number=own.number + 1, created_at=engine.now())
        objects = tx.attachments.objects_of(after)
        version = resolved(own, after, objects)
        check_version(version, {feature.key: feature for feature in tx.features.list()})
        plan.check_tax_behavior(version)
        for thing in objects.values():
            if isinstance(thing, RateCard):
                check_card(thing, version, plan.tax_behavior)
        _keep(tx, plan, own, after)
        changed = next((one.id for one in after if one not in before), None)
        made = {
            "version": own.id,
            "is_new_version": own.id != plan.latest_version_id,
            "component": changed,
            "components": [one.id for one in after],
        }
        tx.audit.record(actor, f"plan.{change.split()[0]}_component", plan.key[:128], engine.now(), after=made)
    return Composed(version, after)


def _keep(tx: UnitOfWork, plan: Plan, own: PlanVersion, after: Attached) -> None:
    if own.id == plan.latest_version_id:
        tx.attachments.append(own.id, after)
        return
    tx.catalog.add_version(own)
    tx.attachments.add(own.id, after)


def _object(tx: UnitOfWork, kind: AttachedKind, object_id: str) -> AttachedObject:
    match kind:
        case "licence_fee":
            return tx.licence_fees.get(object_id)
        case "rate_card":
            return tx.rate_cards.get(object_id)
        case "service_action":
            return tx.service_actions.get(object_id)


def _version_id(thing: AttachedObject, wanted: str | None) -> str | None:
    if isinstance(thing, ServiceAction):
        return None
    return thing.versions.find(wanted or LIVE).id
