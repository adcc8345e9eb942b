"""Redeem a coupon, in the transaction of whatever the discount is agreed with.

A coupon that is to come with a planned change of plan is redeemed when the change is planned, in the name of what is
planned for the present agreement; once the change is made, it is redeemed in the name of the new agreement instead.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import CouponEnded
from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement
from billing_sdk.server.domain.catalog import Coupon
from billing_sdk.server.storage import UnitOfWork


def redeem_coupon(
    tx: UnitOfWork,
    coupon_key: str,
    *,
    customer_id: str,
    agreement_id: str,
    plan_keys: Collection[str],
    currency: str,
    at: datetime,
) -> AgreedDiscount:
    """Count one redemption, and return what the agreement keeps of it.

    Where the agreement does not come about, because its first charge is refused, `release_redemptions` undoes it.

    Args:
        tx: the transaction.
        coupon_key: as somebody typed it.
        customer_id: who redeems it.
        agreement_id: what it counts for.
        plan_keys: the plan of the agreement, and its add-ons.
        currency: what the agreement is billed in.
        at: the present of the customer.

    Raises:
        UnknownCoupon: no coupon has this key.
        CouponEnded: it is archived, its last day is over, or it was redeemed as often as it may be.
        CouponMismatch: it is not for these plans, or takes nothing off in this currency.
        Conflict: it counts for this agreement already.
    """
    coupon = tx.coupons.get(coupon_key)
    coupon.check(plan_keys=plan_keys, currency=currency, at=at)
    if not tx.coupons.redeem(coupon.key, customer_id=customer_id, agreement_id=agreement_id, at=at):
        raise CouponEnded(f"the coupon {coupon.key!r} has just been redeemed for the last time", coupon=coupon.key)
    return discount_of(coupon, currency)


def discount_of(coupon: Coupon, currency: str) -> AgreedDiscount:
    """Return what an agreement in a currency keeps of a coupon.

    Raises:
        CouponMismatch: it takes amounts off, and none in this currency.
    """
    return AgreedDiscount(
        coupon_key=coupon.key,
        percent_off=coupon.percent_off,
        amount_off=coupon.amount_in(currency),
        periods_left=coupon.periods_left,
        plan_keys=coupon.plan_keys,
    )


def available_coupon(tx: UnitOfWork, coupon_key: str, agreement: Agreement | None) -> Coupon:
    """Return a coupon as it is for whoever has a live agreement: what is kept for its own planned change is available.

    Raises:
        UnknownCoupon: no coupon has this key.
    """
    coupon = tx.coupons.get(coupon_key)
    pending = agreement.pending_change if agreement is not None else None
    is_kept = pending is not None and pending.coupon_key == coupon.key
    return replace(coupon, redeemed=max(coupon.redeemed - 1, 0)) if is_kept else coupon


def name_of_plan(agreement_id: str) -> str:
    """Return in whose name a coupon is redeemed that comes with what is planned for an agreement."""
    return f"planned_{agreement_id}"


def release_planned(tx: UnitOfWork, agreement_id: str) -> None:
    """Give back what was redeemed for what was planned for an agreement."""
    release_redemptions(tx, name_of_plan(agreement_id))


def release_redemptions(tx: UnitOfWork, agreement_id: str) -> None:
    """Give back what an agreement has redeemed that has not come about."""
    tx.coupons.give_back(agreement_id)
