"""Custom pricing units: make them, and change what can be changed of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.catalog import CustomUnit
from billing_sdk.server.domain.catalog.labels import checked_name, relabelled
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine


def create_custom_unit(
    engine: Engine,
    *,
    name: str,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> CustomUnit:
    """Name a unit that usage can be priced in where that is no currency.

    Args:
        engine: the engine.
        name: what an invoice calls it, in at most 10 characters.
        lookup_key: a name of one's own, which no other unit has.
        metadata: notes of one's own.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: a label is out of its bounds.
        LookupKeyTaken: another unit has the lookup key.
    """
    unit = CustomUnit(
        id=new_id("unit"),
        name=checked_name(name),
        created_at=engine.now(),
        lookup_key=lookup_key,
        metadata=dict(metadata or {}),
    )
    with engine.begin() as tx:
        tx.custom_units.add(unit)
        tx.audit.record(actor, "custom_unit.create", unit.id, unit.created_at, after=unit)
    return unit


def update_custom_unit(
    engine: Engine,
    *,
    unit_id: str,
    name: str | None = None,
    is_active: bool | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> CustomUnit:
    """Change what is given and leave the rest; an empty lookup key takes the present one away.

    One that is not active keeps its prices and grants: nothing new can be priced in it, or granted of it.

    Raises:
        NotFound: there is no such unit.
        InvalidRequest: a label is out of its bounds.
        LookupKeyTaken: another unit has the lookup key.
    """
    with engine.begin() as tx:
        before = tx.custom_units.get(unit_id)
        unit = relabelled(before, name=name, lookup_key=lookup_key, metadata=metadata)
        unit = replace(unit, is_active=unit.is_active if is_active is None else is_active)
        tx.custom_units.save(unit)
        tx.audit.record(actor, "custom_unit.update", unit.id, engine.now(), before=before, after=unit)
    return unit


def active_unit(tx: UnitOfWork, wanted: str) -> CustomUnit:
    """Return a unit that something can be priced in, or granted of, by its id or lookup key.

    Raises:
        NotFound: there is no such unit.
        Conflict: it is not active.
    """
    unit = tx.custom_units.get(wanted)
    if not unit.is_active:
        raise Conflict(f"the custom pricing unit {unit.name!r} is not active", remedy="Activate it first.")
    return unit
