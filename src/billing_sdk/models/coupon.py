"""Coupons: discounts that somebody can ask for by a code (extension of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.errors import InvalidAmount, UnsafeAnswer
from billing_sdk.models._read import Document
from billing_sdk.money import Money


@dataclass(frozen=True, slots=True)
class Coupon:
    """A discount and the conditions of its use; it never changes, but for being archived.

    Attributes:
        percent_off: from 0 to 100; None where an amount is taken off.
        amount_off: one amount for each currency that the coupon is good for.
        duration: `once`, `repeating` for `periods` billing periods, or `forever`.
        redeem_by: the instant from which it can't be redeemed any more.
        max_redemptions: how often it can be, by all customers together.
        redeemed: how often it has been.
        plan_codes: the plans that it is for; empty means all.
        archived_on: since when it can't be redeemed, whatever else holds.
    """

    code: str
    name: str
    percent_off: Decimal | None
    amount_off: tuple[Money, ...]
    duration: str
    periods: int | None = None
    redeem_by: datetime | None = None
    max_redemptions: int | None = None
    redeemed: int = 0
    plan_codes: tuple[str, ...] = ()
    archived_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> Coupon:
        """Read one coupon."""
        document = Document(data, "coupon")
        return cls(
            code=document.text("code"),
            name=document.text_or_none("name") or "",
            percent_off=document.exact_or_none("percent_off"),
            amount_off=document.objects("amount_off", read_money),
            duration=document.text("duration"),
            periods=document.whole_or_none("periods"),
            redeem_by=document.instant_or_none("redeem_by"),
            max_redemptions=document.whole_or_none("max_redemptions"),
            redeemed=document.whole_or_none("redeemed") or 0,
            plan_codes=document.texts("plan_codes"),
            archived_on=document.instant_or_none("archived_on"),
        )


def read_money(data: Any) -> Money:
    """Read an amount: `amount_minor` in minor units, and its `currency`."""
    document = Document(data, "amount")
    minor = document.whole_or_none("amount_minor")
    try:
        return Money(0 if minor is None else minor, document.text("currency"))
    except InvalidAmount as error:
        raise UnsafeAnswer(str(error)) from None
