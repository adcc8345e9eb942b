"""Create meters: what is measured, from the first event on that there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.metering import Aggregation, Condition, Meter, UnknownSubjects
from billing_sdk.server.domain.metering.meter import EARLY_SECONDS
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.roll_up_meter import roll_up_meter, roll_up_meter_apart


def create_meter(
    engine: Engine,
    *,
    key: str,
    name: str,
    event_type: str,
    aggregation: Aggregation,
    value_path: str | None = None,
    dimensions: Mapping[str, str] | None = None,
    conditions: Sequence[Condition] = (),
    late_seconds: int | None = None,
    early_seconds: int = EARLY_SECONDS,
    unknown_subjects: UnknownSubjects = "refuse",
    actor: str = "api",
) -> Meter:
    """Measure something; what a meter measures never changes afterwards.

    It counts the events of its type that there are already, too. One in which it finds no value that it takes does not
    count for it; of those that arrive from now on it is refused.

    Args:
        engine: the engine.
        key: what queries and features call it.
        name: for people.
        event_type: events of this type count.
        aggregation: how values are put together.
        value_path: to the value, such as `$.tokens`; None to count events.
        dimensions: paths to what usage is marked with, by name; the name `*` takes every member of an object.
        conditions: what has to hold for an event to count.
        late_seconds: how old a use may be when it is reported; None is without limit.
        early_seconds: how far ahead its time may lie.
        unknown_subjects: `refuse` events of a subject that nobody goes by, or `keep` them for who comes later.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: something is out of its bounds, or contradicts the aggregation.
        DuplicateKey: a meter has this key.
    """
    meter = Meter(
        id=new_id("meter"),
        key=key,
        name=checked_name(name),
        event_type=event_type,
        aggregation=aggregation,
        created_at=engine.now(),
        value_path=value_path,
        dimensions=tuple((dimensions or {}).items()),
        conditions=tuple(conditions),
        late_seconds=late_seconds,
        early_seconds=early_seconds,
        unknown_subjects=unknown_subjects,
    )
    with engine.begin() as tx:
        tx.meters.add(meter)
        tx.audit.record(actor, "meter.create", meter.id, meter.created_at, after=meter)
        roll_up_meter(engine, tx, meter)
    roll_up_meter_apart(engine, meter)
    return meter
