"""Meters of named events, as the Stripe door knows them: each is the meter of a metered feature with the same key.

An event's name belongs to one such meter that is active. The events themselves are usage like any other; a meter that
was made at another door is shown here too, where its events can be told by a payload of single values.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from billing_sdk.errors import DuplicateKey, InvalidRequest, NotFound
from billing_sdk.server.domain.catalog import Feature
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.metering import Aggregation, Meter, TimeWindow
from billing_sdk.server.domain.metering.json_path import steps_of
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.roll_up_meter import roll_up_meter, roll_up_meter_apart

CUSTOMER_KEY: Final = "stripe_customer_id"
VALUE_KEY: Final = "value"
LATE_SECONDS: Final = 35 * 86_400
EARLY_SECONDS: Final = 300
KIND: Final = "meter"

Formula = Literal["sum", "count", "last"]
AGGREGATIONS: Final[dict[Formula, Aggregation]] = {"sum": "sum", "count": "count", "last": "latest"}
FORMULAS: Final[dict[Aggregation, Formula]] = {"sum": "sum", "count": "count", "latest": "last"}


@dataclass(frozen=True, slots=True)
class ChosenMeter:
    """A meter as it is asked for.

    Attributes:
        id: starts with `meter_`.
        key: of the meter, and of its feature.
        event_name: events of this name count.
        formula: how values are put together.
        customer_key: the member of a payload that names who used something.
        value_key: the one that says how much.
        dimension_keys: those that usage is told apart by; all of them have to be there.
        newest_within: the hour or day (UTC) of which an event says all, so that the newest counts alone.
    """

    id: str
    key: str
    display_name: str
    event_name: str
    formula: Formula
    customer_key: str = CUSTOMER_KEY
    value_key: str = VALUE_KEY
    dimension_keys: tuple[str, ...] = ()
    newest_within: TimeWindow | None = None


@dataclass(frozen=True, slots=True)
class EventMeter:
    """A meter with what only this door knows of it.

    Attributes:
        value_key: also where events are counted and nothing is read.
        requires_dimensions: whether an event without one of its dimensions is refused.
        updated_at: when it was changed last.
    """

    meter: Meter
    customer_key: str
    value_key: str
    dimension_keys: tuple[str, ...]
    requires_dimensions: bool
    updated_at: datetime

    @property
    def formula(self) -> Formula:
        """How values are put together."""
        return FORMULAS[self.meter.aggregation]


def define_meter(engine: Engine, chosen: ChosenMeter, *, actor: str) -> EventMeter:
    """Make a meter and the feature that it counts the usage of.

    Args:
        engine: within a call.
        chosen: the meter.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: something is out of its bounds.
        DuplicateKey: an active meter has the event's name.
    """
    at = engine.now()
    meter = Meter(
        id=chosen.id,
        key=chosen.key,
        name=checked_name(chosen.display_name),
        event_type=chosen.event_name,
        aggregation=AGGREGATIONS[chosen.formula],
        created_at=at,
        value_path=None if chosen.formula == "count" else path_of(chosen.value_key),
        dimensions=tuple((name, path_of(name)) for name in _checked(chosen)),
        late_seconds=LATE_SECONDS,
        early_seconds=EARLY_SECONDS,
        may_fall=chosen.formula != "count",
        newest_within=chosen.newest_within,
    )
    path_of(chosen.customer_key)
    feature = Feature(new_id("feature"), meter.key, meter.name, "metered", meter_key=meter.key)
    known = StripeObject(
        KIND,
        meter.id,
        created_at=at,
        updated_at=at,
        key=chosen.event_name,
        data={"customer_key": chosen.customer_key, "value_key": chosen.value_key},
    )
    with engine.begin() as tx:
        tx.stripe.save(known)
        tx.meters.add(meter)
        tx.features.add(feature)
        tx.audit.record(actor, "meter.create", meter.id, at, after=meter)
        tx.audit.record(actor, "feature.create", feature.id, at, after=feature)
        roll_up_meter(engine, tx, meter)
    roll_up_meter_apart(engine, meter)
    return _known(meter, known)


def rename_meter(engine: Engine, meter_id: str, display_name: str, *, actor: str) -> EventMeter:
    """Call a meter something else; nothing else of it changes, ever.

    Raises:
        NotFound: there is no such meter.
        InvalidRequest: the name is empty or too long.
    """
    with engine.begin() as tx:
        before = find_meter(tx, meter_id)
        meter = replace(tx.meters.lock(before.meter.key), name=checked_name(display_name))
        return _saved(tx, before, meter, at=engine.now(), actor=actor)


def deactivate_meter(engine: Engine, meter_id: str, *, actor: str) -> EventMeter:
    """Have a meter count nothing that arrives from now on, whoever is billed by it; others may have its event's name.

    Raises:
        NotFound: there is no such meter.
    """
    with engine.begin() as tx:
        before = find_meter(tx, meter_id)
        meter = tx.meters.lock(before.meter.key)
        if meter.archived_at is not None:
            return before
        at = engine.now()
        return _saved(tx, before, replace(meter, archived_at=at), at=at, actor=actor)


def reactivate_meter(engine: Engine, meter_id: str, *, actor: str) -> EventMeter:
    """Have a meter count again.

    Raises:
        NotFound: there is no such meter.
        DuplicateKey: another active meter has its event's name by now.
    """
    with engine.begin() as tx:
        before = find_meter(tx, meter_id)
        meter = tx.meters.lock(before.meter.key)
        if meter.archived_at is None:
            return before
        after = _saved(tx, before, replace(meter, archived_at=None), at=engine.now(), actor=actor)
        roll_up_meter(engine, tx, after.meter)
    roll_up_meter_apart(engine, after.meter)
    return after


def find_meter(tx: UnitOfWork, meter_id: str) -> EventMeter:
    """Return a meter, active or not.

    Raises:
        NotFound: there is none that can be shown here.
    """
    meter = tx.meters.find(meter_id)
    if meter is None or not is_shown(meter):
        raise NotFound("there is no such meter", entity="meter")
    return _known(meter, tx.stripe.find(KIND, meter_id))


def known_meters(tx: UnitOfWork) -> list[EventMeter]:
    """Return the meters that can be shown here, the newest first."""
    meters = [meter for meter in tx.meters.all() if is_shown(meter)]
    known = tx.stripe.find_many(KIND, [meter.id for meter in meters])
    meters.sort(key=lambda meter: (meter.created_at, meter.id), reverse=True)
    return [_known(meter, known.get(meter.id)) for meter in meters]


def meters_of_events(tx: UnitOfWork, names: Collection[str]) -> dict[str, EventMeter]:
    """Return the active meter of each event's name; that of this door, where another door has made one as well."""
    meters = [meter for meter in tx.meters.of_type(names) if is_shown(meter)]
    known = tx.stripe.find_many(KIND, [meter.id for meter in meters])
    meters.sort(key=lambda meter: meter.id in known)
    return {meter.event_type: _known(meter, known.get(meter.id)) for meter in meters}


