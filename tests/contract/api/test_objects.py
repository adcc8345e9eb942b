"""Things that are not there, or not the caller's: the same answer, whatever the reason."""

from __future__ import annotations

import pytest

from tests.contract.people import bearer, person_token

pytestmark = pytest.mark.attack(122)

OBJECTS = ("metered_items", "licensed_items", "licence_fees", "rate_cards", "service_actions")
WITHOUT_AN_OBJECT = {
    *(f"GET /v1/billing/{noun}" for noun in OBJECTS),
    *(f"POST /v1/billing/{noun}" for noun in OBJECTS if noun != "licence_fees"),
    "PATCH /v1/billing/settings",
    "POST /v1/billing/plan_groups",
    "POST /v1/billing/plan_group_order",
    "POST /v1/billing/features",
    "GET /v1/billing/meters",
    "POST /v1/billing/meters",
    "POST /v1/billing/plans",
    "POST /v1/billing/pricing_tables",
    "GET /v1/billing/settings",
    "GET /v1/billing/plan_groups",
    "GET /v1/billing/features",
    "GET /v1/billing/plans",
    "GET /v1/billing/pricing_tables",
    "GET /v1/billing/profiles",
    "POST /v1/billing/profiles",
    "GET /v1/billing/coupons",
    "POST /v1/billing/coupons",
    "GET /v1/billing/tax_codes",
    "GET /v1/billing/trial_balance",
    "POST /v1/billing/tax_codes",
    "GET /v1/billing/tax_rates",
    "POST /v1/billing/tax_rates",
    "GET /v1/billing/test_clocks",
    "POST /v1/billing/test_clocks",
    "GET /v1/organizations",
    "POST /v1/organization",
    "GET /v1/users",
    "POST /v1/user",
    "GET /v1/webhooks",
    "POST /v1/webhooks",
    "GET /v1/event_types",
    "GET /v1/events",
    "GET /v1/entitlements",
    "GET /v1/permissions",
    "GET /v1/roles",
    "GET /v1/feature_flags",
    "GET /v1/properties",
    "GET /v1/portal_link",
}
# Answers null where the permission is not held, whether or not there is such a permission.
NULL_WHERE_MISSING = "GET /v1/permission/{key}"


def told(answer, object_id):
    """What a caller learns, but for what it has named itself and the id of the request."""
    body = {**answer.json(), "request_id": None}
    return answer.status_code, repr(body).replace(object_id, "OBJECT")


def test_no_operation_is_forgotten(management, account):
    named = {operation.name for operation in (*management, *account) if operation.is_about_an_object}
    assert named | WITHOUT_AN_OBJECT == {operation.name for operation in (*management, *account)}
    assert named & WITHOUT_AN_OBJECT == set()


@pytest.fixture(scope="module")
def machine_headers(machine):
    return {"Authorization": machine.headers["authorization"]}


def test_an_object_that_is_not_there_is_not_found(http, management, machine_headers):
    statuses = {
        operation.name: operation.call(http, "no_such_thing", headers=machine_headers).status_code
        for operation in management
        if operation.is_about_an_object
    }
    assert {name for name, status in statuses.items() if status != 404} == set()


def test_what_was_deleted_is_answered_like_what_never_was(http, management, machine, machine_headers):
    organization = machine.post("/organization", json={"name": "Acme"}).json()["organization"]["code"]
    identities = [{"type": "email", "details": {"email": "gone@example.com"}}]
    user = machine.post("/user", json={"identities": identities}).json()["id"]
    hook = {"endpoint": "https://example.com/hook", "event_types": ["user.created"], "name": "hook"}
    webhook = machine.post("/webhooks", json=hook).json()["webhook"]["id"]
    for path in (f"/organization/{organization}", f"/user?id={user}", f"/webhooks/{webhook}"):
        assert machine.delete(path).status_code == 200
    gone = {"organization": organization, "user": user, "portal": user, "webhooks": webhook}
    seen = set()
    for operation in management:
        object_id = gone.get(operation.path.split("/")[2].replace("users", "user"))
        if object_id is None or not operation.is_about_an_object:
            continue
        never = object_id[:-4] + "ffff"
        assert told(operation.call(http, object_id, headers=machine_headers), object_id) == told(
            operation.call(http, never, headers=machine_headers), never
        ), operation.name
        seen.add(operation.method)
    assert seen == {"GET", "POST", "PATCH", "DELETE"}


def test_an_organization_that_is_not_the_users_is_answered_like_none(machine):
    organization = machine.post("/organization", json={"name": "Foreign"}).json()["organization"]["code"]
    user = machine.get("/users", params={"page_size": 1}).json()["users"][0]["id"]

    def link(code):
        return told(machine.post("/portal/generate_url", json={"user_id": user, "organization_code": code}), code)

    def customer(code):
        body = {"org_code": code, "billing_email": "a@example.com"}
        return told(machine.post(f"/users/{user}/billing_customer", json=body), code)

    assert link(organization) == link("org_none")
    assert link(organization)[0] == 403
    assert customer(organization) == customer("org_none")
    assert customer(organization)[0] == 404


def test_what_is_anothers_is_answered_to_a_person_like_what_is_nowhere(http, server, account, machine):
    grace = server.seed.users[1]
    ada, known = (bearer(person_token(server, *who)) for who in (server.seed.users[0], grace))
    theirs = http.get("/account_api/v1/entitlements", headers=known).json()["data"]["entitlements"]
    keys = [one["feature_key"] for one in theirs] + ["org:write:billing"]
    assert len(keys) > 1
    for operation in account:
        if not operation.is_about_an_object:
            continue
        for key in keys:
            answers = {told(operation.call(http, one, headers=ada), one) for one in (key, "no-such-key")}
            assert len(answers) == 1, (operation.name, key)
            [(status, _)] = answers
            assert status == (200 if operation.name == NULL_WHERE_MISSING else 404)


def test_a_list_shows_a_person_nothing_of_anothers(http, server, account):
    ada = bearer(person_token(server, *server.seed.users[0]))
    answer = http.get("/account_api/v1/entitlements", headers=ada).json()["data"]
    assert (answer["plans"], answer["entitlements"]) == ([], [])
