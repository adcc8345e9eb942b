"""Who may call what on the Kinde door: every operation of both OpenAPI documents, with every kind of credential."""

from __future__ import annotations

import pytest

from tests.contract.people import bearer, machine_token, person_token

ADDRESSED = {
    "{key}": "sso",
    "{user_id}": "kp_unknown",
    "{org_code}": "org_unknown",
    "{webhook_id}": "webhook_unknown",
    "{event_id}": "event_unknown",
}


def operations(http, prefix):
    """Every operation of one API: method, address, and the scope that it needs."""
    paths = http.get(f"{prefix}/openapi.json").json()["paths"]
    for path, methods in paths.items():
        address = path
        for name, value in ADDRESSED.items():
            address = address.replace(name, value)
        for method, operation in methods.items():
            yield method.upper(), prefix + address, operation.get("x-scope")


def call(http, method, address, token=None):
    """Call an operation with a body that no operation takes, so that nothing can change."""
    body = {"no_such_field": 1} if method in ("POST", "PATCH") else None
    return http.request(method, address, json=body, headers=bearer(token) if token else None)


@pytest.fixture
def management(http):
    found = list(operations(http, "/api"))
    assert len(found) > 20
    return found


@pytest.fixture
def account(http):
    found = list(operations(http, "/account_api"))
    assert len(found) > 5
    return found


def test_nothing_is_answered_without_a_token(http, management, account):
    for method, address, _ in [*management, *account]:
        answer = call(http, method, address)
        assert answer.status_code == 401, (method, address)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["errors"][0]["code"] == "UNAUTHENTICATED"


def test_nothing_is_answered_to_a_token_that_nobody_issued(http, management, account):
    for method, address, _ in [*management, *account]:
        assert call(http, method, address, "ey.not.ours").status_code == 401, (method, address)


def test_every_management_operation_names_the_scope_that_it_needs(management):
    assert [address for _, address, scope in management if not scope] == []


def test_a_machine_without_the_scope_is_refused_by_name(http, server, management):
    tokens = {scope: machine_token(server, scope) for scope in ("read:users", "read:organizations")}
    for method, address, scope in management:
        other = "read:organizations" if scope == "read:users" else "read:users"
        answer = call(http, method, address, tokens[other])
        assert answer.status_code == 403, (method, address)
        assert scope in answer.json()["errors"][0]["message"]


def test_a_machine_with_the_scope_gets_past_the_gate(http, server, management):
    token = machine_token(server)
    for method, address, _ in management:
        assert call(http, method, address, token).status_code in (200, 400, 404), (method, address)


@pytest.mark.attack(118)
def test_a_machine_is_no_person(http, server, account):
    token = machine_token(server)
    for method, address, _ in account:
        assert call(http, method, address, token).status_code in (401, 403), (method, address)


@pytest.mark.attack(118)
def test_a_person_is_no_machine(http, server, management):
    token = person_token(server, *server.seed.users[0])
    for method, address, _ in management:
        assert call(http, method, address, token).status_code in (401, 403), (method, address)


def test_a_token_in_the_address_is_refused(http, server):
    token = machine_token(server)
    answer = http.get("/api/v1/users", params={"access_token": token}, headers=bearer(token))
    assert answer.status_code == 400
    assert token not in answer.text


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
