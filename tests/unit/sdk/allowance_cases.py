"""One use of every operation on allowances."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk import (
    AllowanceBalance,
    AllowanceGrant,
    AllowanceHistory,
    AllowanceSegment,
    AllowanceShare,
    AllowanceWindow,
    UsageThresholds,
)
from tests.unit.sdk.catalog_cases import BILLING, NOON, gives
from tests.unit.sdk.operation_cases import OK, Case

WIRE_NOON = "2026-11-21T12:00:00Z"
CUSTOMER = "customers/customer_1"
GRANT_DOCUMENT = {
    "id": "allowance_1",
    "customer_id": "customer_1",
    "feature_code": "ai_tokens",
    "name": "Welcome",
    "amount": "500",
    "priority": 10,
    "effective_on": WIRE_NOON,
    "expires_on": None,
    "recurrence": "month",
    "recurrence_anchor": None,
    "min_rollover": "0",
    "max_rollover": "12.5",
    "status": "active",
    "created_on": WIRE_NOON,
    "voided_on": None,
}
GRANT = AllowanceGrant(
    id="allowance_1",
    customer_id="customer_1",
    feature_key="ai_tokens",
    amount=Decimal(500),
    name="Welcome",
    priority=10,
    effective_on=NOON,
    recurrence="month",
    max_rollover=Decimal("12.5"),
    created_on=NOON,
)
SHARE_DOCUMENT = {"allowance_id": "allowance_1", "amount": "12.5"}
SHARE = AllowanceShare("allowance_1", Decimal("12.5"))
BALANCE_DOCUMENT = {
    "feature_code": "ai_tokens",
    "agreement_id": "agreement_1",
    "has_access": True,
    "is_soft": False,
    "limit": "100",
    "used": "80",
    "held": "7.5",
    "remaining": "12.5",
    "overage": "0",
    "period_start": WIRE_NOON,
    "resets_on": WIRE_NOON,
    "balances": [{"allowance_id": None, "amount": "0"}, SHARE_DOCUMENT],
}
BALANCE = AllowanceBalance(
    feature_key="ai_tokens",
    agreement_id="agreement_1",
    has_access=True,
    is_soft=False,
    limit=Decimal(100),
    used=Decimal(80),
    held=Decimal("7.5"),
    remaining=Decimal("12.5"),
    overage=Decimal(0),
    period_start=NOON,
    resets_on=NOON,
    balances=(AllowanceShare(None, Decimal(0)), SHARE),
)
WINDOW_DOCUMENT = {"start": WIRE_NOON, "end": WIRE_NOON, "usage": "80", "balance_at_start": None}
SEGMENT_DOCUMENT = {
    "start": WIRE_NOON,
    "end": WIRE_NOON,
    "usage": "80",
    "overage_at_start": "0",
    "overage_at_end": "1",
    "balances_at_start": [SHARE_DOCUMENT],
    "balances_at_end": [],
    "burnt": [SHARE_DOCUMENT],
}
HISTORY = AllowanceHistory(
    windows=(AllowanceWindow(NOON, NOON, Decimal(80), None),),
    segments=(AllowanceSegment(NOON, NOON, Decimal(80), Decimal(0), Decimal(1), (SHARE,), (), (SHARE,)),),
)
THRESHOLDS_DOCUMENT = {"feature_code": "ai_tokens", "thresholds": ["80%", "5000"]}
THRESHOLDS = UsageThresholds("ai_tokens", ("80%", "5000"))


ALLOWANCE_CASES: list[Case] = [
    Case(
        "allowances.list",
        lambda c: c.allowances.list("customer_1", feature_code="ai_tokens"),
        ("GET", f"{BILLING}/{CUSTOMER}/allowances"),
        {**OK, "has_more": False, "allowances": [GRANT_DOCUMENT]},
        (GRANT,),
        params={"page_size": "100", "feature_code": "ai_tokens"},
    ),
    gives(
        "allowances.get",
        lambda c: c.allowances.get("customer_1", "allowance_1"),
        ("GET", f"{CUSTOMER}/allowances/allowance_1"),
        "allowance",
        GRANT_DOCUMENT,
        GRANT,
    ),
    gives(
        "allowances.grant",
        lambda c: c.allowances.grant(
            customer_id="customer_1",
            feature_code="ai_tokens",
            amount=500,
            name="Welcome",
            priority=10,
            effective_on=NOON,
            expires_on=NOON,
            recurrence="month",
            recurrence_anchor=NOON,
            max_rollover=Decimal("12.50"),
        ),
        ("POST", f"{CUSTOMER}/allowances"),
        "allowance",
        GRANT_DOCUMENT,
        GRANT,
        body={
            "feature_code": "ai_tokens",
            "amount": "500",
            "name": "Welcome",
            "priority": 10,
            "min_rollover": "0",
            "effective_on": WIRE_NOON,
            "expires_on": WIRE_NOON,
            "recurrence": "month",
            "recurrence_anchor": WIRE_NOON,
            "max_rollover": "12.5",
        },
    ),
    gives(
        "allowances.void",
        lambda c: c.allowances.void("customer_1", "allowance_1"),
        ("POST", f"{CUSTOMER}/allowances/allowance_1/void"),
        "allowance",
        GRANT_DOCUMENT,
        GRANT,
    ),
    Case(
        "allowances.balances",
        lambda c: c.allowances.balances("customer_1"),
        ("GET", f"{BILLING}/{CUSTOMER}/balances"),
        {**OK, "balances": [BALANCE_DOCUMENT]},
        (BALANCE,),
    ),
    Case(
        "allowances.history",
        lambda c: c.allowances.history("customer_1", "ai_tokens", since=NOON, window="hour"),
        ("GET", f"{BILLING}/{CUSTOMER}/balances/ai_tokens/history"),
        {**OK, "windows": [WINDOW_DOCUMENT], "segments": [SEGMENT_DOCUMENT]},
        HISTORY,
        params={"window": "hour", "since": WIRE_NOON},
    ),
    Case(
        "allowances.thresholds",
        lambda c: c.allowances.thresholds("customer_1"),
        ("GET", f"{BILLING}/{CUSTOMER}/usage_thresholds"),
        {**OK, "usage_thresholds": [THRESHOLDS_DOCUMENT]},
        (THRESHOLDS,),
    ),
    gives(
        "allowances.watch",
        lambda c: c.allowances.watch("customer_1", "ai_tokens", ["80%", "5000"]),
        ("PUT", f"{CUSTOMER}/usage_thresholds/ai_tokens"),
        "usage_thresholds",
        THRESHOLDS_DOCUMENT,
        THRESHOLDS,
        body={"thresholds": ["80%", "5000"]},
    ),
    Case(
        "allowances.unwatch",
        lambda c: c.allowances.unwatch("customer_1", "ai_tokens"),
        ("DELETE", f"{BILLING}/{CUSTOMER}/usage_thresholds/ai_tokens"),
        OK,
        None,
    ),
]
