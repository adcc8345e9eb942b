"""Test clocks of v1."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.stripe_door.door import Door

START, LATER = 1577836800, 1580428800


def test_a_clock_stands_in_the_past_moves_a_month_and_is_deleted_with_its_customers(door: Door) -> None:
    made = door.v1.post("/test_helpers/test_clocks", {"frozen_time": START, "name": "Guide"})
    assert made["id"].startswith("clock_")
    assert (made["frozen_time"], made["status"], made["name"], made["livemode"]) == (START, "ready", "Guide", False)
    customer = door.v1.post("/customers", {"test_clock": made["id"]})["id"]
    path = f"/test_helpers/test_clocks/{made['id']}"
    moved = door.v1.post(f"{path}/advance", {"frozen_time": LATER})
    assert (moved["frozen_time"], moved["status"], moved["status_details"]) == (LATER, "ready", {"advancing": None})
    assert door.v1.get(path) == moved
    assert door.v1.refused("POST", f"{path}/advance", {"frozen_time": START})[1] == "test_clock_time_invalid"
    deleted = {"id": made["id"], "object": "test_helpers.test_clock", "deleted": True}
    assert door.v1.delete(path) == deleted
    assert door.v1.refused("GET", path) == (404, "resource_missing", "id")
    assert door.v1.refused("GET", f"/customers/{customer}") == (404, "resource_missing", "id")


def test_clocks_are_listed_the_newest_first(door: Door) -> None:
    made = [door.v1.post("/test_helpers/test_clocks", {"frozen_time": START + n})["id"] for n in range(5)]
    listed = [one["id"] for one in door.v1.pages("/test_helpers/test_clocks?limit=2")]
    assert listed[:5] == made[::-1]
    back = door.v1.get(f"/test_helpers/test_clocks?limit=2&ending_before={made[0]}")
    assert ([one["id"] for one in back["data"]], back["has_more"]) == ([made[2], made[1]], True)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (400, "parameter_missing", "frozen_time")),
        ({"frozen_time": "soon"}, (400, "parameter_invalid_integer", "frozen_time")),
        ({"frozen_time": -1}, (400, "test_clock_time_invalid", None)),
        ({"frozen_time": 10**17}, (400, "parameter_invalid_integer", "frozen_time")),
        ({"frozen_time": 8_000_000_000}, (400, "test_clock_time_invalid", None)),
        ({"frozen_time": START, "wrong": 1}, (400, "parameter_unknown", "wrong")),
    ],
)
def test_a_clock_that_can_not_be_is_refused(
    door: Door, body: dict[str, Any], refusal: tuple[int, str, str | None]
) -> None:
    assert door.v1.refused("POST", "/test_helpers/test_clocks", body) == refusal
