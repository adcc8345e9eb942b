"""Meters with what only the Konnect door knows of them: made, changed, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from billing_sdk.errors import Gone, NotFound
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.metering import Aggregation, Meter
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.create_meter import create_meter
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.roll_up_meter import roll_up_meter, roll_up_meter_apart
from billing_sdk.server.usecases.update_meter import update_meter

LONGEST_SHORT_NAME = 64


@dataclass(frozen=True, slots=True)
class ChosenMeter:
    """A meter as it is asked for.

    Attributes:
        events_from: from when on it shows usage; None is from the first event on.
    """

    key: str
    name: str
    event_type: str
    aggregation: Aggregation
    value_path: str | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    events_from: datetime | None = None


def choose_meter(engine: Engine, chosen: ChosenMeter, *, actor: str) -> tuple[Meter, Extras]:
    """Make a meter that keeps events of nobody who is known, for who comes later.

    Raises:
        InvalidRequest: something is out of its bounds, or contradicts the aggregation.
        DuplicateKey: a meter has this key.
    """
    meter = create_meter(
        engine,
        key=chosen.key,
        name=chosen.name.strip()[:LONGEST_SHORT_NAME],
        event_type=chosen.event_type,
        aggregation=chosen.aggregation,
        value_path=chosen.value_path,
        dimensions=chosen.dimensions,
        unknown_subjects="keep",
        actor=actor,
    )
    extras = Extras(
        "meter",
        meter.id,
        created_at=meter.created_at,
        updated_at=meter.created_at,
        name=chosen.name,
        description=chosen.description,
        labels=chosen.labels,
        more={} if chosen.events_from is None else {"events_from": chosen.events_from.isoformat()},
    )
    with engine.begin() as tx:
        tx.konnect.save(extras)
    return meter, extras


def known_meters(tx: UnitOfWork) -> list[tuple[Meter, Extras | None]]:
    """Return the meters that were not deleted."""
    meters = [meter for meter in tx.meters.all() if meter.archived_at is None]
    extras = tx.konnect.find_many("meter", [meter.id for meter in meters])
    return [(meter, extras.get(meter.id)) for meter in meters]


def change_meter(engine: Engine, meter_id: str, given: Mapping[str, Any], *, actor: str) -> tuple[Meter, Extras]:
    """Change what is given of a meter; new dimensions tell apart what was reported before, too.

    Args:
        engine: within a call.
        meter_id: which.
        given: `name`, `description`, `labels`, `dimensions`.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such meter.
        Gone: it was deleted.
        InvalidRequest: something is out of its bounds.
    """
    at = engine.now()
    with engine.begin() as tx:
        found = tx.meters.find(meter_id)
        if found is None:
            raise NotFound("there is no such meter", entity="meter")
        before = tx.meters.lock(found.key)
        if before.archived_at is not None:
            raise Gone("the meter was deleted")
        meter = before
        if "name" in given:
            meter = replace(meter, name=checked_name(given["name"].strip()[:LONGEST_SHORT_NAME]))
        if "dimensions" in given:
            meter = replace(meter, dimensions=tuple(given["dimensions"].items()), revision=before.revision + 1)
        extras = tx.konnect.find("meter", meter_id) or Extras("meter", meter_id, before.created_at, at)
        extras = replace(extras, updated_at=at, **{name: given[name] for name in given if name != "dimensions"})
        tx.konnect.save(extras)
        tx.meters.save(meter)
        tx.audit.record(actor, "meter.update", meter.id, at, before=before, after=meter)
        is_other = meter.dimensions != before.dimensions
        if is_other:
            roll_up_meter(engine, tx, meter)
    if is_other:
        roll_up_meter_apart(engine, meter)
    return meter, extras


def drop_meter(engine: Engine, meter_id: str, *, actor: str) -> None:
    """Delete a meter: it counts nothing more, and is not listed.

    Raises:
        NotFound: there is no such meter.
        MeterInUse: a feature is measured by it.
    """
    with engine.read() as tx:
        found = tx.meters.find(meter_id)
    if found is None:
        raise NotFound("there is no such meter", entity="meter")
    update_meter(engine, key=found.key, is_archived=True, actor=actor)
    with engine.begin() as tx:
        tx.konnect.delete("meter", meter_id, at=engine.now())
