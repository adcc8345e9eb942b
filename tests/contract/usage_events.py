"""What tests of billed events have in common: features with meters of their own making, and events of customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from billing_sdk.server.domain.catalog import Feature
from billing_sdk.server.domain.metering import Aggregation, Intake, Meter, received
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.incoming_events import IncomingEvent
from tests.engines import NOON


def measure_by(engine: Engine, feature_key: str, aggregation: Aggregation, **settings: Any) -> Meter:
    """Have a feature that there is measured by a meter of events that go by the feature's key."""
    values: dict[str, Any] = {
        "id": f"meter_{feature_key}_{aggregation}",
        "key": f"{feature_key}_{aggregation}",
        "name": feature_key,
        "event_type": f"{feature_key}_used",
        "aggregation": aggregation,
        "created_at": NOON,
        "value_path": None if aggregation == "count" else "$.value",
        "dimensions": (("model", "$.model"),),
    }
    meter = Meter(**{**values, **settings})
    with engine.begin() as tx:
        tx.meters.add(meter)
        feature: Feature = tx.features.get(feature_key)
        tx.features.save(replace(feature, meter_key=meter.key))
    return meter


def report(
    engine: Engine,
    subject: str,
    value: Any = 1,
    at: datetime | None = None,
    *,
    type: str = "ai_tokens",  # noqa: A002 - the attribute's name in CloudEvents
    id: str,  # noqa: A002 - as above
    arrives_at: datetime | None = None,
    **data: Any,
) -> str:
    """Record an event of some application as it arrives at its time, or now, and return what became of it."""
    with engine.begin() as tx:
        intake = Intake.of(tx.meters.of_type((type,)))
        now = arrives_at or max(engine.now(), at or engine.now())
        content: Mapping[str, Any] = {"value": value, **data}
        event = IncomingEvent("app", id, type, subject, at, dict(content))
        (recorded,) = tx.usage_log.append([received(event, intake, intake.span(now), now)], intake.meters)
    return recorded.outcome
