"""One use of every operation on what is for sale, and on billing settings."""

from __future__ import annotations

from datetime import UTC, datetime

from billing_sdk import (
    BillingPolicies,
    BillingSettings,
    CardContent,
    Feature,
    MigratedAgreement,
    Migration,
    Plan,
    PlanComponent,
    PlanGroup,
    PlanPhase,
    PlanTrial,
    PlanVersion,
    PricingCard,
    PricingTable,
)
from tests.unit.sdk.operation_cases import OK, Case

BILLING = "/api/v1/billing"
MORE = {"has_more": False}
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ONE_PAGE = {"page_size": "100"}

SETTINGS_DOCUMENT = {
    "default_currency": "EUR",
    "zone": "Europe/Berlin",
    "alignment": "calendar",
    "show_pricing_table_at_sign_up": True,
    "policies": {
        "unpaid_usage": "charge",
        "unused_days": "refund",
        "proration": "day",
        "zero_usage_flat_fee": "skip",
        "rounding": "half_up",
        "late_usage": "rerate",
    },
}
SETTINGS = BillingSettings(
    "EUR", "Europe/Berlin", "calendar", True, BillingPolicies("charge", "refund", "day", "skip", "half_up", "rerate")
)
GROUP_DOCUMENT = {"id": "sbg_1", "code": "people", "name": "People", "scope": "user", "is_default": True, "position": 2}
GROUP = PlanGroup("sbg_1", "people", "People", "user", True, 2)
FEATURE_DOCUMENT = {
    "id": "feature_1",
    "code": "ai_tokens",
    "name": "Tokens",
    "type": "metered",
    "unit_name": "token",
    "max_units": 5,
}
FEATURE = Feature("feature_1", "ai_tokens", "Tokens", "metered", "token", max_units=5)
FEE_DOCUMENT = {
    "kind": "licence_fee",
    "key": "base",
    "name": "Base",
    "currency": "USD",
    "terms": {"price": {"model": "flat", "amount": "2900"}},
}
FEE = PlanComponent("licence_fee", "base", "Base", FEE_DOCUMENT)
VERSION_DOCUMENT = {
    "id": "version_1",
    "number": 1,
    "currencies": ["USD"],
    "cadence": "month",
    "alignment": "anniversary",
    "trial": {"days": 14, "requires_payment_method": True, "remind_days_before": 3},
    "opening_phases": [{"key": "intro", "name": "Intro", "periods": 3, "components": []}],
    "components": [FEE_DOCUMENT],
    "created_on": "2026-11-21T12:00:00Z",
    "is_billed_by_customer": True,
}
VERSION = PlanVersion(
    "version_1",
    1,
    ("USD",),
    "month",
    (FEE,),
    (PlanPhase("intro", "Intro", 3),),
    PlanTrial(14, True, 3),
    created_on=NOON,
    is_billed_by_customer=True,
)
PLAN_DOCUMENT = {
    "code": "pro",
    "name": "Pro",
    "status": "draft",
    "kind": "plan",
    "group_code": "people",
    "version": VERSION_DOCUMENT,
    "latest_version_id": "version_1",
    "metadata": {"colour": "blue"},
    "tax_behavior": "exclusive",
}
PLAN = Plan(
    "pro",
    "Pro",
    "draft",
    "plan",
    "people",
    VERSION,
    latest_version_id="version_1",
    metadata={"colour": "blue"},
    tax_behavior="exclusive",
)
TABLE_DOCUMENT = {
    "code": "spring",
    "name": "Spring",
    "group_code": "people",
    "is_live": True,
    "heading": "Plans",
    "headings": {"de": "Tarife"},
    "cards": [
        {
            "plan_code": "pro",
            "content": {"display_name": "Pro", "features": ["All"]},
            "translations": {"de": {"display_name": "Profi"}},
            "other_plan_codes": ["pro_yearly"],
        }
    ],
    "default_cadence": "year",
}
TABLE = PricingTable(
    "spring",
    "Spring",
    "people",
    (PricingCard("pro", CardContent("Pro", features=("All",)), {"de": CardContent("Profi")}, ("pro_yearly",)),),
    is_live=True,
    heading="Plans",
    headings={"de": "Tarife"},
    default_cadence="year",
)


def lists(noun, found, document, expected) -> Case:
    """The list of a noun."""
    answer = {**OK, **MORE, noun: [document]}
    return Case(f"{noun}.list", found, ("GET", f"{BILLING}/{noun}"), answer, (expected,), params=ONE_PAGE)


