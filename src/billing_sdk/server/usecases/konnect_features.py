"""Features with what only the Konnect door knows of them: made, given a cost, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from billing_sdk.errors import Gone, InvalidRequest, NotFound
from billing_sdk.server.domain.catalog import Feature
from billing_sdk.server.domain.costs import ModelCost, unit_cost_from
from billing_sdk.server.domain.metering import Condition, DimensionFilter, Meter
from billing_sdk.server.domain.metering.meter import ALL_MEMBERS
from billing_sdk.server.ids import made_at, new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.create_meter import create_meter
from billing_sdk.server.usecases.delete_feature import delete_feature
from billing_sdk.server.usecases.engine import Engine

LONGEST_SHORT_NAME = 64
AS_CONDITIONS = ("eq", "ne", "in", "not_in", "exists")


@dataclass(frozen=True, slots=True)
class ChosenFeature:
    """A feature as it is asked for.

    Attributes:
        filters: which of its meter's usage is the feature's.
        filters_sent: the same as the client wrote it.
    """

    key: str
    name: str
    meter_id: str | None = None
    filters: Sequence[DimensionFilter] = ()
    filters_sent: Mapping[str, Any] | None = None
    unit_cost: Mapping[str, Any] | None = None
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownFeature:
    """A feature as this door knows it.

    Attributes:
        meter_id: the meter that was named; not one that was derived from it.
        measured_by: the key of the meter that counts its usage; None where none does.
    """

    id: str
    key: str
    name: str
    meter_id: str | None
    measured_by: str | None
    extras: Extras

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.extras.created_at

    @property
    def updated_at(self) -> datetime:
        """When it was changed last."""
        return self.extras.updated_at


def choose_feature(engine: Engine, chosen: ChosenFeature, *, actor: str) -> KnownFeature:
    """Make a feature; with filters it is counted by a meter of its own, which has them as conditions.

    Args:
        engine: within a call.
        chosen: the feature.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: there is no such meter, or it can't be filtered so.
        DuplicateKey: a feature has this key.
    """
    at = engine.now()
    with engine.read() as tx:
        meter = None if chosen.meter_id is None else tx.meters.find(chosen.meter_id)
    if chosen.meter_id is not None and (meter is None or meter.archived_at is not None):
        raise InvalidRequest("there is no such meter", parameter="meter.id")
    _check_cost(chosen.unit_cost, meter)
    counted_by = meter
    if meter is not None and chosen.filters:
        counted_by = _derived(engine, meter, chosen, actor=actor)
    feature = add_feature(
        engine,
        key=chosen.key,
        name=chosen.name.strip()[:LONGEST_SHORT_NAME],
        feature_type="unmetered" if counted_by is None else "metered",
        meter_key=None if counted_by is None else counted_by.key,
        actor=actor,
    )
    more: dict[str, Any] = {"key": feature.key}
    if meter is not None:
        more["meter_id"] = meter.id
    if chosen.filters_sent is not None:
        more["filters"] = chosen.filters_sent
    if chosen.unit_cost is not None:
        more["unit_cost"] = chosen.unit_cost
    extras = Extras(
        "feature",
        feature.id,
        created_at=at,
        updated_at=at,
        name=chosen.name,
        description=chosen.description,
        labels=chosen.labels,
        more=more,
    )
    with engine.begin() as tx:
        tx.konnect.save(extras)
    return _known(feature, extras, meter)


def known_features(tx: UnitOfWork) -> list[KnownFeature]:
    """Return the features that there are."""
    features = tx.features.list()
    extras = tx.konnect.find_many("feature", [feature.id for feature in features])
    meters = {meter.key: meter for meter in tx.meters.all()}
    return [
        _known(one, extras.get(one.id) or _unknown(one.id), meters.get(one.measured_by) if one.is_metered else None)
        for one in features
    ]


def feature_known_as(tx: UnitOfWork, feature_id: str) -> KnownFeature:
    """Return a feature, also a deleted one.

    Raises:
        NotFound: there never was one with this id.
    """
    for one in known_features(tx):
        if one.id == feature_id:
            return one
    extras = tx.konnect.find("feature", feature_id)
    if extras is None:
        raise NotFound("there is no such feature", entity="feature")
    more = extras.more
    return KnownFeature(feature_id, more["key"], extras.name or more["key"], more.get("meter_id"), None, extras)


def set_unit_cost(engine: Engine, feature_id: str, unit_cost: Mapping[str, Any] | None, *, actor: str) -> KnownFeature:
    """Say what a unit of a feature costs; None takes it away.

    Raises:
        NotFound: there is no such feature.
        Gone: it was deleted.
        InvalidRequest: its use is not counted, or its meter has no such dimension.
    """
    at = engine.now()
    with engine.begin() as tx:
        known = feature_known_as(tx, feature_id)
        if known.extras.deleted_at is not None:
            raise Gone("the feature was deleted")
        _check_cost(unit_cost, None if known.measured_by is None else tx.meters.get(known.measured_by))
        more = {name: value for name, value in known.extras.more.items() if name != "unit_cost"}
        if unit_cost is not None:
            more["unit_cost"] = unit_cost
        extras = replace(known.extras, updated_at=at, more={**more, "key": known.key})
        tx.konnect.save(extras)
        tx.audit.record(actor, "feature.cost", feature_id, at, before=known.extras, after=extras)
    return replace(known, extras=extras)


def drop_feature(engine: Engine, feature_id: str, *, actor: str) -> None:
    """Delete a feature that no plan includes; it can still be read.

    Raises:
        NotFound: there is no such feature.
        FeatureInUse: a plan includes it.
    """
    at = engine.now()
    with engine.read() as tx:
        known = feature_known_as(tx, feature_id)
    if known.extras.deleted_at is not None:
        raise NotFound("there is no such feature", entity="feature")
    delete_feature(engine, key=known.key, actor=actor)
    with engine.begin() as tx:
        more = {**known.extras.more, "key": known.key}
        tx.konnect.save(replace(known.extras, name=known.name, more=more, updated_at=at, deleted_at=at))


def _check_cost(document: Mapping[str, Any] | None, meter: Meter | None) -> None:
    """Let a unit cost pass that can be told of what a meter counts.

    Raises:
        InvalidRequest: there is no meter, or it has no such dimension.
    """
    if document is None:
        return
    if meter is None:
        raise InvalidRequest(
            "what a unit costs is of use only where the use of the feature is counted",
            parameter="unit_cost",
            rule="dependent_fields",
            dependents=("meter",),
        )
    cost = unit_cost_from(document)
    known = {name for name, _ in meter.dimensions}
    if ALL_MEMBERS in known:
        return
    for part in ("provider", "model", "token_type") if isinstance(cost, ModelCost) else ():
        name = document.get(f"{part}_property")
        if name is not None and name not in known:
            raise InvalidRequest(
                f"the meter has no dimension {name[:64]!r}",
                parameter=f"unit_cost.{part}_property",
                rule="enum",
                choices=tuple(sorted(known)),
            )


def _derived(engine: Engine, meter: Meter, chosen: ChosenFeature, *, actor: str) -> Meter:
    """Return a meter that counts of another one's events those that a feature asks for."""
    paths = dict(meter.dimensions)
    conditions = list(meter.conditions)
    for one in chosen.filters:
        for part in one.parts if one.operator == "and" else (one,):
            if part.operator not in AS_CONDITIONS or part.name not in paths:
                raise InvalidRequest(
                    "a feature's usage is filtered by dimensions of its meter, with eq, neq, in, nin or exists",
                    parameter=f"meter.filters.{part.name}",
                )
            conditions.append(Condition(paths[part.name], part.operator, part.values))  # type: ignore[arg-type] # looked at
    return create_meter(
        engine,
        key=f"{meter.key[:190]}_{new_id('x')[-12:]}",
        name=chosen.name.strip()[:LONGEST_SHORT_NAME],
        event_type=meter.event_type,
        aggregation=meter.aggregation,
        value_path=meter.value_path,
        dimensions=paths,
        conditions=conditions,
        unknown_subjects=meter.unknown_subjects,
        actor=actor,
    )


def _known(feature: Feature, extras: Extras, meter: Meter | None) -> KnownFeature:
    meter_id = extras.more.get("meter_id") or (None if meter is None else meter.id)
    measured_by = feature.measured_by if feature.is_metered else None
    return KnownFeature(feature.id, feature.key, extras.name or feature.name, meter_id, measured_by, extras)


def _unknown(feature_id: str) -> Extras:
    """Return what is known of a feature that was made elsewhere: its id says when."""
    at = made_at(feature_id)
    return Extras("feature", feature_id, created_at=at, updated_at=at)
