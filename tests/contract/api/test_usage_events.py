"""Usage events over HTTP: the four ways of writing them, and what is answered."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from billing_sdk.server.storage.usage_stores import SqlUsageLog
from billing_sdk.server.usecases.ingest_usage import Ingestion
from tests.contract.people import bearer, machine_token

PATH = "/billing/usage_events"
ONE, MANY = "application/cloudevents+json", "application/cloudevents-batch+json"


@pytest.fixture
def grace(server):
    """Grace's id as a customer."""
    with server.engine.read() as tx:
        return tx.customers.find_by_user(tx.users.find_by_email(server.seed.users[1][0]).id).id


@pytest.fixture
def event(grace):
    """Return an event of Grace's, with some attributes changed."""

    def made(id_="1", **change):
        usual = {"specversion": "1.0", "source": "/app", "id": id_, "type": "ai_tokens", "subject": grace}
        return {**usual, "data": {"value": 5}, **change}

    return made


@pytest.fixture
def send(machine):
    def sent(body, kind=None, **headers):
        kind = kind or (MANY if isinstance(body, list) else ONE)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return machine.post(PATH, content=content, headers={"Content-Type": kind, **headers})

    return sent


def results(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def code(answer):
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_one_event_is_recorded_and_sent_again_gets_the_first_answer(send, event):
    first = send(event())
    [result] = results(first)
    assert (result["source"], result["id"], result["status"]) == ("/app", "1", "accepted")
    assert send(event()).content == first.content


def test_a_batch_is_answered_event_by_event_in_its_order(send, event):
    batch = [event("b1"), event("b2", subject="nobody"), event("b3", data={"value": "x"}), [1], event("b1")]
    found = results(send(batch))
    assert [one["status"] for one in found] == ["accepted", "refused", "refused", "refused", "accepted"]
    assert [one.get("code") for one in found] == [None, "UNKNOWN_SUBJECT", "INVALID_QUANTITY", "INVALID_REQUEST", None]
    assert all(one["message"] and one["remedy"] for one in found[1:4])
    assert (found[3]["source"], found[3]["id"]) == (None, None)
    assert found[4] == found[0]


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
def test_plain_json_is_one_event_or_a_batch(send, event, kind):
    assert len(results(send(event("p1"), kind))) == 1
    assert len(results(send([event("p1"), event("p2")], kind))) == 2
    assert results(send([], kind)) == []


def test_an_event_may_be_in_headers(machine, grace):
    attributes = {"specversion": "1.0", "source": "/app", "id": "caf%C3%A9", "type": "ai_tokens", "subject": grace}
    headers = {f"ce-{name}": value for name, value in attributes.items()}
    answer = machine.post(PATH, json={"value": "2.5"}, headers=headers)
    assert results(answer)[0]["id"] == "café"
    assert code(machine.post(PATH, content=b"value=5", headers={**headers, "Content-Type": "text/plain"})) == (
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    )
    assert code(machine.post(PATH, headers=headers)) == (400, "INVALID_QUANTITY")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"subject": "nobody"}, (404, "UNKNOWN_SUBJECT")),
        ({"type": "unheard_of"}, (404, "UNKNOWN_METER")),
        ({"data": {"value": -1}}, (400, "INVALID_QUANTITY")),
        ({"data": None}, (400, "INVALID_QUANTITY")),
        ({"time": "2026-01-01"}, (400, "INVALID_REQUEST")),
        ({"time": "1999-01-01T00:00:00Z"}, (400, "EVENT_TOO_LATE")),
        ({"specversion": "2.0"}, (400, "INVALID_REQUEST")),
    ],
)
def test_a_single_event_that_is_refused_is_answered_with_its_error(send, event, change, expected):
    assert code(send(event("wrong", **change))) == expected


def test_an_event_ahead_of_time_is_refused_and_says_until_when(send, event, server):
    answer = send(event("ahead", time=(server.engine.now() + timedelta(hours=1)).isoformat()))
    assert code(answer) == (400, "EVENT_TOO_EARLY")
    assert answer.json()["errors"][0]["latest"]


@pytest.mark.attack(139)
def test_another_event_with_the_same_id_is_a_conflict(send, event):
    results(send(event("c1")))
    answer = send(event("c1", data={"value": 6}))
    assert code(answer) == (409, "EVENT_CONFLICT")
    assert answer.json()["errors"][0]["recorded_at"]


@pytest.mark.attack(149)
@pytest.mark.parametrize(
    "kind", ["text/plain", "json", "application/cloudevents+xml", "application/x-www-form-urlencoded"]
)
def test_a_body_of_another_type_is_refused(send, event, kind):
    assert code(send(event(), kind)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    ("body", "kind"),
    [([], ONE), ({}, MANY), (b"null", MANY), ({}, f"{ONE}; charset=latin-1"), ([], "application/json; a=b")],
)
def test_a_body_that_is_not_what_its_type_says_is_refused(send, body, kind):
    assert send(body, kind).status_code == 400


@pytest.mark.attack(148)
def test_a_batch_has_at_most_a_thousand_events_and_a_mebibyte(send, event):
    assert len(results(send([event("same")] * 1_000))) == 1_000
    assert code(send([event("same")] * 1_001)) == (413, "PAYLOAD_TOO_LARGE")
    assert send(b'["' + b"x" * 1_048_576 + b'"]').status_code == 413


@pytest.mark.attack(148)
def test_an_event_with_too_many_or_too_long_dimensions_is_refused(send, event):
    many = {f"d{number}": "x" for number in range(33)}
    for marks in (many, {"model": "x" * 10_240}, {"x" * 10_240: "model"}):
        assert code(send(event("marked", data={"value": 1, "dimensions": marks}))) == (400, "INVALID_REQUEST")


@pytest.mark.attack(145, 146)
def test_while_the_store_is_away_senders_are_told_when_to_come_back(send, event, monkeypatch):
    def away(_log, _events, _meters):
        raise OperationalError("INSERT", {}, ConnectionError("the disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(SqlUsageLog, "append", away)
        answer = send(event("away"))
        assert code(answer) == (503, "SERVER_BUSY")
        assert int(answer.headers["Retry-After"]) >= 1
    assert results(send(event("away")))[0]["status"] == "accepted"


@pytest.mark.attack(146)
def test_senders_who_are_faster_than_the_store_are_told_when_to_come_back(send, event, server, monkeypatch):
    busy = Ingestion(server.engine)
    busy.close()
    with monkeypatch.context() as patched:
        patched.setattr(server.app.state.ingestion, "_group", busy._group)
        answer = send(event("busy"))
    assert code(answer) == (503, "SERVER_BUSY")
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.attack(122, 123)
def test_only_a_machine_with_the_scope_may_send_events(http, server, event):
    body = {"content": json.dumps(event("scoped")).encode(), "headers": {"Content-Type": ONE}}

    def status(token, path=f"/api/v1{PATH}"):
        headers = {**body["headers"], **(bearer(token) if token else {})}
        return http.post(path, content=body["content"], headers=headers).status_code

    good = machine_token(server, "create:meter_usage")
    assert [status(token) for token in (None, "x", good, machine_token(server, "read:billing_agreements"))] == [
        401,
        401,
        200,
        403,
    ]
    assert status(good, f"/api/v1{PATH}?access_token=x") == 400
