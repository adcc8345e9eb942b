"""Create a coupon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from billing_sdk.errors import UnknownPlan
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Coupon, CouponDuration
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.usecases.engine import Engine


def create_coupon(
    engine: Engine,
    *,
    key: str,
    name: str,
    percent_off: Decimal | None = None,
    amount_off: Sequence[Money] = (),
    duration: CouponDuration = "once",
    periods: int | None = None,
    redeem_by: datetime | None = None,
    max_redemptions: int | None = None,
    plan_keys: Sequence[str] = (),
    actor: str = "api",
) -> Coupon:
    """Offer a discount to whoever knows its key; what it takes off never changes afterwards.

    Args:
        engine: the engine.
        key: what somebody types, 1 to 100 letters, digits, `_`, `.` and `-`.
        name: what an invoice calls it.
        percent_off: more than 0, up to 100, with four decimals at most.
        amount_off: in place of a percentage, one amount for each currency.
        duration: for one billing period, for `periods` of them, or as long as an agreement lasts.
        periods: how many, where the duration is `repeating`.
        redeem_by: the instant from which it can't be redeemed any more.
        max_redemptions: how often it can be, by all customers together.
        plan_keys: the plans and add-ons that it is for; all of them where none is named.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: something about it makes no sense; the detail says what.
        InvalidAmount: the percentage or an amount is out of its bounds.
        UnknownPlan: there is no plan with one of the keys.
        Conflict: there is a coupon with this key already.
    """
    coupon = Coupon(
        key=key,
        name=checked_name(name),
        percent_off=percent_off,
        amount_off=tuple(amount_off),
        duration=duration,
        created_at=engine.now(),
        periods=periods,
        redeem_by=redeem_by,
        max_redemptions=max_redemptions,
        plan_keys=tuple(dict.fromkeys(plan_keys)),
    )
    with engine.begin() as tx:
        known = {plan.key for plan in tx.catalog.list_plans(coupon.plan_keys)} if coupon.plan_keys else set()
        for missing in sorted(set(coupon.plan_keys) - known):
            raise UnknownPlan(f"there is no plan {missing[:64]!r}", plan=missing[:64])
        tx.coupons.add(coupon)
        tx.audit.record(actor, "coupon.create", coupon.key, coupon.created_at, after=coupon)
    return coupon


def archive_coupon(engine: Engine, *, key: str, actor: str = "api") -> Coupon:
    """Let a coupon be redeemed no more; who has redeemed it keeps the discount. One that is archived stays so.

    Raises:
        UnknownCoupon: there is none with this key.
    """
    at = engine.now()
    with engine.begin() as tx:
        before = tx.coupons.get(key)
        if before.archived_at is not None:
            return before
        tx.coupons.archive(key, at)
        coupon = tx.coupons.get(key)
        tx.audit.record(actor, "coupon.archive", key, at, before=before, after=coupon)
    return coupon
