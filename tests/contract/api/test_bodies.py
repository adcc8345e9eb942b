"""Bodies: fields that a client may not set, JSON with two meanings, and bodies that are something else."""

from __future__ import annotations

import pytest

from tests.contract.api.operations import EVENTS

WRITTEN_BY_THE_SERVER = {
    "id": "agreement_1",
    "tenant_id": "org_1",
    "balance": 1_000_000,
    "created_at": "2026-01-01T00:00:00Z",
    "price": 0,
    "status": "active",
    "is_default": True,
    "__proto__": {},
}

SETTABLE = {
    f"{method} /v1/billing/{noun}": {"is_default"}
    for noun, one in (("plan_groups", "group_code"), ("pricing_tables", "table_code"), ("profiles", "profile_id"))
    for method, noun in (("POST", noun), ("PATCH", f"{noun}/{{{one}}}"))
} | {"POST /v1/billing/usage_events/correct": {"id"}}
# What an event says is its sender's own.
OPEN = {"data"}


def bodies(management):
    return [one for one in management if "requestBody" in one.document and one.name != EVENTS]


def schemas_of(document, schema):
    """Return every schema of an object that a schema is made of."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    fields = [field for name, field in schema.get("properties", {}).items() if name not in OPEN]
    inner = [*schema.get("anyOf", []), *fields, schema.get("items", {})]
    # A map, such as notes by their names, has no fields; what its values are is said.
    values = schema.get("additionalProperties")
    inner += [values] if isinstance(values, dict) and values else []
    found = [schema] if schema.get("type") == "object" and not (isinstance(values, dict) and values) else []
    return found + [one for part in inner if part for one in schemas_of(document, part)]


@pytest.mark.attack(124)
def test_no_body_has_room_for_a_field_that_is_not_named(http, management):
    document = http.get("/api/openapi.json").json()
    for operation in bodies(management):
        content = operation.document["requestBody"]["content"]
        assert list(content) == ["application/json"], operation.name
        schemas = schemas_of(document, content["application/json"]["schema"])
        assert schemas, operation.name
        assert [schema["title"] for schema in schemas if schema.get("additionalProperties") is not False] == []


@pytest.mark.attack(124)
def test_every_operation_with_a_body_has_a_body_here(management):
    without = [operation.name for operation in bodies(management) if operation.body is None]
    assert without == ["DELETE /v1/billing/agreements"]  # its id may be in the address


@pytest.mark.attack(124)
def test_a_field_that_only_the_server_writes_is_refused_by_name(machine, http, management):
    token = machine.headers["authorization"]
    for operation in bodies(management):
        body = {**(operation.body or {}), **WRITTEN_BY_THE_SERVER}
        answer = operation.call(http, headers={"Authorization": token}, json=body)
        assert answer.status_code == 400, operation.name
        refused = {entry["parameter"] for entry in answer.json()["errors"]}
        assert refused >= WRITTEN_BY_THE_SERVER.keys() - SETTABLE.get(operation.name, set()), operation.name


@pytest.mark.attack(124)
def test_a_field_inside_another_is_refused_as_well(machine):
    for inner in (
        {"profile": {"id": "kp_1"}},
        {"identities": [{"type": "email", "id": 1, "details": {"email": "a@b.c"}}]},
    ):
        identities = [{"type": "email", "details": {"email": "inner@example.com"}}]
        answer = machine.post("/user", json={"identities": identities, **inner})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["message"].endswith("is not a known field")


TRICKS = {
    "a member twice": b'{"name": "Acme", "name": "Evil"}',
    "a member twice, spelt differently": b'{"name": "Acme", "n\\u0061me": "Evil"}',
    "a byte order mark": b'\xef\xbb\xbf{"name": "Acme"}',
    "not a number": b'{"name": NaN}',
    "infinity": b'{"name": -Infinity}',
    "an overflow": b'{"name": 1e400}',
    "41 digits": b'{"name": ' + b"1" * 41 + b"}",
    "depth": b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}",
    "great depth": b"[" * 100_000,
    "half a character": b'{"name": "\\ud800"}',
    "a NUL": b'{"name": "a\\u0000b"}',
    "Latin-1": b'{"name": "caf\xe9"}',
    "UTF-16": '{"name": "Acme"}'.encode("utf-16"),
    "a comment": b'{"name": "Acme"} // Evil',
    "two documents": b'{"name": "Acme"}{"name": "Evil"}',
    "single quotes": b"{'name': 'Acme'}",
    "a form": b"name=Acme",
    "nothing": b"",
    "a list": b"[]",
    "a text": b'"name"',
}


@pytest.mark.attack(129)
@pytest.mark.parametrize("trick", TRICKS)
def test_a_body_with_two_meanings_or_none_is_refused(machine, trick):
    answer = machine.post("/organization", content=TRICKS[trick], headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "INVALID_REQUEST"


@pytest.mark.attack(129)
def test_every_operation_reads_its_body_with_the_same_reader(machine, http, management):
    headers = {"Authorization": machine.headers["authorization"], "Content-Type": "application/json"}
    for operation in bodies(management):
        for trick in ("a member twice", "an overflow", "half a character"):
            answer = operation.call(http, headers=headers, json=None, content=TRICKS[trick])
            assert answer.status_code == 400, (operation.name, trick)
            assert "can't be read" in answer.json()["errors"][0]["message"], (operation.name, trick)


@pytest.mark.attack(129)
@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON; charset="UTF-8"', 200),
        ("application/json; charset=utf-16", 400),
        ("application/json; charset=utf-7", 400),
        ("application/json; boundary=x", 400),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/problem+json", 415),
        ("", 415),
    ],
)
def test_a_body_is_json_in_utf_8_and_says_so(machine, content_type, status):
    answer = machine.post("/organization", content=b'{"name": "Acme"}', headers={"Content-Type": content_type})
    assert answer.status_code == status


@pytest.mark.attack(129)
def test_a_body_whose_type_is_named_twice_is_refused(machine):
    headers = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]
    assert machine.post("/organization", content=b'{"name": "Acme"}', headers=headers).status_code == 415


@pytest.mark.attack(125)
def test_every_operation_that_changes_something_takes_an_idempotency_key(management):
    changing = [operation for operation in management if operation.method != "GET" and operation.name != EVENTS]
    assert [one.name for one in changing if "idempotency-key" not in one.takes("header")] == []
    assert [one.name for one in management if one.method == "GET" and "idempotency-key" in one.takes("header")] == []


@pytest.mark.attack(125)
@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "tab\there", "schl\u00fcssel".encode()])
def test_a_key_that_can_not_be_one_is_refused(machine, http, management, key):
    headers = {"Authorization": machine.headers["authorization"], "Idempotency-Key": key}
    for operation in management:
        if operation.method != "GET" and operation.name != EVENTS:
            answer = operation.call(http, headers=headers)
            assert answer.status_code == 400, operation.name
            assert answer.json()["errors"][0]["parameter"] == "idempotency-key"


@pytest.mark.attack(125)
def test_two_keys_are_refused(machine):
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    assert machine.post("/organization", json={"name": "Acme"}, headers=headers).status_code == 400


@pytest.mark.attack(125)
def test_every_change_is_made_once_for_a_key(machine):
    """Each in turn, twice: what the first one made, the second one would refuse or make again."""

    def twice(method, path, key, **request):
        first, second = (machine.request(method, path, headers={"Idempotency-Key": key}, **request) for _ in range(2))
        assert (first.status_code, second.status_code) == (200, 200), (method, path, first.text)
        assert (second.content, second.headers["idempotency-replayed"]) == (first.content, "true"), (method, path)
        return first.json()

    body = {"name": "Once", "is_create_billing_customer": True, "billing_email": "a@b.example"}
    code = twice("POST", "/organization", "k1", json=body)["organization"]["code"]
    twice("PATCH", f"/organization/{code}", "k2", json={"name": "Twice"})
    identities = [{"type": "email", "details": {"email": "once@example.com"}}]
    user = twice("POST", "/user", "k3", json={"identities": identities, "organization_code": code})["id"]
    twice("PATCH", "/user", "k4", params={"id": user}, json={"given_name": "Once"})
    billing = {"org_code": code, "billing_email": "once@example.com", "billing_plan_code": "pro_monthly"}
    made = twice("POST", f"/users/{user}/billing_customer", "k5", json=billing)["billing_customer"]
    usage = {"customer_agreement_id": made["agreement_id"], "billing_feature_code": "ai_tokens", "meter_value": "7"}
    assert twice("POST", "/billing/meter_usage", "k6", json=usage)["usage"]["total"] == "7"
    change = {"customer_id": made["id"], "plan_code": "enterprise_monthly"}
    agreement = twice("POST", "/billing/agreements", "k7", json=change)["agreement"]["id"]
    twice("DELETE", "/billing/agreements", "k8", params={"agreement_id": agreement})
    twice("POST", "/portal/generate_url", "k9", json={"user_id": user})
    hook = {"endpoint": "https://example.com/hook", "event_types": ["user.created"], "name": "hook"}
    webhook = twice("POST", "/webhooks", "k10", json=hook)["webhook"]["id"]
    twice("PATCH", f"/webhooks/{webhook}", "k11", json={"name": "hook 2"})
    event = machine.get("/events", params={"page_size": 1}).json()["events"][0]["event_id"]
    twice("POST", f"/events/{event}/replay", "k12", json={})
    twice("POST", f"/webhooks/{webhook}/replay", "k16", json={"only_dead": True})
    twice("DELETE", f"/webhooks/{webhook}", "k13")
    twice("DELETE", "/user", "k14", params={"id": user})
    twice("DELETE", f"/organization/{code}", "k15")
    answer = machine.delete("/user", params={"id": "kp_other"}, headers={"Idempotency-Key": "k14"})
    assert answer.status_code == 422


def test_every_read_of_our_own_refuses_a_query_parameter_that_it_does_not_have(http, machine, management):
    headers = {"Authorization": machine.headers["authorization"]}
    ours = [one for one in management if one.method == "GET" and one.document.get("x-extension")]
    assert len(ours) > 40
    for operation in ours:
        refused = operation.call(http, headers=headers, params={"time_zone": "Asia/Tokyo"})
        assert refused.status_code == 400, operation.name
        assert "has no query parameter 'time_zone'" in refused.text, operation.name
