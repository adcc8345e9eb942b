"""Meters of v1: what they are, what they count and what is refused."""

from __future__ import annotations

import pytest

from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.metering import new_meter
from tests.engines import NOON

AT = int(NOON.timestamp())


def test_a_meter_says_what_it_counts_and_by_which_members_of_a_payload(door: Door) -> None:
    made = new_meter(door, event_name="alpaca tokens", display_name="Alpaca AI tokens")
    assert made == {
        "id": made["id"],
        "object": "billing.meter",
        "created": AT,
        "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        "default_aggregation": {"formula": "sum"},
        "dimension_payload_keys": None,
        "display_name": "Alpaca AI tokens",
        "event_name": "alpaca tokens",
        "event_time_window": None,
        "livemode": False,
        "status": "active",
        "status_transitions": {"deactivated_at": None},
        "updated": AT,
        "value_settings": {"event_payload_key": "value"},
    }
    assert made["id"].startswith("mtr_test_")
    assert door.v1.get(f"/billing/meters/{made['id']}") == made


def test_a_meter_may_name_other_members_and_dimensions(door: Door) -> None:
    made = new_meter(
        door,
        default_aggregation={"formula": "count"},
        customer_mapping={"type": "by_id", "event_payload_key": "who"},
        value_settings={"event_payload_key": "bytes used"},
        dimension_payload_keys=["model", "region"],
    )
    assert made["customer_mapping"]["event_payload_key"] == "who"
    assert made["value_settings"] == {"event_payload_key": "bytes used"}
    assert made["dimension_payload_keys"] == ["model", "region"]
    assert made["default_aggregation"] == {"formula": "count"}


def test_only_the_name_for_people_changes(door: Door) -> None:
    made = new_meter(door)
    changed = door.v1.post(f"/billing/meters/{made['id']}", {"display_name": "Other"})
    assert changed == {**made, "display_name": "Other"}
    assert door.v1.post(f"/billing/meters/{made['id']}", {}) == changed
    path = f"/billing/meters/{made['id']}"
    assert door.v1.refused("POST", path, {"event_name": "x"}) == (400, "parameter_unknown", "event_name")


def test_the_name_of_an_event_belongs_to_one_active_meter(door: Door) -> None:
    first = new_meter(door)
    body = {
        "display_name": "Second",
        "event_name": first["event_name"],
        "default_aggregation": {"formula": "sum"},
    }
    assert door.v1.refused("POST", "/billing/meters", body)[:2] == (400, "meter_event_name_already_used")

    gone = door.v1.post(f"/billing/meters/{first['id']}/deactivate")
    assert (gone["status"], gone["status_transitions"]) == ("inactive", {"deactivated_at": AT})
    assert door.v1.post(f"/billing/meters/{first['id']}/deactivate") == gone
    second = door.v1.post("/billing/meters", body)
    assert door.v1.refused("POST", f"/billing/meters/{first['id']}/reactivate")[:2] == (
        400,
        "meter_event_name_already_used",
    )

    door.v1.post(f"/billing/meters/{second['id']}/deactivate")
    back = door.v1.post(f"/billing/meters/{first['id']}/reactivate")
    assert (back["status"], back["status_transitions"]) == ("active", {"deactivated_at": None})


def test_meters_are_listed_newest_first_by_status_and_by_pages(door: Door) -> None:
    ids = [new_meter(door)["id"] for _ in range(12)]
    door.v1.post(f"/billing/meters/{ids[3]}/deactivate")
    page = door.v1.get("/billing/meters")
    assert [one["id"] for one in page["data"]] == ids[:1:-1]
    assert (page["object"], page["url"], page["has_more"]) == ("list", "/v1/billing/meters", True)
    listed = [one["id"] for one in door.v1.pages("/billing/meters?limit=5")]
    assert listed[:12] == ids[::-1]
    inactive = [one["id"] for one in door.v1.pages("/billing/meters?status=inactive")]
    assert ids[3] in inactive
    active = [one["id"] for one in door.v1.pages("/billing/meters?status=active&limit=100")]
    assert set(ids) - set(active) == {ids[3]}


def test_a_meter_of_another_door_is_shown_where_a_payload_can_tell_its_events(door: Door) -> None:
    found = {one["event_name"]: one for one in door.v1.pages("/billing/meters?limit=100")}
    assert found["ai_tokens"]["default_aggregation"] == {"formula": "sum"}
    assert found["ai_tokens"]["value_settings"] == {"event_payload_key": "value"}


GOOD = {"display_name": "T", "event_name": "never", "default_aggregation": {"formula": "sum"}}


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"display_name": None}, "parameter_invalid_empty", "display_name"),
        ({"display_name": "x" * 251}, "parameter_invalid", "display_name"),
        ({"event_name": "x" * 101}, "parameter_invalid", "event_name"),
        ({"event_name": None}, "parameter_invalid_empty", "event_name"),
        ({"default_aggregation": {"formula": "max"}}, "parameter_invalid", "default_aggregation[formula]"),
        ({"default_aggregation": {}}, "parameter_missing", "default_aggregation"),
        (
            {"customer_mapping": {"type": "by_email", "event_payload_key": "x"}},
            "parameter_invalid",
            "customer_mapping[type]",
        ),
        (
            {"customer_mapping": {"type": "by_id"}},
            "parameter_missing",
            "customer_mapping[event_payload_key]",
        ),
        (
            {"value_settings": {"event_payload_key": "it's"}},
            "parameter_invalid",
            "value_settings[event_payload_key]",
        ),
        ({"dimension_payload_keys": ["a", "a"]}, "parameter_invalid", "dimension_payload_keys"),
        ({"dimension_payload_keys": ["value"]}, "parameter_invalid", "dimension_payload_keys"),
        ({"dimension_payload_keys": list("abcdefghijk")}, "parameter_invalid", "dimension_payload_keys"),
        ({"event_time_window": "week"}, "parameter_invalid", "event_time_window"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
    ],
)
def test_a_meter_that_can_not_be_is_refused_and_nothing_is_made(door: Door, change, code, param) -> None:
    assert door.v1.refused("POST", "/billing/meters", {**GOOD, **change}) == (400, code, param)
    assert all(one["event_name"] != "never" for one in door.v1.pages("/billing/meters?limit=100"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/billing/meters/{}"),
        ("POST", "/billing/meters/{}"),
        ("POST", "/billing/meters/{}/deactivate"),
        ("POST", "/billing/meters/{}/reactivate"),
        ("GET", "/billing/meters/{}/event_summaries?customer=cus_" + "0" * 32 + "&start_time=0&end_time=60"),
    ],
)
@pytest.mark.parametrize("meter_id", ["mtr_test_" + "0" * 32, "mtr_1", "cus_" + "0" * 32])
def test_a_meter_that_is_not_there_is_missing(door: Door, method, path, meter_id) -> None:
    assert door.v1.refused(method, path.format(meter_id))[:2] == (404, "resource_missing")


def test_a_meter_is_made_once_for_an_idempotency_key(door: Door) -> None:
    body = {**GOOD, "event_name": "once"}
    first = door.v1.call("POST", "/billing/meters", body, Idempotency_Key="k1")
    again = door.v1.call("POST", "/billing/meters", body, Idempotency_Key="k1")
    assert (first.status, again.status, first.body) == (200, 200, again.body)
    assert again.headers["idempotent-replayed"] == "true"