def archived_meters(tx: UnitOfWork, names: Collection[str]) -> dict[str, Meter]:
    """Return the meter of each event's name that counted it last, and counts no more."""
    found = (meter for meter in tx.meters.all() if meter.event_type in names and meter.archived_at is not None)
    return {meter.event_type: meter for meter in sorted(found, key=lambda meter: str(meter.archived_at))}


def is_shown(meter: Meter) -> bool:
    """Tell whether a meter's events can be told by a payload of single values, and its formula has a name here."""
    return meter.aggregation in FORMULAS and (meter.value_path is None or key_in(meter.value_path) is not None)


def path_of(key: str) -> str:
    """Return the path to a member of a payload.

    Raises:
        InvalidRequest: the member's name has 1 to 100 characters, without quotes and backslashes.
    """
    if not 1 <= len(key) <= 100 or not key.isprintable() or not {"'", '"', "\\"}.isdisjoint(key):
        raise InvalidRequest(
            "the key of a payload has 1 to 100 printable characters, without quotes and backslashes",
            parameter="event_payload_key",
        )
    return f"$['{key}']"


def key_in(path: str) -> str | None:
    """Return the member that a path leads to; None where it leads deeper, or nowhere."""
    steps = steps_of(path)
    return steps[0] if len(steps) == 1 and isinstance(steps[0], str) else None


def _checked(chosen: ChosenMeter) -> tuple[str, ...]:
    keys = chosen.dimension_keys
    if len(set(keys)) < len(keys):
        raise InvalidRequest("a dimension is named twice", parameter="dimension_payload_keys")
    if {chosen.customer_key, chosen.value_key} & set(keys) or chosen.customer_key == chosen.value_key:
        raise InvalidRequest(
            "customer, value and dimensions are different members of a payload", parameter="dimension_payload_keys"
        )
    return keys


def _saved(tx: UnitOfWork, before: EventMeter, meter: Meter, *, at: datetime, actor: str) -> EventMeter:
    if meter == before.meter:
        return before
    known = tx.stripe.find(KIND, meter.id) or StripeObject(KIND, meter.id, created_at=meter.created_at, updated_at=at)
    if known.data:
        known = replace(known, key=None if meter.archived_at else meter.event_type)
    known = replace(known, updated_at=at)
    try:
        tx.stripe.save(known)
    except DuplicateKey:
        raise DuplicateKey(f"an active meter has the event name {meter.event_type!r} already") from None
    tx.meters.save(meter)
    tx.audit.record(actor, "meter.update", meter.id, at, before=before.meter, after=meter)
    return _known(meter, known)


def _known(meter: Meter, known: StripeObject | None) -> EventMeter:
    data = {} if known is None else known.data
    value_key = data.get("value_key") or (key_in(meter.value_path) if meter.value_path else None) or VALUE_KEY
    keys = tuple(key for _, path in meter.dimensions if (key := key_in(path)) is not None)
    return EventMeter(
        meter=meter,
        customer_key=data.get("customer_key", CUSTOMER_KEY),
        value_key=value_key,
        dimension_keys=keys,
        requires_dimensions=bool(data),
        updated_at=meter.created_at if known is None else known.updated_at,
    )
