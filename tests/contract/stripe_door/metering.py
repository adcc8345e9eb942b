"""Meters, customers and events at the Stripe door, for tests."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.contract.stripe_door.door import Door

NUMBERS = count()


def new_meter(door: Door, **more: Any) -> Any:
    """Make a meter of a name of its own that adds up."""
    name = f"event_{next(NUMBERS)}"
    body = {"display_name": "Tokens", "event_name": name, "default_aggregation": {"formula": "sum"}, **more}
    return door.v1.post("/billing/meters", body)


def new_customer(door: Door, **more: Any) -> str:
    """Make a customer, and return its id."""
    made: str = door.v1.post("/customers", {"name": "Ada", **more})["id"]
    return made


def event(meter: Any, customer: str, value: Any = "1", **more: Any) -> dict[str, Any]:
    """Return a body that says how much a customer has used."""
    payload = {"stripe_customer_id": customer, "value": value, **more.pop("payload", {})}
    return {"event_name": meter["event_name"], "payload": payload, **more}


def used(door: Door, meter: Any, customer: str, start: int, end: int, more: str = "") -> list[float]:
    """Return what summaries of a customer show."""
    path = f"/billing/meters/{meter['id']}/event_summaries?customer={customer}&start_time={start}&end_time={end}{more}"
    return [one["aggregated_value"] for one in door.v1.pages(path)]
