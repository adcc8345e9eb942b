"""One use of every operation on coupons and test clocks."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk import Coupon, Money, TestClock
from tests.unit.sdk.catalog_cases import NOON, deletes, gives, lists

COUPON_DOCUMENT = {
    "code": "SPRING",
    "name": "Spring",
    "percent_off": None,
    "amount_off": [{"amount_minor": 500, "currency": "USD"}],
    "duration": "repeating",
    "periods": 3,
    "redeem_by": "2026-11-21T12:00:00Z",
    "redeemed": 4,
    "plan_codes": ["pro"],
}
COUPON = Coupon("SPRING", "Spring", None, (Money(500, "USD"),), "repeating", 3, NOON, redeemed=4, plan_codes=("pro",))
CLOCK_DOCUMENT = {"id": "clock_1", "name": "Story", "frozen_on": "2026-11-21T12:00:00Z", "status": "ready"}
CLOCK = TestClock("clock_1", "Story", NOON)

COUPON_CASES = [
    lists("coupons", lambda c: c.coupons.list(), COUPON_DOCUMENT, COUPON),
    gives(
        "coupons.get", lambda c: c.coupons.get("SPRING"), ("GET", "coupons/SPRING"), "coupon", COUPON_DOCUMENT, COUPON
    ),
    gives(
        "coupons.create",
        lambda c: c.coupons.create(
            code="SPRING",
            name="Spring",
            amount_off=[Money(500, "USD")],
            duration="repeating",
            periods=3,
            redeem_by=NOON,
            plan_codes=["pro"],
        ),
        ("POST", "coupons"),
        "coupon",
        COUPON_DOCUMENT,
        COUPON,
        body={
            "code": "SPRING",
            "name": "Spring",
            "duration": "repeating",
            "periods": 3,
            "redeem_by": "2026-11-21T12:00:00Z",
            "amount_off": [{"amount_minor": 500, "currency": "USD"}],
            "plan_codes": ["pro"],
        },
    ),
    gives(
        "coupons.create",
        lambda c: c.coupons.create(code="HALF", name="Half", percent_off=Decimal(50)),
        ("POST", "coupons"),
        "coupon",
        {"code": "HALF", "name": "Half", "percent_off": "50", "amount_off": [], "duration": "once"},
        Coupon("HALF", "Half", Decimal(50), (), "once"),
        body={"code": "HALF", "name": "Half", "duration": "once", "percent_off": "50"},
    ),
    gives(
        "coupons.archive",
        lambda c: c.coupons.archive("SPRING"),
        ("POST", "coupons/SPRING/archive"),
        "coupon",
        COUPON_DOCUMENT,
        COUPON,
    ),
    lists("test_clocks", lambda c: c.test_clocks.list(), CLOCK_DOCUMENT, CLOCK),
    gives(
        "test_clocks.get",
        lambda c: c.test_clocks.get("clock_1"),
        ("GET", "test_clocks/clock_1"),
        "test_clock",
        CLOCK_DOCUMENT,
        CLOCK,
    ),
    gives(
        "test_clocks.create",
        lambda c: c.test_clocks.create(frozen_on=NOON, name="Story"),
        ("POST", "test_clocks"),
        "test_clock",
        CLOCK_DOCUMENT,
        CLOCK,
        body={"name": "Story", "frozen_on": "2026-11-21T12:00:00Z"},
    ),
    gives(
        "test_clocks.advance",
        lambda c: c.test_clocks.advance("clock_1", to=NOON, idempotency_key="k"),
        ("POST", "test_clocks/clock_1/advance"),
        "test_clock",
        CLOCK_DOCUMENT,
        CLOCK,
        body={"to": "2026-11-21T12:00:00Z"},
        key="k",
    ),
    deletes("test_clocks.delete", lambda c: c.test_clocks.delete("clock_1"), "test_clocks/clock_1"),
]
