"""What Kinde publishes of billing is there as published: addresses, scopes, parameters, bodies and answers.

Source: Kinde Management API, OpenAPI document of August 2026; Kinde documentation, "Self-serve portal" and "Manage
subscribers" for what that document lacks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

ANSWER = {"code", "message"}


@dataclass(frozen=True)
class Published:
    """One published operation: `needs` and `takes` are members of the body, or parameters of a request without one."""

    name: str
    scope: str
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset(ANSWER)


def published(
    name: str, scope: str, *, needs: str = "", takes: str = "", gives: str = "", bare: bool = False
) -> Published:
    """Write an operation down; `bare` answers have no envelope."""
    envelope = set() if bare else ANSWER
    return Published(
        name, scope, frozenset(needs.split()), frozenset(takes.split()), frozenset(envelope | set(gives.split()))
    )


PAGING = "page_size starting_after ending_before"
OPERATIONS = [
    published(
        "GET /v1/billing/entitlements",
        "read:billing_entitlements",
        needs="customer_id",
        takes=f"{PAGING} max_value expand",
        gives="has_more entitlements plans",
    ),
    published(
        "GET /v1/billing/agreements",
        "read:billing_agreements",
        needs="customer_id",
        takes=f"{PAGING} feature_code",
        gives="has_more agreements",
    ),
    published(
        "POST /v1/billing/agreements",
        "create:billing_agreements",
        needs="customer_id plan_code",
        takes="is_invoice_now is_prorate",
    ),
    # Both places that the documentation leaves open.
    published("DELETE /v1/billing/agreements", "delete:billing_agreements", takes="agreement_id"),
    published(
        "POST /v1/billing/meter_usage",
        "create:meter_usage",
        needs="customer_agreement_id billing_feature_code meter_value",
        takes="meter_usage_timestamp meter_type_code",
    ),
    published(
        "POST /v1/users/{user_id}/billing_customer",
        "create:user_billing_customers",
        needs="org_code billing_email",
        takes="billing_plan_code",
        gives="billing_customer",
    ),
    published(
        "POST /v1/organization",
        "create:organizations",
        needs="name",
        takes="handle external_id is_create_billing_customer billing_email billing_plan_code",
        gives="organization",
    ),
    published(
        "GET /v1/organization",
        "read:organizations",
        needs="code",
        takes="expand",
        gives="code name handle is_default external_id created_on billing",
        bare=True,
    ),
    published(
        "GET /v1/organizations", "read:organizations", takes="page_size next_token", gives="organizations next_token"
    ),
    published("GET /v1/users", "read:users", takes="page_size next_token email expand", gives="users next_token"),
    published(
        "GET /v1/user",
        "read:users",
        needs="id",
        takes="expand",
        gives="id provided_id preferred_email first_name last_name picture is_suspended created_on organizations"
        " identities billing",
        bare=True,
    ),
    published(
        "POST /v1/portal/generate_url",
        "create:portal_links",
        needs="user_id",
        takes="organization_code return_url sub_nav",
        gives="url",
    ),
    published("GET /v1/webhooks", "read:webhooks", gives="webhooks"),
    published(
        "POST /v1/webhooks",
        "create:webhooks",
        needs="endpoint event_types name",
        takes="description",
        gives="webhook",
    ),
    published(
        "PATCH /v1/webhooks/{webhook_id}",
        "update:webhooks",
        takes="event_types name description",
        gives="webhook",
    ),
    published("DELETE /v1/webhooks/{webhook_id}", "delete:webhooks"),
    published("GET /v1/event_types", "read:event_types", gives="event_types"),
    published("GET /v1/events/{event_id}", "read:events", gives="event"),
]
SHAPES = {
    "AgreementView": "id plan_code expires_on billing_group_id current_period_start current_period_end entitlements",
    "AgreedEntitlementView": "feature_code entitlement_id",
    "CustomerView": "id agreement_id",
    "EventTypeView": "id code name origin schema",
    "EventView": "type source event_id timestamp data",
    "WebhookView": "id name endpoint description event_types created_on",
}
ENTITLEMENT = (
    "id fixed_charge price_name unit_amount feature_code feature_name entitlement_limit_max entitlement_limit_min"
)


@pytest.fixture(scope="module")
def document(http):
    return http.get("/api/openapi.json").json()


def resolved(document, schema):
    """Return a schema itself where it is a reference, or the one of its choices that is no null."""
    while "$ref" in schema or "anyOf" in schema:
        if "anyOf" in schema:
            schema = next(choice for choice in schema["anyOf"] if choice.get("type") != "null")
        else:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def body_of(document, operation):
    """Return the schema of an operation's body, or an empty one."""
    content = operation.document.get("requestBody", {}).get("content", {"application/json": {"schema": {}}})
    return resolved(document, content["application/json"]["schema"])


