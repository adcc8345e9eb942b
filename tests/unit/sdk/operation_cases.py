"""One use of every operation: what it sends, and what it makes of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from billing_sdk import (
    AgreedEntitlement,
    Agreement,
    AgreementReference,
    BillingCustomer,
    CreatedOrganization,
    CreatedUser,
    Entitlement,
    Event,
    EventType,
    Organization,
    Permission,
    PortalLink,
    Role,
    SubscribedPlan,
    UnknownEvent,
    User,
    WebhookEndpoint,
)
from tests.unit.sdk.kit import ISSUER, NOW

OK = {"code": "OK", "message": "Success"}
ENTITLEMENT = {
    "id": "entitlement_1",
    "fixed_charge": 35,
    "price_name": "Pro",
    "unit_amount": 1,
    "feature_name": "Base",
    "entitlement_limit_max": None,
    "entitlement_limit_min": 1,
    "invented_tomorrow": {"x": 1},
}


@dataclass(frozen=True)
class Case:
    """One use of one operation.

    Attributes:
        call: the operation on a client.
        sends: method and path.
        answer: what the server says.
        gives: what the operation makes of it.
        bearer: `user`, or `machine` for the client's own token.
    """

    name: str
    call: Any
    sends: tuple[str, str]
    answer: Any
    gives: Any
    params: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    bearer: str = "machine"
    idempotency_key: str | None = None


CASES = [
    Case(
        "agreements.list",
        lambda c: c.agreements.list("customer_1", feature_code="seats"),
        ("GET", "/api/v1/billing/agreements"),
        {
            **OK,
            "has_more": False,
            "agreements": [
                {
                    "id": "agreement_1",
                    "plan_code": "pro",
                    "expires_on": None,
                    "billing_group_id": "sbg_1",
                    "current_period_start": "2026-08-06T12:53:57Z",
                    "current_period_end": "2026-09-06T12:53:57Z",
                    "entitlements": [{"feature_code": "seats", "entitlement_id": "entitlement_1"}],
                }
            ],
        },
        (
            Agreement(
                "agreement_1",
                "pro",
                billing_group_id="sbg_1",
                current_period_start=datetime(2026, 8, 6, 12, 53, 57, tzinfo=UTC),
                current_period_end=datetime(2026, 9, 6, 12, 53, 57, tzinfo=UTC),
                entitlements=(AgreedEntitlement("seats", "entitlement_1"),),
            ),
        ),
        params={"customer_id": "customer_1", "feature_code": "seats", "page_size": "100"},
    ),
    Case(
        "agreements.create",
        lambda c: c.agreements.create(
            customer_id="customer_1", plan_code="pro", is_prorate=True, idempotency_key="once"
        ),
        ("POST", "/api/v1/billing/agreements"),
        OK,
        None,
        body={"customer_id": "customer_1", "plan_code": "pro", "is_prorate": True},
        idempotency_key="once",
    ),
    Case(
        "agreements.cancel",
        lambda c: c.agreements.cancel("agreement_1"),
        ("DELETE", "/api/v1/billing/agreements"),
        OK,
        None,
        params={"agreement_id": "agreement_1"},
    ),
    Case(
        "customers.create",
        lambda c: c.customers.create(user_id="kp_1", org_code="org_1", billing_email="a@b.example", plan_code="pro"),
        ("POST", "/api/v1/users/kp_1/billing_customer"),
        {**OK, "billing_customer": {"id": "customer_1", "agreement_id": "agreement_1"}},
        BillingCustomer("customer_1", "agreement_1"),
        body={"org_code": "org_1", "billing_email": "a@b.example", "billing_plan_code": "pro"},
    ),
    Case(
        "entitlements.get",
        lambda c: c.entitlements.get("user-token", "base_price"),
        ("GET", "/account_api/v1/entitlement/base_price"),
        {"data": {"org_code": "org_1", "entitlement": {**ENTITLEMENT, "feature_key": "base_price"}}, "metadata": {}},
        Entitlement("entitlement_1", "base_price", "Base", "Pro", 35, 1, None, 1),
        params={"key": "base_price"},
        bearer="user",
    ),
    Case(
        "entitlements.list",
        lambda c: c.entitlements.list("user-token"),
        ("GET", "/account_api/v1/entitlements"),
        {
            "data": {
                "org_code": "org_1",
                "plans": [{"key": "pro", "name": "Pro", "subscribed_on": "2024-11-18 13:32:03+00"}],
                "entitlements": [{**ENTITLEMENT, "feature_key": "base_price"}],
            },
            "metadata": {"has_more": False, "next_page_starting_after": "entitlement_1"},
        },
        lambda found: (
            found.org_code == "org_1"
            and found.plans == (SubscribedPlan("pro", "Pro", datetime(2024, 11, 18, 13, 32, 3, tzinfo=UTC)),)
            and found.entitlements == (Entitlement("entitlement_1", "base_price", "Base", "Pro", 35, 1, None, 1),)
            and found.taken_at == NOW
        ),
        params={"page_size": "100"},
        bearer="user",
    ),
    Case(
        "organizations.create",
        lambda c: c.organizations.create(name="Acme", external_id="7", billing_email="a@b.example", plan_code="team"),
        ("POST", "/api/v1/organization"),
        {**OK, "organization": {"code": "org_1", "billing_customer_id": "customer_1"}},
        CreatedOrganization("org_1", "customer_1"),
        body={
            "name": "Acme",
            "external_id": "7",
            "is_create_billing_customer": True,
            "billing_email": "a@b.example",
            "billing_plan_code": "team",
        },
    ),
    Case(
        "organizations.get",
        lambda c: c.organizations.get("org_1"),
        ("GET", "/api/v1/organization"),
        {
            "code": "org_1",
            "name": "Acme",
            "handle": None,
            "is_default": False,
            "billing": {
                "billing_customer_id": "customer_1",
                "agreements": [{"plan_code": "team", "agreement_id": "agreement_1"}],
            },
        },
        Organization(
            "org_1", "Acme", billing_customer_id="customer_1", agreements=(AgreementReference("agreement_1", "team"),)
        ),
        params={"code": "org_1", "expand": "billing"},
    ),
    Case(
        "organizations.list",
        lambda c: c.organizations.list(),
        ("GET", "/api/v1/organizations"),
        {**OK, "organizations": [{"code": "org_0", "name": "Default", "is_default": True}], "next_token": None},
        (Organization("org_0", "Default", is_default=True),),
        params={"page_size": "100"},
    ),
    Case(
        "organizations.update",
        lambda c: c.organizations.update("org_1", name="Acme & Sons"),
        ("PATCH", "/api/v1/organization/org_1"),
        OK,
        None,
        body={"name": "Acme & Sons"},
    ),
    Case(
        "organizations.delete",
        lambda c: c.organizations.delete("org_1"),
        ("DELETE", "/api/v1/organization/org_1"),
        OK,
        None,
    ),
    Case(
        "permissions.list",
        lambda c: c.permissions.list("user-token"),
        ("GET", "/account_api/v1/permissions"),
        {
            "data": {
                "org_code": "org_1",
                "permissions": [{"id": "perm_1", "name": "Bill", "key": "org:write:billing"}],
            },
            "metadata": {"has_more": False},
        },
        (Permission("perm_1", "org:write:billing", "Bill"),),
        params={"page_size": "100"},
        bearer="user",
    ),
    Case(
        "roles.list",
        lambda c: c.roles.list("user-token"),
        ("GET", "/account_api/v1/roles"),
        {"data": {"roles": [{"id": "role_1", "name": "Admin", "key": "admin"}]}, "metadata": {"has_more": False}},
        (Role("role_1", "admin", "Admin"),),
        params={"page_size": "100"},
        bearer="user",
    ),
    Case(
        "portal.create_link",
        lambda c: c.portal.create_link(token="user-token", sub_nav="plan_details", return_url="https://app.example/x"),
        ("GET", "/account_api/v1/portal_link"),
        {"url": f"{ISSUER}/portal_redirect?key=abc"},
        PortalLink(f"{ISSUER}/portal_redirect?key=abc"),
        params={"sub_nav": "plan_details", "return_url": "https://app.example/x"},
        bearer="user",
    ),
    Case(
        "portal.create_link",
        lambda c: c.portal.create_link(user_id="kp_1", organization_code="org_1"),
        ("POST", "/api/v1/portal/generate_url"),
        {"url": f"{ISSUER}/portal_redirect?key=abc"},
        PortalLink(f"{ISSUER}/portal_redirect?key=abc"),
        body={"user_id": "kp_1", "organization_code": "org_1"},
    ),
    Case(
        "usage.record_reading",
        lambda c: c.usage.record_reading(
            agreement_id="agreement_1",
            feature_code="ai_tokens",
            value=Decimal("1E+2"),
            used_at=datetime(2026, 11, 21, 13, tzinfo=timezone(timedelta(hours=1))),
            dimensions={"model": "large"},
            idempotency_key="usage-1",
        ),
        ("POST", "/api/v1/billing/meter_usage"),
        OK,
        None,
        body={
            "customer_agreement_id": "agreement_1",
            "billing_feature_code": "ai_tokens",
            "meter_value": "100",
            "meter_type_code": "delta",
            "meter_usage_timestamp": "2026-11-21T12:00:00Z",
            "dimensions": {"model": "large"},
        },
        idempotency_key="usage-1",
    ),
    Case(
        "users.create",
        lambda c: c.users.create(email="a@b.example", given_name="Ada", organization_code="org_1"),
        ("POST", "/api/v1/user"),
        {"id": "kp_1", "created": True, "identities": []},
        CreatedUser("kp_1", True),
        body={
            "profile": {"given_name": "Ada"},
            "identities": [{"type": "email", "is_verified": False, "details": {"email": "a@b.example"}}],
            "organization_code": "org_1",
        },
    ),
    Case(
        "users.get",
        lambda c: c.users.get("kp_1"),
        ("GET", "/api/v1/user"),
        {
            "id": "kp_1",
            "preferred_email": "a@b.example",
            "first_name": "Ada",
            "last_name": "L",
            "billing": {"customer_id": "customer_1"},
        },
        User("kp_1", "a@b.example", "Ada", "L", billing_customer_id="customer_1"),
        params={"id": "kp_1", "expand": "billing"},
    ),
    Case(
        "users.list",
        lambda c: c.users.list(email="a@b.example"),
        ("GET", "/api/v1/users"),
        {**OK, "users": [{"id": "kp_1", "email": "a@b.example"}], "next_token": ""},
        (User("kp_1", "a@b.example"),),
        params={"page_size": "100", "expand": "billing", "email": "a@b.example"},
    ),
    Case(
        "users.update",
        lambda c: c.users.update("kp_1", is_suspended=True),
        ("PATCH", "/api/v1/user"),
        {"id": "kp_1"},
        None,
        params={"id": "kp_1"},
        body={"is_suspended": True},
    ),
    Case(
        "users.delete",
        lambda c: c.users.delete("kp_1"),
        ("DELETE", "/api/v1/user"),
        OK,
        None,
        params={"id": "kp_1"},
    ),
    Case(
        "webhook_endpoints.create",
        lambda c: c.webhook_endpoints.create(
            endpoint="https://app.example/hook", event_types=["user.created"], name="Mine"
        ),
        ("POST", "/api/v1/webhooks"),
        {**OK, "webhook": {"id": "webhook_1", "endpoint": "https://app.example/hook"}},
        WebhookEndpoint("webhook_1", "https://app.example/hook"),
        body={"endpoint": "https://app.example/hook", "event_types": ["user.created"], "name": "Mine"},
    ),
    Case(
        "webhook_endpoints.list",
        lambda c: c.webhook_endpoints.list(),
        ("GET", "/api/v1/webhooks"),
        {**OK, "webhooks": [{"id": "webhook_1", "name": "Mine", "event_types": ["user.created"]}]},
        (WebhookEndpoint("webhook_1", name="Mine", event_types=("user.created",)),),
    ),
    Case(
        "webhook_endpoints.update",
        lambda c: c.webhook_endpoints.update("webhook_1", event_types=("user.deleted",)),
        ("PATCH", "/api/v1/webhooks/webhook_1"),
        {**OK, "webhook": {"id": "webhook_1"}},
        WebhookEndpoint("webhook_1"),
        body={"event_types": ["user.deleted"]},
    ),
    Case(
        "webhook_endpoints.delete",
        lambda c: c.webhook_endpoints.delete("webhook_1"),
        ("DELETE", "/api/v1/webhooks/webhook_1"),
        OK,
        None,
    ),
    Case(
        "webhook_endpoints.event_types",
        lambda c: c.webhook_endpoints.event_types(),
        ("GET", "/api/v1/event_types"),
        {**OK, "event_types": [{"id": "event_type_1", "code": "user.created", "name": "User", "schema": {}}]},
        (EventType("event_type_1", "user.created", "User"),),
    ),
    Case(
        "webhook_endpoints.event",
        lambda c: c.webhook_endpoints.event("event_1"),
        ("GET", "/api/v1/events/event_1"),
        {
            **OK,
            "event": {
                "type": "user.created",
                "source": "api",
                "event_id": "event_1",
                "timestamp": 1_763_726_400,
                "data": {"user": {"id": "kp_1"}},
            },
        },
        Event("user.created", "event_1", "api", datetime(2025, 11, 21, 12, tzinfo=UTC), {"user": {"id": "kp_1"}}),
    ),
    Case(
        "webhook_endpoints.event",
        lambda c: c.webhook_endpoints.event("event_2"),
        ("GET", "/api/v1/events/event_2"),
        {**OK, "event": {"type": "moon.rose", "event_id": "event_2", "timestamp": "2025-11-21T12:00:00Z", "data": {}}},
        UnknownEvent("moon.rose", "event_2", "", datetime(2025, 11, 21, 12, tzinfo=UTC), {}),
    ),
    Case(
        "webhook_endpoints.replay",
        lambda c: c.webhook_endpoints.replay("event_1", webhook_id="webhook_1"),
        ("POST", "/api/v1/events/event_1/replay"),
        {**OK, "webhook_ids": ["webhook_1"]},
        ("webhook_1",),
        body={"webhook_id": "webhook_1"},
    ),
]
