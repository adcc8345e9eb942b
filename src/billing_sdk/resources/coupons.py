"""Coupons: discounts that somebody can ask for by a code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import Coupon
from billing_sdk.money import Money
from billing_sdk.resources._base import MANAGEMENT, every, given, one, segment, wire_time

PATH = f"{MANAGEMENT}/billing/coupons"
COUPON = one("coupon", Coupon.read)


class Coupons(Resource[C]):
    """Coupons; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self) -> Flow[tuple[Coupon, ...]]:
        """Return every coupon (extension)."""
        return every(PATH, "coupons", Coupon.read)

    @operation
    def get(self, code: str) -> Call[Coupon]:
        """Return one coupon (extension).

        Raises:
            UnknownCoupon: there is none with this code.
        """
        return Call("GET", f"{PATH}/{segment('code', code)}", COUPON, credential="machine")

    @operation
    def create(
        self,
        *,
        code: str,
        name: str,
        percent_off: Decimal | None = None,
        amount_off: Sequence[Money] = (),
        duration: Literal["once", "repeating", "forever"] = "once",
        periods: int | None = None,
        redeem_by: datetime | None = None,
        max_redemptions: int | None = None,
        plan_codes: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Call[Coupon]:
        """Make a coupon, which never changes (extension).

        Args:
            code: what somebody types.
            name: what invoices say.
            percent_off: more than 0, up to 100; or else
            amount_off: one amount for each currency.
            duration: for one billing period, for `periods` of them, or for ever.
            periods: how many, where the duration is `repeating`.
            redeem_by: from when on it can't be redeemed any more.
            max_redemptions: how often it can be, by all customers together.
            plan_codes: the plans and add-ons that it is for; all where none is named.
            idempotency_key: makes the call safe to repeat.

        Raises:
            InvalidRequest: something about it makes no sense; the detail says what.
            UnknownPlan: there is no plan with one of the codes.
            Conflict: the code is taken.
        """
        body: dict[str, Any] = {
            "code": code,
            "name": name,
            "duration": duration,
            **given(
                percent_off=f"{percent_off:f}" if percent_off is not None else None,
                periods=periods,
                redeem_by=wire_time(redeem_by, "redeem_by") if redeem_by is not None else None,
                max_redemptions=max_redemptions,
            ),
        }
        if amount_off:
            body["amount_off"] = [{"amount_minor": amount.minor, "currency": amount.currency} for amount in amount_off]
        if plan_codes:
            body["plan_codes"] = [*plan_codes]
        return Call("POST", PATH, COUPON, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def archive(self, code: str, *, idempotency_key: str | None = None) -> Call[Coupon]:
        """Let nobody redeem a coupon any more; what was redeemed goes on (extension).

        Raises:
            UnknownCoupon: there is none with this code.
        """
        path = f"{PATH}/{segment('code', code)}/archive"
        return Call("POST", path, COUPON, credential="machine", idempotency_key=idempotency_key)
