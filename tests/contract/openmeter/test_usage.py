"""Meters, events, customers and subjects, as OpenMeter clients ask for them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.openmeter.conftest import Door


def events(door: Door, asked: Any, more: str = "") -> Any:
    return door.got(f"/api/v2/events?filter={quote(json.dumps(asked))}{more}")


def test_a_meter_takes_other_groups_and_tells_their_values(door: Door) -> None:
    feature = door.metered()
    for subject, units, model in (("b", 1, "large"), ("a", 2, "small"), ("a", 3, "large")):
        door.use(feature, f"{feature}-{subject}", units, model)
    assert door.got(f"/api/v1/meters/{feature}/subjects") == [f"{feature}-a", f"{feature}-b"]
    assert door.got(f"/api/v1/meters/{feature}/group-by/model/values") == ["large", "small"]
    assert door.got(f"/api/v1/meters/{feature}/group-by/model/values?to=2020-01-01T00:00:00Z") == []
    assert door.send("GET", f"/api/v1/meters/{feature}/group-by/units/values")[0] == 400
    change = {"name": "Tokens", "groupBy": {"size": "$.model"}, "metadata": {"team": "ai"}}
    status, changed = door.send("PUT", f"/api/v1/meters/{feature}", change)
    assert (status, changed["name"], changed["groupBy"]) == (200, "Tokens", {"size": "$.model"})
    assert changed["metadata"] == {"team": "ai"}
    assert door.got(f"/api/v1/meters/{feature}/group-by/size/values") == ["large", "small"]
    assert door.send("PUT", f"/api/v1/meters/{feature}", {"slug": "other"})[0] == 400


def test_events_are_read_page_by_page_and_filtered(door: Door) -> None:
    feature, subject = door.metered(), door.name("subject")
    made = [door.use(feature, subject, units) for units in (1, 2, 3)]
    of_type = {"type": {"$eq": feature}}
    first = events(door, of_type, "&limit=2")
    assert [one["event"]["id"] for one in first["items"]] == made[:0:-1]
    second = events(door, of_type, f"&limit=2&cursor={first['nextCursor']}")
    assert [one["event"]["id"] for one in second["items"]] == made[:1]
    assert "nextCursor" not in second
    found = events(door, {**of_type, "id": {"$in": made[:2]}, "subject": {"$ne": "nobody"}})
    assert [one["event"]["id"] for one in found["items"]] == made[1::-1]
    assert events(door, {**of_type, "time": {"$lt": "2020-01-01T00:00:00Z"}})["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        "filter=[1]",
        "filter={",
        'filter={"age":{"$eq":"1"}}',
        'filter={"id":{"$like":"1"}}',
        'filter={"id":{"$eq":1}}',
        'filter={"time":{"$eq":"x"}}',
        'filter={"time":{"$lt":"x"}}',
        "limit=0",
        "limit=101",
        "cursor=x",
    ],
)
def test_what_events_can_not_be_asked_is_refused(door: Door, query: str) -> None:
    name, _, value = query.partition("=")
    assert door.send("GET", f"/api/v2/events?{name}={quote(value)}")[0] == 400


def test_a_customer_is_replaced_but_for_its_key(door: Door) -> None:
    key = door.customer()
    change = {"name": "Acme again", "key": key, "metadata": {"tier": "gold"}, "primaryEmail": "a@acme.test"}
    status, changed = door.send("PUT", f"/api/v1/customers/{key}", change)
    assert (status, changed["name"], changed["usageAttribution"]) == (200, "Acme again", {"subjectKeys": []})
    assert door.got(f"/api/v1/customers/{changed['id']}") == changed
    assert door.send("PUT", f"/api/v1/customers/{key}", {**change, "key": "another"})[0] == 400
    assert door.send("PUT", "/api/v1/customers/nobody", change)[0] == 404


def test_subjects_are_kept_listed_and_deleted(door: Door) -> None:
    key = door.name("subject")
    sent = {"key": key, "displayName": "First", "metadata": {"seats": 5}, "currentPeriodStart": "2026-01-01T00:00:00Z"}
    [made] = door.made("/api/v1/subjects", [sent], 200)
    assert {name: made[name] for name in sent} == sent
    [again] = door.made("/api/v1/subjects", [{"key": key, "displayName": "Second"}], 200)
    assert (again["id"], again["displayName"], "metadata" in again) == (made["id"], "Second", False)
    assert door.got(f"/api/v1/subjects/{key}") == door.got(f"/api/v1/subjects/{made['id']}") == again
    assert again in door.got("/api/v1/subjects")
    assert door.send("DELETE", f"/api/v1/subjects/{key}") == (204, None)
    assert door.send("GET", f"/api/v1/subjects/{key}")[0] == 404


def test_a_subject_that_a_customer_goes_by_is_there_and_stays(door: Door) -> None:
    key = f"{door.customer()}-app"
    assert door.got(f"/api/v1/subjects/{key}")["key"] == key
    assert door.send("DELETE", f"/api/v1/subjects/{key}")[0] == 409
    assert door.send("POST", "/api/v1/subjects", [{"key": ""}])[0] == 400
    assert door.send("POST", "/api/v1/subjects", [{"key": "x", "age": 1}])[0] == 400
