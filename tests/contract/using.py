"""Usage in an engine's store, with no door in front of it."""

from __future__ import annotations

from billing_sdk.server.domain.metering import Recorded, UsageEvent
from billing_sdk.server.usecases.engine import Engine
from tests.metering import measured


def used(engine: Engine, *events: UsageEvent) -> list[Recorded]:
    """Record events, read by the meters that there are."""
    with engine.begin() as tx:
        meters = tx.meters.of_type({one.type for one in events})
        return tx.usage_log.append(measured(events, meters), meters)
