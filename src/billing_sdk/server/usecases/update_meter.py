"""Update meters: what they are called, and whether they go on counting; what they measure never changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from billing_sdk.errors import MeterInUse
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.metering import Meter
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.roll_up_meter import roll_up_meter, roll_up_meter_apart
from billing_sdk.server.usecases.versions import check_version


def update_meter(
    engine: Engine,
    *,
    key: str,
    name: str | None = None,
    is_archived: bool | None = None,
    versions: Collection[str] | None = None,
    actor: str = "api",
) -> Meter:
    """Change what is given and leave the rest.

    A meter that is archived counts nothing that arrives from then on, and still shows what it has counted. When it is
    taken back it counts what has arrived in the meantime, too.

    Raises:
        NotFound: there is no such meter.
        PreconditionFailed: it is in none of the versions (`version_of`) that the caller knows.
        InvalidRequest: the name is empty or too long.
        MeterInUse: it is to be archived, and a feature is measured by it.
    """
    with engine.begin() as tx:
        before = tx.meters.lock(key)
        check_version(before, versions)
        meter = before if name is None else replace(before, name=checked_name(name))
        if is_archived is True and before.archived_at is None:
            _require_unused(tx, before)
            meter = replace(meter, archived_at=engine.now())
        if is_archived is False:
            meter = replace(meter, archived_at=None)
        if meter != before:
            tx.meters.save(meter)
            tx.audit.record(actor, "meter.update", meter.id, engine.now(), before=before, after=meter)
        is_back = before.archived_at is not None and meter.archived_at is None
        if is_back:
            roll_up_meter(engine, tx, meter)
    if is_back:
        roll_up_meter_apart(engine, meter)
    return meter


def _require_unused(tx: UnitOfWork, meter: Meter) -> None:
    features = [one.key for one in tx.features.hold().values() if one.is_metered and one.measured_by == meter.key]
    if features:
        raise MeterInUse(f"the meter {meter.key!r} counts the usage of {features[0]!r}", features=sorted(features))
