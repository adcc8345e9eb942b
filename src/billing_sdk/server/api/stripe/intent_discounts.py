"""What actions apply to a cadence, and remove from it: discount rules; why coupons and spend modifiers are refused.

What is wrong in itself with what is refused anyway is said first, with its own code.
Source: Stripe API reference, Billing intents and its errors.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from billing_sdk.errors import BillingError, CouponEnded, CouponMismatch, NotFound
from billing_sdk.server.api.stripe.ids import ours, unknown
from billing_sdk.server.api.stripe.intent_bodies import ApplyBody, RemoveBody, SpendModifierRule
from billing_sdk.server.api.stripe.intent_place import Place, effective_at_of
from billing_sdk.server.domain.agreements import ApplyDiscount, RemoveDiscount
from billing_sdk.server.domain.catalog import Coupon
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork

HUNDRED: Final = Decimal(100)


def apply_of(tx: UnitOfWork, body: ApplyBody, place: Place, *, currency: str, at: datetime) -> ApplyDiscount:
    """Return what is put on a cadence.

    Args:
        tx: the transaction.
        body: what was sent.
        place: where it was sent.
        currency: of the intent.
        at: the present, for coupons that have ended.

    Raises:
        BillingError: it can't be put on a cadence.
    """
    effective_at = effective_at_of(body.effective_at, "apply", place)
    if body.type == "spend_modifier_rule":
        raise _refused_modifier(tx, body.spend_modifier_rule, place)
    if body.type == "discount":
        raise _refused_discount(tx, body, place, currency=currency, at=at)
    rule = body.invoice_discount_rule
    if rule is None or rule.percent_off is None:
        raise place.refused(
            "missing_discount_function", "The rule takes nothing off", "invoice_discount_rule.percent_off"
        )
    percent = rule.percent_off.percent_off
    if not 0 < percent <= HUNDRED:
        raise place.refused(
            "invalid_discount_percent_off",
            "It is above 0 and at most 100",
            "invoice_discount_rule.percent_off.percent_off",
        )
    return ApplyDiscount(new_id("discountrule"), percent, effective_at)


def remove_of(body: RemoveBody, place: Place) -> RemoveDiscount:
    """Return what is taken off a cadence.

    Raises:
        BillingError: nothing is named that can be on one.
    """
    effective_at = effective_at_of(body.effective_at, "remove", place)
    if body.type == "spend_modifier_rule" and body.spend_modifier_rule is not None:
        detail = f"No such spend modifier: '{body.spend_modifier_rule[:80]}'"
        raise place.refused("spend_modifier_not_found", detail, "spend_modifier_rule", status=404)
    if body.invoice_discount_rule is None:
        raise place.refused("parameter_missing", "The rule is missing", body.type)
    try:
        rule_id = ours("invoice_discount_rule", body.invoice_discount_rule)
    except NotFound as error:
        raise place.refused("discount_not_found", error.detail, "invoice_discount_rule", status=404) from None
    return RemoveDiscount(rule_id, effective_at)


def _refused_discount(tx: UnitOfWork, body: ApplyBody, place: Place, *, currency: str, at: datetime) -> BillingError:
    """Return why a coupon or its code can't be put on a cadence: coupons are of plans here, and have no codes."""
    given = body.discount
    if given is None or (given.coupon if given.type == "coupon" else given.promotion_code) is None:
        return place.refused("missing_discount_function", "The discount is missing", "discount")
    if given.type == "promotion_code":
        detail = f"No such promotion code: '{given.promotion_code}'"
        return place.refused("promotion_code_not_found", detail, "discount.promotion_code", status=404)
    try:
        coupon = tx.coupons.get(given.coupon or "")
        coupon.check(plan_keys=coupon.plan_keys, currency=currency, at=at)
    except NotFound:
        detail = f"No such coupon: '{given.coupon}'"
        return place.refused("coupon_not_found", detail, "discount.coupon", status=404)
    except (CouponEnded, CouponMismatch) as error:
        return place.refused("coupon_not_redeemable", error.detail, "discount.coupon")
    return _of_plans(coupon, place)


def _of_plans(coupon: Coupon, place: Place) -> BillingError:
    if coupon.duration != "forever":
        detail = f"A discount of a cadence counts until it is removed, and the coupon's duration is {coupon.duration}"
        return place.refused("unsupported_coupon_duration", detail, "discount.coupon")
    detail = "A coupon is for plans, and not for a cadence; use an invoice discount rule"
    return place.refused("unsupported_coupon_type", detail, "discount.coupon")


def _refused_modifier(tx: UnitOfWork, rule: SpendModifierRule | None, place: Place) -> BillingError:
    """Return why nothing limits what a cadence spends: what is wrong with the limit, or that there are none here."""
    limit = None if rule is None else rule.max_billing_period_spend
    param = "spend_modifier_rule.max_billing_period_spend"
    if limit is not None:
        unit = limit.amount.custom_pricing_unit
        if unit is not None and unit.id is not None:
            where = place.of(param, "amount.custom_pricing_unit.id")
            unit_id = ours("custom_pricing_unit", unit.id, param=where)
            if not tx.custom_units.find_all([unit_id]):
                return unknown("custom_pricing_unit", unit.id, param=where)
        if unit is None or unit.value <= 0:
            return place.refused("invalid_max_spend_amount", "It is more than nothing", f"{param}.amount")
        named = limit.custom_pricing_unit_overage_rate.id
        if not _is_overage_rate(tx, named):
            detail = f"No such overage rate: '{named[:80]}'"
            where = f"{param}.custom_pricing_unit_overage_rate.id"
            return place.refused("invalid_custom_pricing_unit_overage_rate", detail, where)
    return place.refused("unsupported_action", "There are no spend modifier rules here", "spend_modifier_rule")


def _is_overage_rate(tx: UnitOfWork, text: str) -> bool:
    try:
        return tx.custom_units.has_overage_rate(ours("custom_pricing_unit_overage_rate", text))
    except NotFound:
        return False
