"""Organizations, users and billing customers through the Management API."""

from __future__ import annotations

import pytest


@pytest.fixture
def acme(machine):
    """An organization that is a billing customer on the free team plan."""
    body = {
        "name": "Acme",
        "handle": "acme",
        "external_id": "acme-1",
        "is_create_billing_customer": True,
        "billing_email": "billing@acme.example",
        "billing_plan_code": "team_free",
    }
    answer = machine.post("/organization", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["organization"]


@pytest.fixture
def ada_id(server):
    with server.engine.read() as tx:
        return tx.users.find_by_email(server.seed.users[0][0]).id


@pytest.fixture
def home(server):
    """The code of the default organization, which everybody belongs to."""
    with server.engine.read() as tx:
        return tx.organizations.get_default().code


def codes(machine):
    answer = machine.get("/organizations", params={"page_size": 500}).json()
    return [organization["code"] for organization in answer["organizations"]]


def emails(machine):
    return [user["email"] for user in machine.get("/users", params={"page_size": 500}).json()["users"]]


def test_an_organization_is_made_with_its_customer(machine, acme):
    assert acme["code"].startswith("org_")
    assert acme["billing_customer_id"].startswith("customer_")
    shown = machine.get("/organization", params={"code": acme["code"], "expand": "billing"}).json()
    assert (shown["name"], shown["handle"], shown["external_id"]) == ("Acme", "acme", "acme-1")
    assert shown["billing"]["billing_customer_id"] == acme["billing_customer_id"]
    [agreement] = shown["billing"]["agreements"]
    assert agreement["plan_code"] == "team_free"
    assert agreement["agreement_id"].startswith("agreement_")


def test_the_default_team_plan_is_agreed_where_none_is_named(machine):
    body = {"name": "Beta", "is_create_billing_customer": True, "billing_email": "b@beta.example"}
    code = machine.post("/organization", json=body).json()["organization"]["code"]
    shown = machine.get("/organization", params={"code": code, "expand": "billing"}).json()
    assert [agreement["plan_code"] for agreement in shown["billing"]["agreements"]] == ["team_free"]


def test_billing_is_shown_only_where_it_is_asked_for(machine, acme):
    assert machine.get("/organization", params={"code": acme["code"]}).json()["billing"] is None


def test_an_organization_without_a_customer_has_none(machine):
    made = machine.post("/organization", json={"name": "Solo"}).json()["organization"]
    assert made["billing_customer_id"] is None
    assert machine.get("/organization", params={"code": made["code"], "expand": "billing"}).json()["billing"] is None


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": ""}, 400),
        ({"name": None}, 400),
        ({"name": "x" * 129}, 400),
        ({"name": "a\u202eb"}, 400),
        ({"handle": "Not A Handle"}, 400),
        ({"handle": "acme"}, 409),
        ({"billing_email": None}, 400),
        ({"billing_email": "nobody"}, 400),
        ({"billing_plan_code": "no_such_plan"}, 404),
        ({"billing_plan_code": "pro_monthly"}, 400),
        ({"code": "org_mine"}, 400),
        ({"created_on": "2020-01-01"}, 400),
    ],
)
def test_an_organization_that_can_not_be_made_leaves_nothing_behind(machine, acme, change, status):
    before = codes(machine)
    body = {
        "name": "Other",
        "is_create_billing_customer": True,
        "billing_email": "o@other.example",
        "billing_plan_code": "team_free",
        **change,
    }
    assert machine.post("/organization", json=body).status_code == status
    assert codes(machine) == before


def test_a_change_leaves_the_rest_as_it_was(machine, acme):
    assert machine.patch(f"/organization/{acme['code']}", json={"name": "Acme Ltd"}).status_code == 200
    shown = machine.get("/organization", params={"code": acme["code"]}).json()
    assert (shown["name"], shown["handle"], shown["external_id"]) == ("Acme Ltd", "acme", "acme-1")


@pytest.mark.parametrize("body", [{"name": None}, {"code": "x"}, {"is_default": True}, {"name": 1}, []])
def test_a_change_that_can_not_be_made_changes_nothing(machine, acme, body):
    assert machine.patch(f"/organization/{acme['code']}", json=body).status_code == 400
    assert machine.get("/organization", params={"code": acme["code"]}).json()["name"] == "Acme"


