"""Entitlements of subjects and customers, beside all plans and with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.openmeter.conftest import Door

MONTHLY = {"interval": "MONTH"}
LONG_AGO = "2026-01-01T00:00:00Z"


def metered(door: Door, customer: str, feature: str, **fields: Any) -> str:
    """Entitle a customer to units of a feature in each month, and return where that is."""
    body = {"type": "metered", "featureKey": feature, "usagePeriod": MONTHLY, "issueAfterReset": 100, **fields}
    door.made(f"/api/v2/customers/{customer}/entitlements", body)
    return f"/api/v2/customers/{customer}/entitlements/{feature}"


def balance(door: Door, path: str) -> tuple[bool, float, float, float]:
    """Return whether something may be used, what is left, what was used, and what of that nothing covers."""
    told = door.got(f"{path}/value")
    return told["hasAccess"], told["balance"], told["usage"], told["overage"]


def grant(amount: float, **fields: Any) -> dict[str, Any]:
    usual = {"effectiveAt": datetime.now(UTC).isoformat(), "expiration": {"duration": "YEAR", "count": 1}}
    return {"amount": amount, **usual, **fields}


def test_a_customer_without_a_plan_may_use_what_is_issued_and_what_is_granted(door: Door) -> None:
    customer, feature = door.customer(), door.metered()
    path = metered(door, customer, feature)
    door.use(feature, f"{customer}-app", 30)
    assert balance(door, path) == (True, 70, 30, 0)
    made = door.made(f"{path}/grants", grant(50.5, priority=5, metadata={"why": "promised"}))
    assert (made["amount"], made["priority"], made["expiration"]) == (50.5, 5, {"duration": "YEAR", "count": 1})
    door.use(feature, f"{customer}-app", 110)
    assert balance(door, path) == (True, 10.5, 140, 0)
    door.use(feature, f"{customer}-app", 20)
    assert balance(door, path) == (False, 0, 160, 9.5)
    assert door.got(f"/api/v1/customers/{customer}/entitlements/{feature}/value")["hasAccess"] is False
    assert door.got(f"{path}/grants")["items"] == [made]
    assert door.send("DELETE", f"/api/v1/grants/{made['id']}") == (204, None)
    assert door.got(f"{path}/grants")["items"] == []
    assert [one["id"] for one in door.got(f"{path}/grants?includeDeleted=true")["items"]] == [made["id"]]


def test_an_entitlement_is_shown_as_it_was_sent(door: Door) -> None:
    customer, feature = door.customer(), door.metered()
    fields = {"isSoftLimit": True, "preserveOverageAtReset": True, "metadata": {"tier": "gold"}}
    path = metered(door, customer, feature, usagePeriod={"interval": "P3M", "anchor": LONG_AGO}, **fields)
    shown = door.got(path)
    assert {name: shown[name] for name in fields} == fields
    assert (shown["usagePeriod"], shown["issueAfterReset"], shown["customerKey"]) == (
        {"interval": "P3M", "intervalISO": "P3M", "anchor": LONG_AGO},
        100,
        customer,
    )
    assert door.got(f"/api/v2/customers/{customer}/entitlements/{shown['id']}") == shown
    listed = door.got(f"/api/v2/customers/{customer}/entitlements")
    assert (listed["items"], listed["totalCount"]) == ([shown], 1)


def test_a_soft_limit_and_none_refuse_nothing(door: Door) -> None:
    customer, soft, free = door.customer(), door.metered(), door.metered()
    paths = metered(door, customer, soft, isSoftLimit=True), metered(door, customer, free, isUnlimited=True)
    for feature in (soft, free):
        door.use(feature, f"{customer}-app", 150)
    assert balance(door, paths[0]) == (True, 0, 150, 50)
    told = door.got(f"{paths[1]}/value")
    assert (told["hasAccess"], told["usage"], "balance" in told) == (True, 150, False)


def test_a_reset_begins_a_usage_period_and_keeps_overage_where_it_is_asked_to(door: Door) -> None:
    customer, feature = door.customer(), door.metered()
    path = metered(door, customer, feature)
    door.use(feature, f"{customer}-app", 120)
    assert door.send("POST", f"{path}/reset", {"preserveOverage": True})[0] == 204
    assert balance(door, path) == (True, 80, 0, 0)
    assert door.send("POST", f"{path}/reset", {"retainAnchor": True})[0] == 204
    assert balance(door, path) == (True, 100, 0, 0)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert door.send("POST", f"{path}/reset", {"effectiveAt": tomorrow})[0] == 400
    assert door.send("POST", f"{path}/reset", {"effectiveAt": LONG_AGO})[0] == 400


def test_the_history_tells_how_the_balance_came_about(door: Door) -> None:
    customer, feature = door.customer(), door.metered()
    path = metered(door, customer, feature, measureUsageFrom="2020-01-01T00:00:00Z")
    door.use(feature, f"{customer}-app", 30)
    told = door.got(f"{path}/history?windowSize=DAY")
    assert sum(one["usage"] for one in told["windowedHistory"]) == 30
    assert told["windowedHistory"][0]["balanceAtStart"] == 100
    last = told["burndownHistory"][-1]
    assert (last["balanceAtEnd"], last["overage"]) == (70, 0)
    assert sum(one["usage"] for one in last["grantUsages"]) == last["usage"]
    for query in ("windowSize=MINUTE", "windowSize=HOUR&from=2020-01-01T00:00:00Z", "windowSize=DAY&from=x"):
        assert door.send("GET", f"{path}/history?{query}")[0] == 400


def test_a_subject_of_nobody_becomes_a_customer_when_it_is_entitled_to_something(door: Door) -> None:
    subject, feature = door.name("device"), door.metered()
    door.made("/api/v1/subjects", [{"key": subject, "displayName": "Device"}], 200)
    path = f"/api/v1/subjects/{subject}/entitlements"
    assert door.send("GET", path)[0] == 404
    body = {"type": "metered", "featureKey": feature, "usagePeriod": MONTHLY, "issueAfterReset": 5}
    made = door.made(path, body)
    assert made["subjectKey"] == subject
    door.use(feature, subject, 2)
    assert balance(door, f"{path}/{made['id']}") == (True, 3, 2, 0)
    assert door.got(path) == [made]
    assert door.got(f"/api/v1/customers/{subject}")["name"] == "Device"
    assert door.send("PUT", f"{path}/{feature}/override", {**body, "issueAfterReset": 7})[0] == 201
    # Use is measured from when the other one was made.
    assert balance(door, f"{path}/{feature}") == (True, 7, 0, 0)
    assert door.send("DELETE", f"{path}/{feature}") == (204, None)
    assert door.send("GET", f"{path}/{feature}/value")[0] == 404


def test_values_and_switches_are_entitlements_too(door: Door) -> None:
    customer = door.customer()
    every = f"/api/v2/customers/{customer}/entitlements"
    for key in ("switch", "value"):
        door.send("POST", "/api/v1/features", {"key": key, "name": key})
    door.made(every, {"type": "boolean", "featureKey": "switch"})
    door.made(every, {"type": "static", "featureKey": "value", "config": '{"seats": 5}'})
    assert door.got(f"{every}/switch/value") == {"hasAccess": True}
    assert door.got(f"{every}/value/value") == {"hasAccess": True, "config": '{"seats": 5}'}
    access = door.got(f"/api/v1/customers/{customer}/access")["entitlements"]
    assert access == {"switch": {"hasAccess": True}, "value": {"hasAccess": True, "config": '{"seats": 5}'}}
    assert door.send("POST", f"{every}/switch/reset", {})[0] == 400
    assert door.send("GET", f"{every}/switch/history?windowSize=DAY")[0] == 400


def test_what_a_plan_includes_is_granted_to_and_told_but_not_reset(door: Door) -> None:
    customer = door.customer()
    customer_id = id_from_ulid("customer", door.got(f"/api/v1/customers/{customer}")["id"])
    subscribe(door.engine, customer_id=customer_id, plan_key="team_free")
    path = f"/api/v2/customers/{customer}/entitlements/ai_tokens"
    assert balance(door, path) == (True, 5_000, 0, 0)
    made = door.made(f"{path}/grants", grant(100))
    assert made["entitlementId"] == "ai_tokens"
    assert balance(door, path)[1] == 5_100
    assert door.got(f"{path}/history?windowSize=DAY")["burndownHistory"]
    assert door.send("POST", f"{path}/reset", {})[0] == 409


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"usagePeriod": None}, 400),
        ({"usagePeriod": {"interval": "FORTNIGHT"}}, 400),
        ({"usagePeriod": {"interval": "P99Y"}}, 400),
        ({"config": "{}"}, 400),
        ({"issueAfterReset": -1}, 400),
        ({"featureKey": None}, 400),
        ({"featureKey": "nobody_has_it"}, 404),
        ({"featureKey": "sso"}, 400),
        ({"measureUsageFrom": "2090-01-01T00:00:00Z"}, 400),
        ({"measureUsageFrom": "2026-01-01T00:00:00"}, 400),
        ({"type": "magic"}, 400),
        ({"surprise": 1}, 400),
        ({"grants": [{"amount": 1}]}, 400),
    ],
)
def test_an_entitlement_that_makes_no_sense_is_refused(door: Door, fields: dict[str, Any], status: int) -> None:
    customer = door.customer()
    body = {"type": "metered", "featureKey": "ai_tokens", "usagePeriod": MONTHLY, **fields}
    sent = {name: value for name, value in body.items() if value is not None}
    assert door.send("POST", f"/api/v2/customers/{customer}/entitlements", sent)[0] == status
    assert door.got(f"/api/v2/customers/{customer}/entitlements")["items"] == []


def test_a_feature_has_one_entitlement_of_a_customer(door: Door) -> None:
    customer, feature = door.customer(), door.metered()
    metered(door, customer, feature, grants=[grant(5)])
    body = {"type": "metered", "featureKey": feature, "usagePeriod": MONTHLY}
    assert door.send("POST", f"/api/v2/customers/{customer}/entitlements", body)[0] == 409
    other = door.customer()
    shown = door.got(f"/api/v2/customers/{customer}/entitlements/{feature}")
    assert door.send("GET", f"/api/v2/customers/{other}/entitlements/{shown['id']}")[0] == 404
    assert door.send("DELETE", f"/api/v2/customers/{other}/entitlements/{shown['id']}")[0] == 404
    assert balance(door, f"/api/v2/customers/{customer}/entitlements/{shown['id']}") == (True, 105, 0, 0)
