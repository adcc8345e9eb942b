"""Update what may change of a feature."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TypedDict, Unpack

from billing_sdk.errors import FeatureLocked, InvalidQuantity
from billing_sdk.server.domain.catalog import Feature, FeatureType
from billing_sdk.server.domain.catalog.labels import checked_unit_label
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import normal_name
from billing_sdk.server.usecases.versions import check_version


class FeatureLimit(TypedDict, total=False):
    """The limit of a plan that names none; None takes away what was there."""

    max_units: int | None


def update_feature(
    engine: Engine,
    *,
    key: str,
    new_key: str | None = None,
    name: str | None = None,
    feature_type: FeatureType | None = None,
    unit_name: str | None = None,
    description: str | None = None,
    line_description: str | None = None,
    versions: Collection[str] | None = None,
    actor: str = "operator",
    **limit: Unpack[FeatureLimit],
) -> Feature:
    """Update a feature; what is None stays as it is, and so do a limit that is not given and the plans that include it.

    Source: Kinde documentation, "Create plans" (name, key and type never change).

    Raises:
        UnknownFeature: there is no such feature.
        PreconditionFailed: it is in none of the versions (`version_of`) that the caller knows.
        FeatureLocked: another key, name or type is asked for.
        InvalidQuantity: the limit is below zero, or the feature is not counted.
        InvalidRequest: a text is too long.
    """
    with engine.begin() as tx:
        before = tx.features.lock(key)
        check_version(before, versions)
        for what, asked, present in (
            ("key", new_key, key),
            ("name", name, before.name),
            ("type", feature_type, before.type),
        ):
            if asked is not None and asked != present:
                raise FeatureLocked(f"the {what} of the feature {key!r} can't change")
        max_units = limit.get("max_units", before.max_units)
        if max_units is not None and (max_units < 0 or not before.is_metered):
            raise InvalidQuantity(f"{key!r} can't be limited to {max_units} units")
        feature = replace(
            before,
            unit_name=before.unit_name if unit_name is None else checked_unit_label(unit_name),
            description=before.description if description is None else normal_name(description, "description"),
            max_units=max_units,
            line_description=before.line_description
            if line_description is None
            else normal_name(line_description, "line_description"),
        )
        if feature != before:
            tx.features.save(feature)
            tx.audit.record(actor, "feature.update", feature.id, engine.now(), before=before, after=feature)
    return feature