def test_the_agreements_of_a_deleted_organization_end(machine, acme):
    assert machine.delete(f"/organization/{acme['code']}").status_code == 200
    assert acme["code"] not in codes(machine)
    parameters = {"customer_id": acme["billing_customer_id"]}
    assert machine.get("/billing/agreements", params=parameters).json()["agreements"] == []


def test_the_default_organization_stays(machine, home):
    assert machine.delete(f"/organization/{home}").status_code == 409
    assert home in codes(machine)


def test_an_unknown_organization_is_not_found(machine):
    assert machine.get("/organization", params={"code": "org_unknown"}).status_code == 404
    assert machine.patch("/organization/org_unknown", json={"name": "X"}).status_code == 404
    assert machine.delete("/organization/org_unknown").status_code == 404


def test_tokens_lead_through_all_organizations_once(machine):
    for number in range(5):
        machine.post("/organization", json={"name": f"Number {number}"})
    seen, token = [], None
    while True:
        answer = machine.get("/organizations", params={"page_size": 2, **({"next_token": token} if token else {})})
        seen += [organization["code"] for organization in answer.json()["organizations"]]
        token = answer.json()["next_token"]
        if token is None:
            break
    assert seen == codes(machine)
    assert len(seen) == len(set(seen)) >= 6


def test_a_token_that_nobody_made_is_refused(machine):
    answer = machine.get("/organizations", params={"next_token": "made-up!"})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "next_token")


def new_user(email="mary@example.com", **change):
    return {
        "profile": {"given_name": "Mary", "family_name": "Jackson"},
        "identities": [{"type": "email", "is_verified": True, "details": {"email": email}}],
        **change,
    }


def test_a_user_is_made_and_shown_in_the_published_words(machine, home):
    made = machine.post("/user", json=new_user()).json()
    assert made["created"] is True
    assert made["id"].startswith("kp_")
    shown = machine.get("/user", params={"id": made["id"], "expand": "organizations,identities,billing"}).json()
    assert (shown["first_name"], shown["last_name"]) == ("Mary", "Jackson")
    assert shown["preferred_email"] == shown["email"] == "mary@example.com"
    assert shown["organizations"] == [home]
    assert shown["identities"] == [{"type": "email", "identity": "mary@example.com"}]
    assert shown["billing"] is None
    assert "password" not in str(shown)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (new_user("ada@example.com"), 409),
        (new_user("ADA@example.com"), 409),
        (new_user("nobody"), 400),
        (new_user(identities=[]), 400),
        (new_user(identities=[{"type": "phone", "details": {"phone": "+441632960000"}}]), 400),
        (new_user(organization_code="org_unknown"), 404),
        (new_user(id="kp_mine"), 400),
        (new_user(password="secret"), 400),
        ({}, 400),
    ],
)
def test_a_user_who_can_not_be_made_leaves_nothing_behind(machine, body, status):
    before = emails(machine)
    assert machine.post("/user", json=body).status_code == status
    assert emails(machine) == before


def test_users_are_found_by_address(machine):
    found = machine.get("/users", params={"email": "Ada@Example.com", "expand": "billing"}).json()["users"]
    assert [user["email"] for user in found] == ["ada@example.com"]


@pytest.mark.parametrize("expand", ["passwords", "billing,", "billing;organizations"])
def test_something_else_to_show_is_refused(machine, expand):
    answer = machine.get("/users", params={"expand": expand})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "expand")


