"""Whatever stands at any place of a body of the catalogue is taken or refused, and never a failure of the server."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest

from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.shelf import MONTHLY, PRICED, Shelf, action_body

Place = tuple[str | int, ...]

HOSTILE = (
    None,
    "",
    -1,
    1.5,
    10**30,
    1e308,
    True,
    [],
    {},
    [None],
    {"a": {"b": 1}},
    "x" * 10_000,
    "\x00",
    "1e999",
    "9" * 19,
    "٣",
    ["x"] * 200,
    "card_" + "0" * 32,
)
TIERS = [{"up_to_decimal": "10", "unit_amount": "1", "flat_amount": "2"}, {"up_to_inf": "inf", "unit_amount": "1"}]


def places_in(value: Any, place: Place = ()) -> Iterator[Place]:
    yield place
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places_in(member, (*place, name))


def with_at(value: Any, place: Place, hostile: Any) -> Any:
    if not place:
        return hostile
    if isinstance(value, dict):
        return {name: with_at(one, place[1:], hostile) if name == place[0] else one for name, one in value.items()}
    return [with_at(one, place[1:], hostile) if name == place[0] else one for name, one in enumerate(value)]


@pytest.fixture(scope="module")
def bodies(door: Door) -> dict[str, Any]:
    """A body that is taken, by the address that takes it."""
    shelf = Shelf(door)
    meter = shelf.meter()
    item, seat, card, fee = (
        shelf.metered(meter=meter)["id"],
        shelf.licensed()["id"],
        shelf.card()["id"],
        shelf.fee()["id"],
    )
    plan = shelf.plan()["id"]
    labels = {"display_name": "x", "lookup_key": "k", "metadata": {"a": "b"}}
    billed = {**labels, "unit_label": "u", "tax_details": {"tax_code": "txcd_10000000"}}
    measured = {"meter": meter, "meter_segment_conditions": [{"dimension": "a", "value": "b"}]}
    tiered = {"tiers": TIERS, "tiering_mode": "volume", "transform_quantity": {"divide_by": "5", "round": "up"}}
    made_with = {"metered_item_data": {"display_name": "y", **measured}, "unit_amount": "1"}
    changes = {"rates_to_create": [made_with], "rates_to_delete": [{"id": shelf.rate(card)["id"]}]}
    return {
        "/billing/metered_items": {**billed, **measured, "invoice_presentation_dimensions": ["a"]},
        "/billing/licensed_items": billed,
        "/billing/license_fees": {**labels, "licensed_item": seat, **tiered, **MONTHLY, **PRICED},
        "/billing/rate_cards": {**labels, **MONTHLY, **PRICED},
        f"/billing/rate_cards/{card}/rates": {"metered_item": item, **tiered},
        f"/billing/rate_cards/{card}/modify_rates": changes,
        "/billing/service_actions": action_body(scope={"billable_items": [item]}, grant={"priority": 5}),
        "/billing/pricing_plans": {**labels, "description": "d", **PRICED},
        f"/billing/pricing_plans/{plan}": {**labels, "live_version": "latest", "active": True},
        f"/billing/pricing_plans/{plan}/components": {"type": "license_fee", "license_fee": {"id": fee}, **labels},
    }


def test_no_body_makes_the_server_fail(door: Door, bodies: dict[str, Any]) -> None:
    hostile = cycle(HOSTILE)
    for path, body in bodies.items():
        for place in places_in(body):
            told = door.v2.call("POST", path, with_at(body, place, next(hostile)))
            assert told.status < 500, (path, place, told.body)
