"""What the Kinde door refuses, and how."""

from __future__ import annotations

import pytest

from tests.contract.people import bearer, machine_token, person_token


def test_an_unknown_route_has_the_published_odd_shape(http):
    answer = http.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["errors"] == {
        "code": "ROUTE_NOT_FOUND",
        "message": "The requested API route does not exist",
    }


def test_a_method_that_a_path_does_not_take_is_refused(machine):
    answer = machine.put("/organization")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("path", ["/organization?code=%00", "/events/event_%00", "/users?email=a%00@example.com"])
def test_an_address_with_a_nul_is_refused(machine, path):
    assert machine.get(path).status_code == 400


@pytest.mark.parametrize("path", ["/organization?code=%ff", "/events/%ed%a0%80", "/events/" + "x" * 4_000])
def test_an_address_that_can_not_name_anything_finds_nothing(machine, path):
    assert machine.get(path).status_code in (400, 404)


def test_a_refusal_is_on_record(server, http):
    http.get("/api/v1/users", headers=bearer(machine_token(server, "read:organizations")))
    with server.engine.read() as tx:
        [record] = tx.audit.of("GET /api/v1/users")
    assert (record["actor"], record["action"]) == (server.seed.m2m_client_id, "api.call.denied")


@pytest.mark.attack(136)
def test_a_token_of_the_wrong_kind_is_on_record(server, http):
    audience = server.engine.settings.management_audience[0]
    person = person_token(server, *server.seed.users[0], audience=audience)
    refused = {
        "GET /api/v1/users": http.get("/api/v1/users", headers=bearer(person)),
        "GET /account_api/v1/entitlements": http.get(
            "/account_api/v1/entitlements", headers=bearer(machine_token(server))
        ),
    }
    with server.engine.read() as tx:
        ada = tx.users.find_by_email(server.seed.users[0][0])
        records = [tx.audit.of(subject) for subject in refused]
    assert [answer.status_code for answer in refused.values()] == [403, 403]
    assert [record["actor"] for [record] in records] == [ada.id, server.seed.m2m_client_id]
    assert [record["request_id"] for [record] in records] == [
        answer.headers["x-request-id"] for answer in refused.values()
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "Acme", "name": "Evil"}',
        b'{"name": NaN}',
        b"{" * 40,
        b'{"name": "\\ud800"}',
        b'\xff{"name": "Acme"}',
        b"name=Acme",
        b"",
    ],
)
def test_a_body_that_is_not_one_plain_document_is_refused(machine, body):
    answer = machine.post("/organization", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "INVALID_REQUEST"


def test_each_bad_field_has_an_entry_of_its_own(machine):
    answer = machine.post("/billing/agreements", json={"customer_id": 1, "is_prorate": "yes", "price": 0})
    assert answer.status_code == 400
    assert [entry["parameter"] for entry in answer.json()["errors"]] == [
        "customer_id",
        "plan_code",
        "is_prorate",
        "price",
    ]


@pytest.mark.parametrize("page_size", ["0", "-1", "501", "1e3", "ten", ""])
def test_a_page_size_out_of_bounds_is_refused(machine, page_size):
    answer = machine.get("/users", params={"page_size": page_size})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "page_size"


def test_an_answer_never_repeats_what_was_sent(machine):
    answer = machine.post("/organization", json={"name": ["a secret"]})
    assert answer.status_code == 400
    assert "a secret" not in answer.text
