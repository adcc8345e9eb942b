"""The Account API: what signed-in people learn about themselves."""

from __future__ import annotations

import base64
import json

import pytest

from billing_sdk.auth.claims import AccessClaims
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.grant_allowance import grant_allowance
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.people import bearer, person_token

PRO = {"base_price", "advanced_reports", "ai_tokens"}
FIELDS = {
    "id",
    "fixed_charge",
    "price_name",
    "unit_amount",
    "unit_amount_decimal",
    "feature_key",
    "feature_name",
    "entitlement_limit_max",
    "entitlement_limit_min",
    "value",
    "is_soft",
    "consumed",
    "remaining",
    "overage",
    "resets_on",
    "customer_agreement_id",
}


def test_a_person_on_a_plan_sees_it_and_what_it_includes(grace):
    data = grace.get("/entitlements", params={"page_size": 100}).json()["data"]
    assert [plan["key"] for plan in data["plans"]] == ["pro_monthly"]
    assert data["plans"][0]["subscribed_on"].endswith("Z")
    found = {entitlement["feature_key"]: entitlement for entitlement in data["entitlements"]}
    assert found.keys() >= PRO
    assert all(entitlement.keys() == FIELDS for entitlement in found.values())
    assert found["base_price"]["fixed_charge"] == 2_900
    assert found["ai_tokens"]["entitlement_limit_max"] == 100_000
    assert found["advanced_reports"]["entitlement_limit_max"] is None


def test_a_person_sees_how_much_of_what_is_metered_was_used_and_may_still_be(server, grace):
    with server.engine.read() as tx:
        customer = tx.customers.find_by_user(tx.users.find_by_email("grace@example.com").id)
        [agreement] = tx.agreements.live_of(customer.id)
    grant_allowance(server.engine, customer_id=customer.id, feature_key="ai_tokens", amount="50")
    record_usage(server.engine, agreement_id=agreement.id, feature_key="ai_tokens", value="100000.5")
    found = grace.get("/entitlement/ai_tokens").json()["data"]["entitlement"]
    shown = (found["entitlement_limit_max"], found["consumed"], found["remaining"], found["overage"], found["is_soft"])
    assert shown == (100_000, "100000.5", "49.5", "0", False)
    assert found["resets_on"] == agreement.billed_until.isoformat().replace("+00:00", "Z")
    reports = grace.get("/entitlement/advanced_reports").json()["data"]["entitlement"]
    assert (reports["consumed"], reports["remaining"], reports["resets_on"]) == (None, None, None)


def test_a_unit_price_below_one_minor_unit_is_exact_and_not_nothing(server, grace, machine):
    with server.engine.read() as tx:
        customer = tx.customers.find_by_user(tx.users.find_by_email("grace@example.com").id)
    subscribe(server.engine, customer_id=customer.id, plan_key="enterprise_monthly")

    mine = grace.get("/entitlement/ai_tokens").json()["data"]["entitlement"]
    listed = machine.get("/billing/entitlements", params={"customer_id": customer.id, "page_size": 100}).json()
    (theirs,) = [found for found in listed["entitlements"] if found["feature_code"] == "ai_tokens"]

    assert (mine["unit_amount"], mine["unit_amount_decimal"]) == (None, "0.02")
    assert (theirs["unit_amount"], theirs["unit_amount_decimal"]) == (None, "0.02")


def test_a_person_on_no_plan_sees_nothing_and_no_error(ada):
    answer = ada.get("/entitlements")
    assert answer.status_code == 200
    assert answer.json()["data"]["entitlements"] == answer.json()["data"]["plans"] == []
    assert answer.json()["metadata"] == {"has_more": False, "next_page_starting_after": None}


def test_pages_of_entitlements_give_each_one_once(grace):
    whole = grace.get("/entitlements", params={"page_size": 100}).json()["data"]["entitlements"]
    seen, cursor, has_more = [], None, True
    while has_more:
        parameters = {"page_size": 1, **({"starting_after": cursor} if cursor else {})}
        answer = grace.get("/entitlements", params=parameters).json()
        seen += answer["data"]["entitlements"]
        has_more, cursor = answer["metadata"]["has_more"], answer["metadata"]["next_page_starting_after"]
    assert seen == whole


def test_a_cursor_that_names_nothing_of_the_callers_is_refused(grace):
    answer = grace.get("/entitlements", params={"starting_after": "entitlement_of_somebody_else"})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "starting_after")


@pytest.mark.parametrize("address", ["/entitlement?key=advanced_reports", "/entitlement/advanced_reports"])
def test_one_entitlement_is_found_in_both_spellings(grace, address):
    answer = grace.get(address).json()
    assert answer["data"]["entitlement"]["feature_key"] == "advanced_reports"
    assert answer["metadata"] == {}


@pytest.mark.parametrize("address", ["/entitlement?key=advanced_reports", "/entitlement/advanced_reports"])
def test_an_entitlement_that_no_plan_includes_is_not_found(ada, address):
    assert ada.get(address).status_code == 404


def test_an_entitlement_without_a_key_is_refused_by_name(grace):
    answer = grace.get("/entitlement")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "key")