def gives(name, call, sends, member, document, expected, *, body=None, key=None) -> Case:
    """An operation that is answered with one thing."""
    method, path = sends
    answer = {**OK, member: document}
    return Case(name, call, (method, f"{BILLING}/{path}"), answer, expected, body=body, idempotency_key=key)


def deletes(name, call, path) -> Case:
    """An operation that leaves nothing."""
    return Case(name, call, ("DELETE", f"{BILLING}/{path}"), OK, None)


def settings(name, call, method, body=None) -> Case:
    """One use of the billing settings."""
    return gives(name, call, (method, "settings"), "settings", SETTINGS_DOCUMENT, SETTINGS, body=body)


def plan(verb, call, path, *, method="POST", body=None, key=None) -> Case:
    """One use of a plan."""
    return gives(f"plans.{verb}", call, (method, f"plans{path}"), "plan", PLAN_DOCUMENT, PLAN, body=body, key=key)


CATALOG_CASES = [
    settings("billing_settings.get", lambda c: c.billing_settings.get(), "GET"),
    settings(
        "billing_settings.update",
        lambda c: c.billing_settings.update(zone="Europe/Berlin", proration="day"),
        "PATCH",
        {"zone": "Europe/Berlin", "policies": {"proration": "day"}},
    ),
    lists("plan_groups", lambda c: c.plan_groups.list(), GROUP_DOCUMENT, GROUP),
    gives(
        "plan_groups.get",
        lambda c: c.plan_groups.get("people"),
        ("GET", "plan_groups/people"),
        "plan_group",
        GROUP_DOCUMENT,
        GROUP,
    ),
    gives(
        "plan_groups.create",
        lambda c: c.plan_groups.create(code="people", name="People", scope="user", idempotency_key="k"),
        ("POST", "plan_groups"),
        "plan_group",
        GROUP_DOCUMENT,
        GROUP,
        body={"code": "people", "name": "People", "scope": "user", "is_default": False},
        key="k",
    ),
    gives(
        "plan_groups.update",
        lambda c: c.plan_groups.update("people", is_default=True),
        ("PATCH", "plan_groups/people"),
        "plan_group",
        GROUP_DOCUMENT,
        GROUP,
        body={"is_default": True},
    ),
    deletes("plan_groups.delete", lambda c: c.plan_groups.delete("people"), "plan_groups/people"),
    lists("features", lambda c: c.features.list(), FEATURE_DOCUMENT, FEATURE),
    gives(
        "features.get",
        lambda c: c.features.get("ai_tokens"),
        ("GET", "features/ai_tokens"),
        "feature",
        FEATURE_DOCUMENT,
        FEATURE,
    ),
    gives(
        "features.create",
        lambda c: c.features.create(code="ai_tokens", name="Tokens", type="metered", unit_name="token"),
        ("POST", "features"),
        "feature",
        FEATURE_DOCUMENT,
        FEATURE,
        body={"code": "ai_tokens", "name": "Tokens", "type": "metered", "unit_name": "token"},
    ),
    gives(
        "features.update",
        lambda c: c.features.update("ai_tokens", max_units=5),
        ("PATCH", "features/ai_tokens"),
        "feature",
        FEATURE_DOCUMENT,
        FEATURE,
        body={"max_units": 5},
    ),
    deletes("features.delete", lambda c: c.features.delete("ai_tokens"), "features/ai_tokens"),
    Case(
        "plans.list",
        lambda c: c.plans.list(group_code="people", status="draft"),
        ("GET", f"{BILLING}/plans"),
        {**OK, **MORE, "plans": [PLAN_DOCUMENT]},
        (PLAN,),
        params={**ONE_PAGE, "group_code": "people", "status": "draft"},
    ),
    plan("get", lambda c: c.plans.get("pro"), "/pro", method="GET"),
    plan(
        "create",
        lambda c: c.plans.create(
            code="pro",
            name="Pro",
            group_code="people",
            components=[FEE_DOCUMENT],
            cadence="month",
            trial={"days": 14},
            metadata={"colour": "blue"},
            idempotency_key="k",
        ),
        "",
        body={
            "code": "pro",
            "name": "Pro",
            "group_code": "people",
            "kind": "plan",
            "version": {"components": [FEE_DOCUMENT], "cadence": "month", "trial": {"days": 14}},
            "metadata": {"colour": "blue"},
        },
        key="k",
    ),
    plan(
        "update",
        lambda c: c.plans.update("pro", new_code="pro_2", lookup_key="best"),
        "/pro",
        method="PATCH",
        body={"code": "pro_2", "lookup_key": "best"},
    ),
    plan("publish", lambda c: c.plans.publish("pro"), "/pro/publish"),
    plan("archive", lambda c: c.plans.archive("pro"), "/pro/archive"),
    plan("make_live", lambda c: c.plans.make_live("pro", 2), "/pro/live", body={"version": 2}),
    Case(
        "plans.versions",
        lambda c: c.plans.versions("pro"),
        ("GET", f"{BILLING}/plans/pro/versions"),
        {**OK, "versions": [VERSION_DOCUMENT]},
        (VERSION,),
    ),
    gives(
        "plans.create_version",
        lambda c: c.plans.create_version("pro", components=[FEE_DOCUMENT], alignment="calendar"),
        ("POST", "plans/pro/versions"),
        "version",
        VERSION_DOCUMENT,
        VERSION,
        body={"components": [FEE_DOCUMENT], "cadence": "month", "alignment": "calendar"},
    ),
    gives(
        "plans.migrate",
        lambda c: c.plans.migrate("pro", to_version=2, dry_run=True, from_version=1, timing="now", limit=10),
        ("POST", "plans/pro/migrations"),
        "migration",
        {
            "plan_code": "pro",
            "to_version": 2,
            "is_dry_run": True,
            "next_cursor": "agreement_1",
            "moves": [
                {
                    "agreement_id": "agreement_1",
                    "customer_id": "customer_1",
                    "from_version": 1,
                    "outcome": "planned",
                    "currency": "USD",
                    "next_charge_on": "2026-11-21T12:00:00Z",
                    "charge_before_minor": 2_900,
                    "charge_after_minor": 3_900,
                }
            ],
        },
        Migration(
            "pro",
            2,
            True,
            (MigratedAgreement("agreement_1", "customer_1", 1, "planned", NOON, "USD", 2_900, 3_900),),
            "agreement_1",
        ),
        body={"to_version": 2, "dry_run": True, "limit": 10, "from_version": 1, "timing": "now"},
    ),
    lists("pricing_tables", lambda c: c.pricing_tables.list(), TABLE_DOCUMENT, TABLE),
    gives(
        "pricing_tables.get",
        lambda c: c.pricing_tables.get("spring"),
        ("GET", "pricing_tables/spring"),
        "pricing_table",
        TABLE_DOCUMENT,
        TABLE,
    ),
    gives(
        "plan_groups.reorder",
        lambda c: c.plan_groups.reorder(["teams", "people"]),
        ("POST", "plan_group_order"),
        "plan_groups",
        [],
        None,
        body={"codes": ["teams", "people"]},
    ),
    gives(
        "plan_groups.reorder_plans",
        lambda c: c.plan_groups.reorder_plans("people", ["pro", "free"]),
        ("POST", "plan_groups/people/plan_order"),
        "plan_codes",
        ["pro", "free"],
        None,
        body={"codes": ["pro", "free"]},
    ),
    gives(
        "pricing_tables.create",
        lambda c: c.pricing_tables.create(code="spring", group_code="people", cards=TABLE.cards, headings={"de": "T"}),
        ("POST", "pricing_tables"),
        "pricing_table",
        TABLE_DOCUMENT,
        TABLE,
        body={
            "code": "spring",
            "group_code": "people",
            "cards": TABLE_DOCUMENT["cards"],
            "headings": {"de": "T"},
        },
    ),
    gives(
        "pricing_tables.create",
        lambda c: c.pricing_tables.create(code="spring", group_code="people", cards=TABLE_DOCUMENT["cards"]),
        ("POST", "pricing_tables"),
        "pricing_table",
        TABLE_DOCUMENT,
        TABLE,
        body={"code": "spring", "group_code": "people", "cards": TABLE_DOCUMENT["cards"]},
    ),
    gives(
        "pricing_tables.create",
        lambda c: c.pricing_tables.create(code="spring", group_code="people", cards=[{"plan_code": "pro"}]),
        ("POST", "pricing_tables"),
        "pricing_table",
        TABLE_DOCUMENT,
        TABLE,
        body={"code": "spring", "group_code": "people", "cards": [{"plan_code": "pro"}]},
    ),
    gives(
        "pricing_tables.update",
        lambda c: c.pricing_tables.update("spring", is_live=True, cards=[], default_cadence=""),
        ("PATCH", "pricing_tables/spring"),
        "pricing_table",
        TABLE_DOCUMENT,
        TABLE,
        body={"is_live": True, "cards": [], "default_cadence": ""},
    ),
    deletes("pricing_tables.delete", lambda c: c.pricing_tables.delete("spring"), "pricing_tables/spring"),
]
