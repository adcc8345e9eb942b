"""Good calls of the operations on events, meters, features and what customers may use."""

from __future__ import annotations

from typing import Any

from tests.contract.konnect.calling import Call, Door, Sent


def event_of(door: Door, **fields: Any) -> dict[str, Any]:
    """Return an event that nobody has sent."""
    return {
        "specversion": "1.0",
        "id": door.name("event"),
        "source": "tests",
        "type": "request",
        "subject": "s",
        **fields,
    }


def meter_of(door: Door, **fields: Any) -> dict[str, Any]:
    """Return a new meter that adds up."""
    key = door.name("meter")
    body = {
        "name": "Tokens",
        "key": key,
        "aggregation": "sum",
        "event_type": f"type_{key}",
        "value_property": "$.tokens",
        "dimensions": {"model": "$.model"},
        "labels": {"team": "ai"},
    }
    return door.made("/meters", {**body, **fields})


def feature_of(door: Door, **fields: Any) -> dict[str, Any]:
    """Return a new feature that a meter counts."""
    return door.made("/features", _feature(door, **fields))


def _feature(door: Door, **fields: Any) -> dict[str, Any]:
    meter = {"id": meter_of(door)["id"], "filters": {"model": {"eq": "large"}}}
    return {
        "name": "AI tokens",
        "key": door.name("tokens"),
        "meter": meter,
        "unit_cost": {"type": "manual", "amount": "0.002"},
        **fields,
    }


def _query(door: Door) -> Sent:
    meter = meter_of(door)
    event = event_of(door, type=meter["event_type"], data={"tokens": 5, "model": "large"})
    door.send("POST", "/events", json=event)
    asked = {
        "granularity": "P1D",
        "time_zone": "Europe/Berlin",
        "group_by_dimensions": ["model"],
        "filters": {"dimensions": {"model": {"or": [{"eq": "large"}, {"contains": "sm"}]}}},
    }
    return Sent(f"/meters/{meter['id']}/query", asked)


def _new_meter(door: Door) -> Sent:
    return Sent("/meters", {"name": "Requests", "key": door.name("meter"), "aggregation": "count", "event_type": "r"})


CALLS = {
    "ingest-metering-events": Call(lambda door: Sent("/events", event_of(door)), 202),
    "list-metering-events": Call(
        lambda door: Sent("/events", query="filter[type][eq]=request&sort=ingested_at asc&page[size]=2")
    ),
    "create-meter": Call(_new_meter, 201),
    "list-meters": Call(lambda door: Sent("/meters", query="filter[key][contains]=a&sort=key desc&page[size]=3")),
    "get-meter": Call(lambda door: Sent(f"/meters/{meter_of(door)['id']}")),
    "update-meter": Call(lambda door: Sent(f"/meters/{meter_of(door)['id']}", {"name": "All tokens"})),
    "delete-meter": Call(lambda door: Sent(f"/meters/{meter_of(door)['id']}"), 204),
    "query-meter": Call(_query),
    "create-feature": Call(lambda door: Sent("/features", _feature(door)), 201),
    "list-features": Call(lambda door: Sent("/features", query="filter[name][contains]=ai&sort=name")),
    "get-feature": Call(lambda door: Sent(f"/features/{feature_of(door)['id']}")),
    "update-feature": Call(
        lambda door: Sent(
            f"/features/{feature_of(door)['id']}",
            {"unit_cost": {"type": "llm", "provider": "openai", "model_property": "model", "token_type": "input"}},
        )
    ),
    "delete-feature": Call(lambda door: Sent(f"/features/{feature_of(door)['id']}"), 204),
    "list-customer-entitlement-access": Call(
        lambda door: Sent(f"/customers/{door.customer()['id']}/entitlement-access")
    ),
}