@pytest.mark.parametrize("expected", OPERATIONS, ids=lambda expected: expected.name)
def test_an_operation_is_as_published(document, management, expected):
    operation = next(found for found in management if found.name == expected.name)
    assert operation.scope == expected.scope
    assert "x-extension" not in operation.document

    body = body_of(document, operation)
    parameters = {
        found["name"]: found.get("required", False) for found in operation.parameters if found["in"] == "query"
    }
    is_needed = operation.document.get("requestBody", {}).get("required", False)
    required = set(body.get("required", ()) if is_needed else ()) | {
        name for name, is_needed in parameters.items() if is_needed
    }
    assert required == expected.needs, "nothing more is needed than what is published"
    assert expected.needs | expected.takes <= parameters.keys() | body.get("properties", {}).keys()

    answer = operation.document["responses"]["200"]["content"]["application/json"]["schema"]
    assert expected.gives <= resolved(document, answer)["properties"].keys()


@pytest.mark.parametrize("name", SHAPES)
def test_a_thing_shows_all_that_is_published_of_it(document, name):
    assert set(SHAPES[name].split()) <= document["components"]["schemas"][name]["properties"].keys()


def test_an_entitlement_of_the_management_api_shows_all_that_is_published_of_it(document):
    answer = document["components"]["schemas"]["EntitlementList"]
    shown = resolved(document, answer["properties"]["entitlements"]["items"])
    assert set(ENTITLEMENT.split()) <= shown["properties"].keys()


def test_an_id_of_an_agreement_is_taken_from_the_address_or_the_body(document, management):
    operation = next(found for found in management if found.name == "DELETE /v1/billing/agreements")
    assert "agreement_id" in operation.takes("query")
    assert "agreement_id" in body_of(document, operation)["properties"]


def test_whatever_is_not_published_is_marked(document, management):
    known = {expected.name for expected in OPERATIONS}
    # Published, and no part of billing.
    known |= {"PATCH /v1/organization/{org_code}", "DELETE /v1/organization/{org_code}"}
    known |= {"POST /v1/user", "PATCH /v1/user", "DELETE /v1/user"}
    extensions = {found.name for found in management if found.document.get("x-extension")}
    assert {found.name for found in management} == known | extensions
    silent = {found.name for found in management if found.name in extensions and not says_so(found)}
    assert silent == set()


def says_so(operation):
    return "extension" in operation.document.get("description", "").lower()


def test_ids_have_the_prefixes_that_are_published(machine, server):
    with server.engine.read() as tx:
        user = tx.users.find_by_email(server.seed.users[1][0])
        customer = tx.customers.find_by_user(user.id)
    [agreement] = machine.get("/billing/agreements", params={"customer_id": customer.id}).json()["agreements"]
    event = machine.get("/events", params={"page_size": 1}).json()["events"][0]
    organization = machine.get("/organizations").json()["organizations"][0]
    shapes = {
        r"kp_[0-9a-f]{32}": user.id,
        r"customer_[0-9a-f]{32}": customer.id,
        r"agreement_[0-9a-f]{32}": agreement["id"],
        r"sbg_[0-9a-f]{32}": agreement["billing_group_id"],
        r"entitlement_[0-9a-f]{32}": agreement["entitlements"][0]["entitlement_id"],
        r"event_[0-9a-f]{32}": event["event_id"],
        r"org_[0-9a-f]{11}": organization["code"],
    }
    assert {shape: found for shape, found in shapes.items() if not re.fullmatch(shape, found)} == {}
