"""Webhook endpoints, event types and events through the Management API."""

from __future__ import annotations

from dataclasses import replace

import pytest

BODY = {"endpoint": "https://app.example/hooks", "event_types": ["user.created"], "name": "Application"}


@pytest.fixture
def webhook(machine):
    answer = machine.post("/webhooks", json=BODY)
    assert answer.status_code == 200, answer.text
    return answer.json()["webhook"]


def listed(machine):
    return machine.get("/webhooks").json()["webhooks"]


def test_an_endpoint_is_registered_and_listed(machine, webhook):
    assert webhook["id"].startswith("webhook_")
    assert webhook["endpoint"] == "https://app.example/hooks"
    assert listed(machine) == [webhook]


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://app.example/hooks"},
        {"endpoint": "https://169.254.169.254/latest"},
        {"endpoint": "https://user:secret@app.example/hooks"},
        {"endpoint": "ftp://app.example"},
        {"event_types": []},
        {"event_types": ["no.such_type"]},
        {"event_types": "user.created"},
        {"name": ""},
        {"is_enabled": True},
    ],
)
def test_an_endpoint_that_can_not_be_registered_is_not(machine, change):
    assert machine.post("/webhooks", json={**BODY, **change}).status_code == 400
    assert listed(machine) == []


def test_an_endpoint_is_changed_in_part(machine, webhook):
    answer = machine.patch(f"/webhooks/{webhook['id']}", json={"event_types": ["customer.plan_changed"]})
    assert answer.json()["webhook"] == {**webhook, "event_types": ["customer.plan_changed"]}


@pytest.mark.parametrize("body", [{"endpoint": "https://evil.example"}, {"event_types": ["nothing"]}, {"name": 1}])
def test_a_change_that_can_not_be_made_changes_nothing(machine, webhook, body):
    assert machine.patch(f"/webhooks/{webhook['id']}", json=body).status_code == 400
    assert listed(machine) == [webhook]


def test_an_endpoint_is_held_off_and_brought_back(machine, webhook):
    for is_enabled, reason in ((False, "asked"), (True, None)):
        answer = machine.patch(f"/webhooks/{webhook['id']}", json={"is_enabled": is_enabled})
        assert answer.json()["webhook"]["is_enabled"] is is_enabled
        assert answer.json()["webhook"]["disabled_reason"] == reason


def test_a_deleted_endpoint_is_gone(machine, webhook):
    assert machine.delete(f"/webhooks/{webhook['id']}").status_code == 200
    assert listed(machine) == []
    assert machine.delete(f"/webhooks/{webhook['id']}").status_code == 404


def test_event_types_have_a_schema(machine):
    found = {kind["code"]: kind for kind in machine.get("/event_types").json()["event_types"]}
    assert found.keys() >= {"customer.plan_changed", "customer.payment_failed", "user.created", "organization.created"}
    assert found["customer.plan_changed"]["schema"]["type"] == "object"
    assert found["customer.plan_changed"]["id"] == "customer.plan_changed"


@pytest.fixture
def event(machine):
    """The event of an organization that has just been made."""
    machine.post("/organization", json={"name": "Acme"})
    return machine.get("/events", params={"page_size": 500}).json()["events"][-1]


def test_an_event_is_read_by_its_id(machine, event):
    shown = machine.get(f"/events/{event['event_id']}").json()["event"]
    assert shown == event
    assert shown["type"] == "organization.created"
    assert shown["source"] == "api"
    assert shown["data"]["organization"]["name"] == "Acme"
    assert type(shown["timestamp"]) is int


def test_events_are_read_on_from_one_that_was_seen(machine, event):
    machine.post("/organization", json={"name": "Later"})
    answer = machine.get("/events", params={"starting_after": event["event_id"]}).json()
    assert [later["data"]["organization"]["name"] for later in answer["events"]] == ["Later"]
    assert answer["has_more"] is False


