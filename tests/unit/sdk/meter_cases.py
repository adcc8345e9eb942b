"""One use of every operation on meters, and on events that are recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk import EventCorrection, Meter, MeterCondition, StoredUsageEvent, UsageWindow
from tests.unit.sdk.catalog_cases import BILLING, gives, lists
from tests.unit.sdk.operation_cases import OK, Case

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = datetime(2026, 2, 1, tzinfo=UTC)
WIRE, WIRE_LATER = "2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"
DOCUMENT = {
    "id": "meter_1",
    "key": "tokens",
    "name": "Tokens",
    "event_type": "completion",
    "aggregation": "sum",
    "value_path": "$.tokens",
    "dimensions": {"model": "$.model"},
    "conditions": [{"path": "$.status", "operator": "in", "values": ["ok"]}],
    "late_seconds": 60,
    "early_seconds": 300,
    "unknown_subjects": "keep",
    "created_on": WIRE,
    "archived_on": None,
}
METER = Meter(
    "meter_1",
    "tokens",
    "Tokens",
    "completion",
    "sum",
    "$.tokens",
    {"model": "$.model"},
    (MeterCondition("$.status", "in", ("ok",)),),
    60,
    300,
    "keep",
    AT,
)
EVENT_DOCUMENT = {
    "source": "app",
    "id": "1",
    "type": "completion",
    "subject": "ada",
    "time": WIRE,
    "counted_on": WIRE,
    "recorded_on": WIRE,
    "kind": "delta",
    "data": {"tokens": "2.5"},
    "first_data": {"tokens": 2},
    "is_cancelled": True,
    "corrections": [{"data": None, "reason": "a test", "actor": "machine_1", "corrected_on": WIRE_LATER}],
}
EVENT = StoredUsageEvent(
    "app",
    "1",
    "completion",
    "ada",
    AT,
    AT,
    AT,
    data={"tokens": "2.5"},
    first_data={"tokens": 2},
    is_cancelled=True,
    corrections=(EventCorrection("a test", "machine_1", LATER),),
)
CREATED = {name: DOCUMENT[name] for name in DOCUMENT if name not in ("id", "created_on", "archived_on")}
NAMED = {"source": "app", "id": "1", "reason": "a test"}

METER_CASES = [
    lists("meters", lambda c: c.meters.list(), DOCUMENT, METER),
    gives("meters.get", lambda c: c.meters.get("tokens"), ("GET", "meters/tokens"), "meter", DOCUMENT, METER),
    gives(
        "meters.create",
        lambda c: c.meters.create(
            key="tokens",
            name="Tokens",
            event_type="completion",
            aggregation="sum",
            value_path="$.tokens",
            dimensions={"model": "$.model"},
            conditions=[MeterCondition("$.status", "in", ("ok",))],
            late_seconds=60,
            early_seconds=300,
            unknown_subjects="keep",
            idempotency_key="once",
        ),
        ("POST", "meters"),
        "meter",
        DOCUMENT,
        METER,
        body=CREATED,
        key="once",
    ),
    gives(
        "meters.update",
        lambda c: c.meters.update("tokens", is_archived=False),
        ("PATCH", "meters/tokens"),
        "meter",
        DOCUMENT,
        METER,
        body={"is_archived": False},
    ),
    Case(
        "meters.query",
        lambda c: c.meters.query(
            "tokens",
            since=AT,
            until=LATER,
            granularity="day",
            zone="Europe/Berlin",
            group_by=["model"],
            filters={"model": "large"},
            subjects=["ada"],
            customer_ids=["customer_1"],
        ),
        ("GET", f"{BILLING}/meters/tokens/query"),
        {
            **OK,
            "usage": [{"from": WIRE, "to": WIRE_LATER, "value": "2.5", "dimensions": {"model": "large", "size": None}}],
        },
        (UsageWindow(AT, LATER, Decimal("2.5"), {"model": "large", "size": None}),),
        params={
            "from": WIRE,
            "to": WIRE_LATER,
            "granularity": "day",
            "zone": "Europe/Berlin",
            "group_by": "model",
            "filters": '[{"dimension": "model", "operator": "in", "values": ["large"]}]',
            "subject": "ada",
            "customer_id": "customer_1",
        },
    ),
    Case(
        "usage.list_events",
        lambda c: c.usage.list_events(source="app", id="1", customer_id="customer_1", since=AT, until=LATER),
        ("GET", f"{BILLING}/usage_events"),
        {**OK, "usage_events": [EVENT_DOCUMENT], "next_token": None},
        (EVENT,),
        params={
            "page_size": "100",
            "source": "app",
            "id": "1",
            "customer_id": "customer_1",
            "from": WIRE,
            "to": WIRE_LATER,
        },
    ),
    gives(
        "usage.cancel_event",
        lambda c: c.usage.cancel_event(**NAMED, idempotency_key="once"),
        ("POST", "usage_events/correct"),
        "usage_event",
        EVENT_DOCUMENT,
        EVENT,
        body={**NAMED, "action": "cancel"},
        key="once",
    ),
    gives(
        "usage.amend_event",
        lambda c: c.usage.amend_event(**NAMED, data={"tokens": Decimal("2.50")}),
        ("POST", "usage_events/correct"),
        "usage_event",
        EVENT_DOCUMENT,
        EVENT,
        body={**NAMED, "action": "amend", "data": {"tokens": "2.50"}},
    ),
]
