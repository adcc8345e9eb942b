"""Which feature the usage of a meter is of, for items that are named by their meter; and the meters of items."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.domain.catalog import MeteredItem
from billing_sdk.server.domain.metering.meter import ALL_MEMBERS
from billing_sdk.server.storage import UnitOfWork


def feature_of_meter(tx: UnitOfWork, meter_id: str, conditions: Mapping[str, str]) -> str:
    """Return the key of the feature that a meter measures: the one of the meter's own key, where there are several.

    Args:
        tx: the transaction.
        meter_id: the meter.
        conditions: the dimensions that are told apart, with the value of each.

    Raises:
        NotFound: there is no such meter, or it measures no feature.
        InvalidRequest: usage is not marked with such a dimension.
    """
    meter = tx.meters.find(meter_id)
    if meter is None:
        raise NotFound(f"there is no meter {meter_id[:64]!r}")
    measured = [one.key for one in tx.features.list() if one.is_metered and one.measured_by == meter.key]
    if not measured:
        raise NotFound(f"the meter {meter.key!r} measures no feature", remedy="Add a feature that is measured by it.")
    known = {name for name, _ in meter.dimensions}
    other = sorted(conditions.keys() - known)
    if other and ALL_MEMBERS not in known:
        raise InvalidRequest(f"the meter has no dimension {other[0][:64]!r}", parameter="conditions")
    return meter.key if meter.key in measured else measured[0]


def meters_of_items(tx: UnitOfWork, items: Collection[MeteredItem]) -> dict[str, str]:
    """Return the id of the meter of each item, by the id of the item; one that has no meter yet goes by its feature."""
    meters = tx.meters.of_features({item.feature_key for item in items})
    return {item.id: meters[item.feature_key].id if item.feature_key in meters else item.feature_key for item in items}
