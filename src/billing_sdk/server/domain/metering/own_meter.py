"""The meter that every metered feature has, unless it is measured by another one."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.catalog import Feature
from billing_sdk.server.domain.metering.meter import ALL_MEMBERS, Meter


def own_meter(feature: Feature, *, at: datetime) -> Meter:
    """Return the meter that adds up what events of the feature's key report, such as `{"value": 5}`.

    Its id comes from the feature's, as it belongs to it alone. What events carry in `dimensions` tells them apart.
    """
    return Meter(
        id="meter_" + feature.id.removeprefix("feature_"),
        key=feature.key,
        name=feature.name,
        event_type=feature.key,
        aggregation="sum",
        created_at=at,
        value_path="$.value",
        dimensions=((ALL_MEMBERS, "$.dimensions"),),
    )
