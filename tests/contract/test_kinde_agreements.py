"""Agreements, entitlements and usage through the Management API."""

from __future__ import annotations

import pytest

from billing_sdk.server.usecases.become_customer import become_customer


@pytest.fixture
def customer(server):
    """Ada as a billing customer on no plan."""
    with server.engine.read() as tx:
        user = tx.users.find_by_email(server.seed.users[0][0])
    return become_customer(server.engine, user_id=user.id, billing_email=user.email)


@pytest.fixture
def payer(server):
    """Grace, who is on pro_monthly and has a card."""
    with server.engine.read() as tx:
        user = tx.users.find_by_email(server.seed.users[1][0])
        return tx.customers.find_by_user(user.id)


def agreements(machine, customer, **parameters):
    answer = machine.get("/billing/agreements", params={"customer_id": customer.id, **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()["agreements"]


def test_an_agreement_is_made_and_named(machine, payer):
    answer = machine.post("/billing/agreements", json={"customer_id": payer.id, "plan_code": "enterprise_monthly"})
    assert answer.status_code == 200, answer.text
    assert answer.json().items() >= {"code": "OK", "message": "Success"}.items()
    [agreement] = agreements(machine, payer)
    assert agreement["id"] == answer.json()["agreement"]["id"]
    assert agreement["plan_code"] == "enterprise_monthly"


def test_an_agreement_shows_its_period_and_what_it_includes(machine, payer):
    [agreement] = agreements(machine, payer)
    published = {
        "id",
        "plan_code",
        "expires_on",
        "billing_group_id",
        "current_period_start",
        "current_period_end",
        "entitlements",
    }
    assert published < agreement.keys()
    assert agreement["id"].startswith("agreement_")
    assert agreement["expires_on"] is None
    assert agreement["current_period_start"] < agreement["current_period_end"]
    assert agreement["current_period_start"].endswith("Z")
    assert "ai_tokens" in {one["feature_code"] for one in agreement["entitlements"]}


def test_an_agreement_tells_besides_what_was_agreed_to(machine, payer):
    [listed] = agreements(machine, payer)
    answer = machine.get(f"/billing/agreements/{listed['id']}")
    assert answer.json()["agreement"] == listed
    told = ("status", "currency", "cadence", "plan_version", "quantities", "add_ons", "pending_change", "is_unpaid")
    assert tuple(listed[name] for name in told) == ("active", "USD", "month", 1, {}, [], None, False)


def test_an_agreement_that_has_ended_can_still_be_read(machine, payer):
    [listed] = agreements(machine, payer)
    machine.delete("/billing/agreements", params={"agreement_id": listed["id"]})
    ended = machine.get(f"/billing/agreements/{listed['id']}").json()["agreement"]
    assert (ended["status"], ended["entitlements"]) == ("cancelled", [])
    assert ended["ended_on"] == ended["expires_on"] is not None


def test_a_customer_sees_no_agreement_of_another_kind_of_customer(machine, payer):
    team = {"is_create_billing_customer": True, "billing_email": "b@acme.example", "billing_plan_code": "team_free"}
    acme = machine.post("/organization", json={"name": "Acme", **team}).json()["organization"]
    assert [one["plan_code"] for one in agreements(machine, payer)] == ["pro_monthly"]
    parameters = {"customer_id": acme["billing_customer_id"]}
    found = machine.get("/billing/agreements", params=parameters).json()["agreements"]
    assert [one["plan_code"] for one in found] == ["team_free"]


@pytest.mark.parametrize(("feature", "count"), [("advanced_reports", 1), ("no_such_feature", 0)])
def test_agreements_can_be_narrowed_to_a_feature(machine, payer, feature, count):
    assert len(agreements(machine, payer, feature_code=feature)) == count


def test_a_plan_without_a_card_is_agreed_and_the_card_asked_for_later(machine, server, customer):
    answer = machine.post("/billing/agreements", json={"customer_id": customer.id, "plan_code": "pro_monthly"})
    assert answer.status_code == 200, answer.text
    with server.engine.read() as tx:
        assert [(one.plan_key, one.is_unpaid) for one in tx.agreements.live_of(customer.id)] == [("pro_monthly", True)]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"plan_code": "no_such_plan"}, 404, "UNKNOWN_PLAN"),
        ({"plan_code": "team_pro"}, 400, "PLAN_MISMATCH"),
        ({"plan_code": "pro_monthly"}, 409, "SAME_PLAN"),
        ({"customer_id": "customer_unknown"}, 404, "NOT_FOUND"),
        ({"plan_code": None}, 400, "INVALID_REQUEST"),
        ({"is_prorate": "true"}, 400, "INVALID_REQUEST"),
        ({"price": 0}, 400, "INVALID_REQUEST"),
    ],
)
def test_an_agreement_that_can_not_be_made_changes_nothing(machine, payer, change, status, code):
    before = agreements(machine, payer)
    body = {"customer_id": payer.id, "plan_code": "enterprise_monthly", **change}
    answer = machine.post("/billing/agreements", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert agreements(machine, payer) == before


@pytest.mark.parametrize("place", ["address", "body"])
def test_an_agreement_is_ended_by_its_id_in_either_place(machine, payer, place):
    [agreement] = agreements(machine, payer)
    named = {"agreement_id": agreement["id"]}
    answer = machine.request(
        "DELETE", "/billing/agreements", **({"params": named} if place == "address" else {"json": named})
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["agreement"]["status"] == "cancelled"
    assert agreements(machine, payer) == []


def test_an_agreement_that_has_ended_can_not_be_ended_again(machine, payer):
    [agreement] = agreements(machine, payer)
    for status in (200, 409):
        answer = machine.delete("/billing/agreements", params={"agreement_id": agreement["id"]})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("parameters", "status"), [({}, 400), ({"agreement_id": ""}, 400), ({"agreement_id": "agreement_unknown"}, 404)]
)
def test_an_end_without_a_known_agreement_is_refused(machine, parameters, status):
    assert machine.delete("/billing/agreements", params=parameters).status_code == status


def test_the_same_key_gives_the_first_answer_again(machine, payer):
    body = {"customer_id": payer.id, "plan_code": "enterprise_monthly"}
    first, second = (
        machine.post("/billing/agreements", json=body, headers={"Idempotency-Key": "change-1"}) for _ in range(2)
    )
    assert (first.status_code, first.content) == (second.status_code, second.content) == (200, first.content)
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("path", ["/billing/agreements", "/billing/meter_usage"])
def test_a_key_of_another_request_is_refused(machine, payer, path):
    [agreement] = agreements(machine, payer)
    usage = {"customer_agreement_id": agreement["id"], "billing_feature_code": "ai_tokens", "meter_value": "1"}
    assert machine.post("/billing/meter_usage", json=usage, headers={"Idempotency-Key": "one"}).status_code == 200
    other = (
        {**usage, "meter_value": "2"}
        if path.endswith("usage")
        else {"customer_id": payer.id, "plan_code": "enterprise_monthly"}
    )
    answer = machine.post(path, json=other, headers={"Idempotency-Key": "one"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "IDEMPOTENCY_MISMATCH")


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "tab\there"])
def test_a_key_that_can_not_be_one_is_refused(machine, payer, key):
    body = {"customer_id": payer.id, "plan_code": "enterprise_monthly"}
    answer = machine.post("/billing/agreements", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 400


def test_a_refused_request_leaves_its_key_free(machine, payer):
    headers = {"Idempotency-Key": "again"}
    body = {"customer_id": payer.id, "plan_code": "pro_monthly"}
    assert machine.post("/billing/agreements", json=body, headers=headers).status_code == 409
    assert machine.post("/billing/agreements", json=body, headers=headers).status_code == 409


def entitlements(machine, customer, **parameters):
    answer = machine.get("/billing/entitlements", params={"customer_id": customer.id, **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_entitlements_are_named_by_feature_code(machine, payer):
    answer = entitlements(machine, payer, page_size=100)
    found = {one["feature_code"]: one for one in answer["entitlements"]}
    assert found["ai_tokens"]["entitlement_limit_max"] == 100_000
    assert found["advanced_reports"]["entitlement_limit_max"] is None
    assert answer["plans"] == []


def test_a_stand_in_takes_the_place_of_a_missing_limit(machine, payer):
    found = entitlements(machine, payer, page_size=100, max_value="999")["entitlements"]
    limits = {one["feature_code"]: one["entitlement_limit_max"] for one in found}
    assert (limits["advanced_reports"], limits["ai_tokens"]) == (999, 100_000)


@pytest.mark.parametrize("max_value", ["-1", "1.5", "lots", "9" * 19])
def test_a_stand_in_that_is_no_whole_number_is_refused(machine, payer, max_value):
    answer = machine.get("/billing/entitlements", params={"customer_id": payer.id, "max_value": max_value})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "max_value")


def test_plans_are_listed_where_they_are_asked_for(machine, payer):
    [plan] = entitlements(machine, payer, expand="plans")["plans"]
    assert plan["code"] == "pro_monthly"
    assert plan["subscribed_on"].endswith("Z")


def test_pages_forward_and_backward_meet(machine, payer):
    whole = [one["id"] for one in entitlements(machine, payer, page_size=100)["entitlements"]]
    after = entitlements(machine, payer, page_size=1, starting_after=whole[0])
    before = entitlements(machine, payer, page_size=1, ending_before=whole[2])
    assert [one["id"] for one in after["entitlements"]] == [one["id"] for one in before["entitlements"]] == whole[1:2]
    assert after["has_more"]
    assert before["has_more"]


def test_two_cursors_at_once_are_refused(machine, payer):
    parameters = {"customer_id": payer.id, "starting_after": "a", "ending_before": "b"}
    assert machine.get("/billing/entitlements", params=parameters).status_code == 400


@pytest.mark.parametrize("path", ["/billing/agreements", "/billing/entitlements"])
def test_an_unknown_customer_is_not_found(machine, path):
    assert machine.get(path, params={"customer_id": "customer_unknown"}).status_code == 404
    assert machine.get(path).status_code == 400