def test_a_user_is_changed_in_part(machine, ada_id):
    answer = machine.patch("/user", params={"id": ada_id}, json={"family_name": "Byron"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["family_name"] == "Byron"
    shown = machine.get("/user", params={"id": ada_id}).json()
    assert (shown["last_name"], shown["email"]) == ("Byron", "ada@example.com")


@pytest.mark.parametrize("body", [{"id": "x"}, {"email": "eve@example.com"}, {"given_name": 1}, {"is_suspended": None}])
def test_a_change_of_a_user_that_can_not_be_made_changes_nothing(machine, ada_id, body):
    before = machine.get("/user", params={"id": ada_id}).json()
    assert machine.patch("/user", params={"id": ada_id}, json=body).status_code == 400
    assert machine.get("/user", params={"id": ada_id}).json() == before


def test_a_suspended_user_is_shut_out_at_once(machine, ada, ada_id):
    assert ada.get("/entitlements").status_code == 200
    machine.patch("/user", params={"id": ada_id}, json={"is_suspended": True})
    assert ada.get("/entitlements").status_code == 401


def test_a_deleted_user_is_gone_and_shut_out(machine, ada, ada_id):
    assert machine.delete("/user", params={"id": ada_id}).status_code == 200
    assert machine.get("/user", params={"id": ada_id}).status_code == 404
    assert ada.get("/entitlements").status_code == 401


def customer_body(home, **change):
    return {"org_code": home, "billing_email": "ada@example.com", "billing_plan_code": "free", **change}


def test_a_user_becomes_a_customer_on_a_plan(machine, ada_id, home):
    answer = machine.post(f"/users/{ada_id}/billing_customer", json=customer_body(home))
    assert answer.status_code == 200, answer.text
    customer = answer.json()["billing_customer"]
    [agreement] = machine.get("/billing/agreements", params={"customer_id": customer["id"]}).json()["agreements"]
    assert (agreement["id"], agreement["plan_code"]) == (customer["agreement_id"], "free")
    user = machine.get("/user", params={"id": ada_id, "expand": "billing"}).json()
    assert user["billing"] == {"customer_id": customer["id"]}


def test_the_default_plan_is_agreed_where_none_is_named(machine, ada_id, home):
    body = customer_body(home)
    del body["billing_plan_code"]
    customer = machine.post(f"/users/{ada_id}/billing_customer", json=body).json()["billing_customer"]
    [agreement] = machine.get("/billing/agreements", params={"customer_id": customer["id"]}).json()["agreements"]
    assert agreement["plan_code"] == "free"


def test_a_second_customer_of_one_user_has_the_published_code(machine, ada_id, home):
    machine.post(f"/users/{ada_id}/billing_customer", json=customer_body(home))
    answer = machine.post(f"/users/{ada_id}/billing_customer", json=customer_body(home))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "BILLING_CUSTOMER_EXISTS")


def test_the_same_key_makes_one_customer_and_gives_one_answer(machine, ada_id, home):
    headers = {"Idempotency-Key": "customer-1"}
    first, second = (
        machine.post(f"/users/{ada_id}/billing_customer", json=customer_body(home), headers=headers) for _ in range(2)
    )
    assert (first.status_code, second.status_code, second.content) == (200, 200, first.content)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"billing_plan_code": "team_free"}, 400),
        ({"billing_plan_code": "no_such_plan"}, 404),
        ({"billing_email": "nobody"}, 400),
        ({"org_code": "org_unknown"}, 404),
        ({"customer_id": "customer_mine"}, 400),
    ],
)
def test_a_customer_that_can_not_be_made_leaves_nothing_behind(machine, ada_id, home, change, status):
    answer = machine.post(f"/users/{ada_id}/billing_customer", json=customer_body(home, **change))
    assert answer.status_code == status
    assert machine.get("/user", params={"id": ada_id, "expand": "billing"}).json()["billing"] is None


def test_an_unknown_user_is_not_found(machine, home):
    assert machine.get("/user", params={"id": "kp_unknown"}).status_code == 404
    assert machine.patch("/user", params={"id": "kp_unknown"}, json={"given_name": "X"}).status_code == 404
    assert machine.delete("/user", params={"id": "kp_unknown"}).status_code == 404
    assert machine.post("/users/kp_unknown/billing_customer", json=customer_body(home)).status_code == 404


def test_a_machine_gets_a_portal_link_for_a_user(machine, server, ada_id, home):
    body = {"user_id": ada_id, "organization_code": home, "sub_nav": "plan_details"}
    answer = machine.post("/portal/generate_url", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["url"].startswith(f"{server.base_url}/portal_redirect?key=")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"user_id": "kp_unknown"}, 404),
        ({"organization_code": "org_unknown"}, 403),
        ({"sub_nav": "vault"}, 400),
        ({"return_url": "https://evil.example/"}, 400),
        ({"is_admin": True}, 400),
    ],
)
def test_a_portal_link_that_can_not_be_made_is_refused(machine, ada_id, change, status):
    assert machine.post("/portal/generate_url", json={"user_id": ada_id, **change}).status_code == status
