"""Add-ons of plans, as the Konnect door keeps them: a relation between two versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from billing_sdk.errors import Conflict, InvalidRequest, NotFound
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_plans import get_record

KIND: Final = "plan_addon"


@dataclass(frozen=True, slots=True)
class Association:
    """What is asked for.

    Attributes:
        from_plan_phase: the phase of the plan from which on the add-on can be bought.
        max_quantity: how many at most; None is without limit.
        phase_keys: the phases that the plan has.
        is_single: the add-on can be had once only.
    """

    name: str
    description: str | None
    labels: Mapping[str, str]
    from_plan_phase: str
    max_quantity: int | None
    phase_keys: tuple[str, ...]
    is_single: bool


def list_associations(tx: UnitOfWork, plan_id: str) -> tuple[Extras, ...]:
    """Return the add-ons of a plan, the oldest first.

    Raises:
        NotFound: there is no such plan.
    """
    get_record(tx, "plan", plan_id)
    return tx.konnect.list(KIND, parent_id=plan_id)


def get_association(tx: UnitOfWork, plan_id: str, association_id: str) -> Extras:
    """Return an add-on of a plan.

    Raises:
        NotFound: there is none.
    """
    get_record(tx, "plan", plan_id)
    found = tx.konnect.find(KIND, association_id)
    if found is None or found.parent_id != plan_id or found.deleted_at is not None:
        raise NotFound(f"the plan has no add-on {association_id[:64]!r}", entity="plan add-on")
    return found


def add_association(engine: Engine, plan_id: str, addon_id: str, wanted: Association, *, actor: str) -> Extras:
    """Let an add-on be bought beside a plan.

    Raises:
        NotFound: there is no such plan, or no such add-on.
        Conflict: the plan has it already, or one of the two is archived or deleted.
        InvalidRequest: the plan has no such phase, they are sold in two currencies, or there can be one only.
    """
    with engine.begin() as tx:
        plan, addon = get_record(tx, "plan", plan_id), get_record(tx, "add_on", addon_id)
        for record in (plan, addon):
            if record.version is None or record.status == "archived":
                raise Conflict(f"version {record.number} of {record.key!r} is archived")
        if any(one.more["addon_id"] == addon_id for one in tx.konnect.list(KIND, parent_id=plan_id)):
            raise Conflict(f"the plan {plan.key!r} has the add-on {addon.key!r} already")
        if plan.currency != addon.currency:
            raise InvalidRequest(
                f"plan_addon_currency_mismatch: the plan is sold in {plan.currency}, the add-on in {addon.currency}",
                parameter="addon.id",
            )
        _check(wanted)
        at = engine.now()
        extras = Extras(
            KIND,
            new_id(KIND),
            created_at=at,
            updated_at=at,
            parent_id=plan_id,
            name=wanted.name,
            description=wanted.description,
            labels=wanted.labels,
            more=_more(addon_id, wanted),
        )
        tx.konnect.save(extras)
        tx.audit.record(actor, "plan_addon.create", extras.our_id, at, after=extras)
        return extras


def update_association(engine: Engine, plan_id: str, association_id: str, wanted: Association, *, actor: str) -> Extras:
    """Replace what is said of an add-on of a plan.

    Raises:
        NotFound: there is none.
        InvalidRequest: the plan has no such phase, or there can be one only.
    """
    with engine.begin() as tx:
        before = get_association(tx, plan_id, association_id)
        _check(wanted)
        extras = replace(
            before,
            updated_at=engine.now(),
            name=wanted.name,
            description=wanted.description,
            labels=wanted.labels,
            more=_more(before.more["addon_id"], wanted),
        )
        tx.konnect.save(extras)
        tx.audit.record(actor, "plan_addon.update", extras.our_id, engine.now(), before=before, after=extras)
        return extras


def delete_association(engine: Engine, plan_id: str, association_id: str, *, actor: str) -> None:
    """Let an add-on be bought beside a plan no more.

    Raises:
        NotFound: there is none.
    """
    with engine.begin() as tx:
        before = get_association(tx, plan_id, association_id)
        tx.konnect.delete(KIND, association_id, at=engine.now())
        tx.audit.record(actor, "plan_addon.delete", association_id, engine.now(), before=before)


def _check(wanted: Association) -> None:
    if wanted.from_plan_phase not in wanted.phase_keys:
        raise InvalidRequest(
            "plan_addon_unknown_plan_phase_key: the plan has no such phase", parameter="from_plan_phase"
        )
    if wanted.is_single and wanted.max_quantity is not None:
        raise InvalidRequest(
            "plan_addon_max_quantity_must_not_be_set: the add-on can be had once only", parameter="max_quantity"
        )


def _more(addon_id: str, wanted: Association) -> dict[str, Any]:
    more: dict[str, Any] = {"addon_id": addon_id, "from_plan_phase": wanted.from_plan_phase}
    return more if wanted.max_quantity is None else {**more, "max_quantity": wanted.max_quantity}
