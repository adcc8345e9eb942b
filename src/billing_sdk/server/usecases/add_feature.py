"""Add a feature."""

from __future__ import annotations

from billing_sdk.errors import DuplicateKey, InvalidQuantity, InvalidRequest
from billing_sdk.server.domain.catalog import Feature, FeatureType
from billing_sdk.server.domain.catalog.keys import checked_key
from billing_sdk.server.domain.catalog.labels import checked_name, checked_unit_label
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.give_meter import give_meter
from billing_sdk.server.usecases.people import normal_name
from billing_sdk.server.usecases.roll_up_meter import roll_up_meter, roll_up_meter_apart


def add_feature(
    engine: Engine,
    *,
    key: str,
    name: str,
    feature_type: FeatureType,
    unit_name: str = "",
    description: str = "",
    max_units: int | None = None,
    line_description: str = "",
    meter_key: str | None = None,
    actor: str = "operator",
) -> Feature:
    """Add a feature that any plan can include, each with a limit and price of its own.

    Args:
        engine: the engine.
        key: what code gates on.
        name: what customers read.
        feature_type: `metered` is counted, `unmetered` is there or not.
        unit_name: what is counted, such as `token`.
        description: for operators.
        max_units: the limit that a plan gives which names none; None is without limit.
        line_description: what invoices say where a plan says nothing else.
        meter_key: the meter that counts its usage; without one it gets its own, which adds up what events report.
        actor: who adds it, as the audit names them.

    Raises:
        InvalidRequest: key, name, type or a text is none, or the meter can't be the feature's.
        NotFound: there is no such meter.
        InvalidQuantity: the limit is below zero, or the feature is not counted.
        DuplicateKey: a feature has this key, or a meter that is not the feature's.
    """
    checked_key(key)
    if feature_type not in ("metered", "unmetered"):
        raise InvalidRequest("a feature is metered or unmetered", parameter="feature_type")
    if max_units is not None and (max_units < 0 or feature_type == "unmetered"):
        raise InvalidQuantity(f"{key!r} can't be limited to {max_units} units")
    feature = Feature(
        new_id("feature"),
        key,
        checked_name(name),
        feature_type,
        checked_unit_label(unit_name),
        normal_name(description, "description"),
        max_units,
        normal_name(line_description, "line_description"),
        meter_key,
    )
    with engine.begin() as tx:
        if tx.features.find(key) is not None:
            raise DuplicateKey(f"there is a feature {key!r} already")
        begun = give_meter(tx, feature, at=engine.now(), actor=actor)
        tx.features.add(feature)
        tx.audit.record(actor, "feature.create", feature.id, engine.now(), after=feature)
        if begun is not None:
            roll_up_meter(engine, tx, begun)
    if begun is not None:
        roll_up_meter_apart(engine, begun)
    return feature