def test_an_event_is_sent_again_to_whoever_wants_it(machine, event):
    wanting = machine.post("/webhooks", json={**BODY, "event_types": ["organization.created"]}).json()["webhook"]
    machine.post("/webhooks", json=BODY)
    answer = machine.post(f"/events/{event['event_id']}/replay")
    assert answer.status_code == 200, answer.text
    assert answer.json()["webhook_ids"] == [wanting["id"]]


def test_an_event_is_sent_again_to_one_endpoint(machine, event):
    first, second = (
        machine.post("/webhooks", json={**BODY, "event_types": ["organization.created"]}).json()["webhook"]["id"]
        for _ in range(2)
    )
    answer = machine.post(f"/events/{event['event_id']}/replay", json={"webhook_id": second})
    assert answer.json()["webhook_ids"] == [second] != [first]


@pytest.mark.attack(157, 160)
def test_what_an_endpoint_missed_and_what_it_said_is_shown_to_who_may_read_webhooks(machine, event, server):
    made = machine.post("/webhooks", json={**BODY, "event_types": ["organization.created"]}).json()["webhook"]
    assert machine.post(f"/webhooks/{made['id']}/replay").json()["count"] == 1
    with server.engine.begin() as tx:
        [waiting] = tx.deliveries.list(endpoint_id=made["id"])
        said = replace(waiting, status="dead", attempts=13, last_status=500, last_answer="<script>no</script>")
        tx.deliveries.queue(tx.outbox.get(event["event_id"]), made["id"], at=server.engine.now())
        tx.deliveries.settle(said, lease=None)
    answer = machine.get(f"/webhooks/{made['id']}/deliveries", params={"status": "dead"})
    assert answer.headers["content-type"] == "application/json"
    [shown] = answer.json()["deliveries"]
    assert (shown["id"], shown["event_id"], shown["attempts"]) == (waiting.id, event["event_id"], 13)
    assert (shown["last_status"], shown["last_answer"]) == (500, "<script>no</script>")


@pytest.mark.attack(154, 160)
def test_what_an_endpoint_missed_is_sent_again_with_one_call(machine, event):
    made = machine.post("/webhooks", json={**BODY, "event_types": ["organization.created"]}).json()["webhook"]
    machine.post("/organization", json={"name": "Later"})
    assert machine.post(f"/webhooks/{made['id']}/replay", json={"only_dead": True}).json()["count"] == 0
    since = {"starting_after": event["event_id"]}
    assert machine.post(f"/webhooks/{made['id']}/replay", json=since).json()["count"] == 1
    assert machine.post(f"/webhooks/{made['id']}/replay").json()["count"] == 2
    listed = machine.get(f"/webhooks/{made['id']}/deliveries", params={"page_size": 1}).json()
    assert listed["has_more"]
    older = {"page_size": 1, "starting_after": listed["deliveries"][0]["id"]}
    second = machine.get(f"/webhooks/{made['id']}/deliveries", params=older).json()
    assert second["has_more"] is False
    assert event["event_id"] in {page["deliveries"][0]["event_id"] for page in (listed, second)}


@pytest.mark.parametrize("body", [{"starting_after": 1}, {"only_dead": "yes"}, {"everything": True}])
def test_a_replay_that_is_not_plain_is_refused(machine, webhook, body):
    assert machine.post(f"/webhooks/{webhook['id']}/replay", json=body).status_code == 400
    assert machine.get(f"/webhooks/{webhook['id']}/deliveries", params={"status": "lost"}).status_code == 400


def test_what_does_not_exist_is_not_found(machine, event):
    assert machine.get("/events/event_unknown").status_code == 404
    assert machine.get("/events", params={"starting_after": "event_unknown"}).status_code == 400
    assert machine.post("/events/event_unknown/replay").status_code == 404
    assert machine.post(f"/events/{event['event_id']}/replay", json={"webhook_id": "webhook_x"}).status_code == 404
    assert machine.patch("/webhooks/webhook_unknown", json={"name": "X"}).status_code == 404
    assert machine.get("/webhooks/webhook_unknown/deliveries").status_code == 404
    assert machine.post("/webhooks/webhook_unknown/replay").status_code == 404
