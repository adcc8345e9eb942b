"""Apply a coupon to an agreement that is under way, and take a discount off it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import Conflict, UnknownCoupon
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_update
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.redeem_coupon import redeem_coupon

MOST_DISCOUNTS = 10


def apply_coupon(
    engine: Engine,
    *,
    agreement_id: str,
    coupon_key: str,
    source: EventSource = "user",
    actor: str | None = None,
) -> Agreement:
    """Redeem a coupon for an agreement; it counts from the next invoice on, and nothing is charged now.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended.
        UnknownCoupon: no coupon has this key.
        CouponEnded: it is archived, its last day is over, or it was redeemed as often as it may be.
        CouponMismatch: it is not for this plan or its add-ons, or takes nothing off in the agreement's currency.
        Conflict: it counts for this agreement already, there are ten discounts, or a change is under way.
    """
    actor = actor or source
    denials = recording_denials(engine, actor=actor, action="agreement.discount", subject=agreement_id)
    with denials, engine.begin() as tx:
        customer, before = hold_agreement(tx, agreement_id)
        if any(discount.coupon_key == coupon_key for discount in before.discounts):
            # It may have come from the agreement before this one, so that no redemption of this one tells of it.
            raise Conflict(f"the coupon {coupon_key!r} counts for this agreement already", remedy="Use another coupon.")
        if len(before.discounts) >= MOST_DISCOUNTS:
            raise Conflict(f"the agreement has {MOST_DISCOUNTS} discounts", remedy="Remove one first.")
        at = engine.now_for(tx, customer)
        discount = redeem_coupon(
            tx,
            coupon_key,
            customer_id=customer.id,
            agreement_id=before.id,
            plan_keys=[before.plan_key, *(add_on.plan_key for add_on in before.add_ons)],
            currency=before.currency,
            at=at,
        )
        after = replace(before, discounts=(*before.discounts, discount))
        return _keep(tx, customer, before, after, source=source, actor=actor, at=at)


def remove_discount(
    engine: Engine,
    *,
    agreement_id: str,
    coupon_key: str,
    source: EventSource = "user",
    actor: str | None = None,
) -> Agreement:
    """Let a discount count no more, from the next invoice on; its redemption stays counted.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended.
        UnknownCoupon: the agreement has no discount of this coupon.
        Conflict: a change of the customer's plan is under way.
    """
    actor = actor or source
    denials = recording_denials(engine, actor=actor, action="agreement.discount", subject=agreement_id)
    with denials, engine.begin() as tx:
        customer, before = hold_agreement(tx, agreement_id)
        left = tuple(discount for discount in before.discounts if discount.coupon_key != coupon_key)
        if left == before.discounts:
            raise UnknownCoupon(f"the agreement has no discount of {coupon_key[:64]!r}", coupon=coupon_key[:64])
        after, at = replace(before, discounts=left), engine.now_for(tx, customer)
        return _keep(tx, customer, before, after, source=source, actor=actor, at=at)


def _keep(
    tx: UnitOfWork,
    customer: Customer,
    before: Agreement,
    after: Agreement,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> Agreement:
    tx.agreements.save(after)
    tx.audit.record(actor, "agreement.discount", after.id, at, before=before, after=after)
    announce_update(tx, before, after, customer=customer, source=source, at=at)
    return after
