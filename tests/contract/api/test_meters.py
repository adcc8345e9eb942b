"""Meters over HTTP: what is asked in an address, rows as JSON and as CSV, and the trail of events."""

from __future__ import annotations

import json

import pytest

from tests.contract.using import used
from tests.engines import NOON
from tests.metering import event


@pytest.fixture(scope="module")
def query(machine, server):
    """Ask a meter that has read three events."""
    body = {"key": "pages", "name": "Pages", "event_type": "page", "aggregation": "sum", "value_path": "$.value",
            "dimensions": {"paper": "$.paper"}}  # fmt: skip
    assert machine.post("/billing/meters", json=body).status_code == 200
    used(server.engine, event("1", "2.5", type="page", paper="=1+1"), event("2", 1, type="page", paper="plain"),
         event("3", 4, type="page", subject="bob"))  # fmt: skip

    def ask(accept="application/json", **params):
        asked = {"from": "2026-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z", **params}
        return machine.get("/billing/meters/pages/query", params=asked, headers={"Accept": accept})

    return ask


def shown(answer):
    assert answer.status_code == 200, answer.text
    return [(row["from"], row["to"], row["value"], row["dimensions"]) for row in answer.json()["usage"]]


def test_rows_are_exact_and_name_their_window_and_group(query):
    assert shown(query()) == [("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "7.5", {})]
    assert shown(query(granularity="day", zone="Asia/Kolkata", group_by=["subject", "paper"])) == [
        ("2026-01-30T18:30:00Z", "2026-01-31T18:30:00Z", value, {"subject": subject, "paper": paper})
        for subject, paper, value in (("bob", None, "4"), ("customer_1", "=1+1", "2.5"), ("customer_1", "plain", "1"))
    ]


def test_usage_is_narrowed_by_filters_and_subjects(query):
    plain = json.dumps([{"dimension": "paper", "operator": "in", "values": ["plain", "fancy"]}])
    assert [row[2] for row in shown(query(filters=plain))] == ["1"]
    assert [row[2] for row in shown(query(subject=["bob", "eve"]))] == ["4"]
    assert shown(query(filters=plain, subject="bob")) == []


def test_rows_come_as_comma_separated_values_without_formulas(query):
    answer = query("text/csv", group_by="paper")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines() == [
        "from,to,paper,value",
        "2026-01-01T00:00:00Z,2026-03-01T00:00:00Z,,4",
        "2026-01-01T00:00:00Z,2026-03-01T00:00:00Z,'=1+1,2.5",
        "2026-01-01T00:00:00Z,2026-03-01T00:00:00Z,plain,1",
    ]


@pytest.mark.attack(148)
@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "2026-01-01"},
        {"from": "2026-03-01T00:00:00Z"},
        {"to": "never"},
        {"granularity": "week"},
        {"zone": "Mars/Olympus"},
        {"group_by": ["paper", "paper"]},
        {"group_by": [str(number) for number in range(11)]},
        {"filters": "paper=plain"},
        {"filters": '[{"dimension": "paper", "operator": "like", "values": ["a"]}]'},
        {"filters": '[{"dimension": "paper", "operator": "in", "values": []}]'},
        {"filters": '[{"dimension": "paper", "values": ["a"], "more": 1}]'},
        {"subject": [str(number) for number in range(101)]},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(query, wrong):
    assert query(**wrong).status_code == 400


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
@pytest.mark.parametrize("name", ["time_zone", "subjects", "customer_ids", "since"])
def test_a_query_refuses_a_parameter_that_is_spelled_otherwise_in_place_of_showing_other_figures(query, accept, name):
    refused = query(accept, **{name: "bob"})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["parameter"] == name


def test_events_are_listed_with_what_was_corrected_page_by_page(query, machine):
    used_at = NOON.isoformat().replace("+00:00", "Z")
    named = {"source": "app", "id": "2", "reason": "wrong paper"}
    query()
    amended = machine.post(
        "/billing/usage_events/correct", json={**named, "action": "amend", "data": {"value": 1.25, "paper": "plain"}}
    ).json()["usage_event"]
    assert (amended["data"], amended["time"]) == ({"value": "1.25", "paper": "plain"}, used_at)
    assert [one["reason"] for one in amended["corrections"]] == ["wrong paper"]
    assert [row[2] for row in shown(query(subject="customer_1"))] == ["3.75"]

    first = machine.get("/billing/usage_events", params={"type": "page", "page_size": 2}).json()
    after = {"type": "page", "page_size": 2, "next_token": first["next_token"]}
    second = machine.get("/billing/usage_events", params=after).json()
    assert [one["id"] for one in (*first["usage_events"], *second["usage_events"])] == ["1", "2", "3"]
    assert (first["usage_events"][1], second["next_token"]) == (amended, None)


@pytest.mark.parametrize(
    "wrong",
    [{"action": "amend"}, {"action": "cancel", "data": {}}, {"action": "undo"}, {"action": "cancel", "reason": ""}],
)
def test_a_correction_that_contradicts_itself_is_refused(machine, wrong):
    body = {"source": "app", "id": "1", "reason": "a mistake", **wrong}

    assert machine.post("/billing/usage_events/correct", json=body).status_code == 400


def test_a_cursor_of_somebody_elses_is_refused(machine):
    assert machine.get("/billing/usage_events", params={"next_token": "17"}).status_code == 400