def test_a_member_without_roles_has_neither_permissions_nor_roles(ada):
    assert ada.get("/permissions").json()["data"]["permissions"] == []
    assert ada.get("/roles").json()["data"]["roles"] == []
    assert ada.get("/permission/org:write:billing").json()["data"]["permission"] is None


@pytest.mark.parametrize(("path", "name"), [("/feature_flags", "feature_flags"), ("/properties", "properties")])
def test_lists_of_what_this_server_does_not_keep_are_empty(ada, path, name):
    assert ada.get(path).json() == {
        "data": {name: []},
        "metadata": {"has_more": False, "next_page_starting_after": None},
    }


@pytest.fixture
def owner(server, http):
    """Ada with a token for an organization that she has created."""
    email, password = server.seed.users[0]
    with server.engine.read() as tx:
        user = tx.users.find_by_email(email)
    organization = create_organization(server.engine, name="Acme", creator_id=user.id)
    http.headers.update(bearer(person_token(server, email, password, org_code=organization.code)))
    http.base_url = f"{server.base_url}/account_api/v1"
    return http, organization.code


def test_a_creator_may_manage_the_billing_of_the_organization(owner):
    http, code = owner
    permissions = http.get("/permissions").json()["data"]
    assert permissions["org_code"] == code
    assert "org:write:billing" in {permission["key"] for permission in permissions["permissions"]}
    assert all(permission["id"].startswith("perm_") for permission in permissions["permissions"])
    assert http.get("/permission/org:write:billing").json()["data"]["permission"]["key"] == "org:write:billing"
    assert [role["key"] for role in http.get("/roles").json()["data"]["roles"]] == ["billing_admin"]


@pytest.mark.parametrize(
    "query", ["", "sub_nav=plan_details", "subnav=plan_details", "sub_nav=profile&subnav=nonsense_"]
)
def test_a_person_gets_a_link_into_the_portal(ada, server, query):
    answer = ada.get(f"/portal_link?{query}")
    if "nonsense" in query:
        assert answer.status_code == 200, "sub_nav wins over subnav"
    assert answer.json()["url"].startswith(f"{server.base_url}/portal_redirect?key=")


@pytest.mark.attack(115)
def test_two_links_have_two_keys(ada):
    assert ada.get("/portal_link").json()["url"] != ada.get("/portal_link").json()["url"]


@pytest.mark.parametrize(
    "section", ["organization_plan_details", "organization_payment_details", "organization_billing"]
)
def test_billing_of_the_organization_needs_its_permission(ada, section):
    answer = ada.get("/portal_link", params={"sub_nav": section})
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["permission"] == "org:write:billing"


@pytest.mark.attack(118)
def test_who_may_manage_billing_gets_a_link_to_it(owner):
    http, _ = owner
    assert http.get("/portal_link", params={"sub_nav": "organization_plan_details"}).status_code == 200


@pytest.mark.attack(116, 167)
@pytest.mark.parametrize(
    "return_url",
    [
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "/relative",
        "http://127.0.0.1:3000@evil.example/",
        "http://127.0.0.1:3000\\@evil.example/",
        "http://127.0.0.1:3001/",
    ],
)
def test_a_way_back_to_an_origin_that_is_not_registered_is_refused(ada, return_url):
    answer = ada.get("/portal_link", params={"return_url": return_url})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "RETURN_URL_NOT_ALLOWED")


def test_a_way_back_to_a_registered_origin_is_taken(ada):
    assert ada.get("/portal_link", params={"return_url": "http://127.0.0.1:3000/account"}).status_code == 200


def test_an_unknown_section_is_refused(ada):
    answer = ada.get("/portal_link", params={"sub_nav": "vault"})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "sub_nav")


def claims_of(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def test_a_token_says_until_when_somebody_is_in_a_trial(machine, server):
    email, password = server.seed.users[1]
    assert "has_trial_period" not in claims_of(person_token(server, email, password))

    fee = {"kind": "licence_fee", "key": "base", "name": "Base", "currency": "USD"}
    version = {"components": [{**fee, "terms": {"price": {"model": "flat", "amount": "500"}}}], "trial": {"days": 14}}
    group = {"code": "more", "name": "More", "scope": "user"}
    plan = {"code": "tried", "name": "Tried", "group_code": "more", "version": version}
    with server.engine.read() as tx:
        customer = tx.customers.find_by_user(tx.users.find_by_email(email).id)
    for path, body in (
        ("plan_groups", group),
        ("plans", plan),
        ("plans/tried/publish", None),
        ("agreements", {"customer_id": customer.id, "plan_code": "tried"}),
    ):
        answer = machine.post(f"/billing/{path}", json=body)
        assert answer.status_code == 200, answer.text

    token = person_token(server, email, password)
    agreement = machine.get(f"/billing/agreements/{answer.json()['agreement']['id']}").json()["agreement"]
    assert agreement["status"] == "trialing"
    told = AccessClaims.read(claims_of(token))
    assert (told.has_trial_period, told.raw["trial_expires_on"]) == (True, agreement["trial_ends_on"])
    assert told.trial_expires_on is not None
