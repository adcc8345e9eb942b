"""See that the usage of a feature is counted: by a meter that there is, or by one of its own, while it is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import DuplicateKey, InvalidRequest, NotFound
from billing_sdk.server.domain.catalog import Feature
from billing_sdk.server.domain.metering import Meter, own_meter
from billing_sdk.server.storage import UnitOfWork


def give_meter(tx: UnitOfWork, feature: Feature, *, at: datetime, actor: str) -> Meter | None:
    """Give a new metered feature the meter that it names, or one of its own.

    Its own meter may be there already, from a feature of this key that was deleted: what was used then stays counted.

    Returns:
        The meter that has events to count which there are already; None where that is done.

    Raises:
        InvalidRequest: the feature is not metered, and names a meter all the same; or the meter is archived.
        NotFound: there is no such meter.
        DuplicateKey: a meter that measures something else has the feature's key.
    """
    if not feature.is_metered:
        if feature.meter_key is not None:
            raise InvalidRequest(f"{feature.key!r} is not metered, so no meter counts it", parameter="meter_key")
        return None
    found = tx.meters.find_by_key(feature.measured_by)
    if feature.meter_key is not None:
        if found is None:
            raise NotFound(f"there is no meter {feature.meter_key[:64]!r}")
        if found.archived_at is not None:
            raise InvalidRequest(f"the meter {found.key!r} is archived", parameter="meter_key")
        return None
    meter = own_meter(feature, at=at)
    if found is None:
        tx.meters.add(meter)
        tx.audit.record(actor, "meter.create", meter.id, at, after=meter)
        return meter
    unarchived = replace(found, archived_at=None)
    if unarchived != replace(meter, id=found.id, name=found.name, created_at=found.created_at):
        raise DuplicateKey(
            f"there is a meter {feature.key!r} already; name it as the feature's meter, or take another key"
        )
    if unarchived == found:
        return None
    tx.meters.save(unarchived)
    tx.audit.record(actor, "meter.update", found.id, at, before=found, after=unarchived)
    return unarchived


def take_meter(tx: UnitOfWork, feature: Feature, *, at: datetime, actor: str) -> None:
    """Archive the own meter of a feature that was deleted, unless another feature is measured by it."""
    if not feature.is_metered or feature.meter_key is not None:
        return
    if any(other.is_metered and other.measured_by == feature.key for other in tx.features.list()):
        return
    found = tx.meters.lock(feature.key)
    if found.archived_at is None:
        archived = replace(found, archived_at=at)
        tx.meters.save(archived)
        tx.audit.record(actor, "meter.archive", found.id, at, before=found, after=archived)
