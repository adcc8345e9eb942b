"""Coupons: a discount that somebody can ask for by its key, for a time and for some plans."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from billing_sdk.errors import CouponEnded, CouponMismatch, InvalidAmount, InvalidRequest
from billing_sdk.money import Money

CouponDuration = Literal["once", "repeating", "forever"]
DURATIONS: frozenset[str] = frozenset({"once", "repeating", "forever"})

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
WHOLE = Decimal(100)
MOST_PERIODS = 1_200
MOST_REDEMPTIONS = 10**9
FINEST_PERCENT = -4


@dataclass(frozen=True, slots=True)
class Coupon:
    """A discount and the conditions of its use; it never changes, but for being archived.

    Attributes:
        key: what somebody types, such as `SPRING26`; upper and lower case are different.
        percent_off: more than 0, up to 100, with at most four decimals; None for an amount.
        amount_off: one amount for each currency in which the coupon counts; empty for a percentage.
        duration: for one period, for `periods` of them, or as long as the agreement lasts.
        redeem_by: the instant from which it can't be redeemed any more; what was redeemed goes on.
        max_redemptions: how often it can be redeemed, by all customers together.
        redeemed: how often it has been.
        plan_keys: the plans that it is for; empty for all.
        archived_at: since when it can't be redeemed, whatever else holds.
    """

    key: str
    name: str
    percent_off: Decimal | None
    amount_off: tuple[Money, ...]
    duration: CouponDuration
    created_at: datetime
    periods: int | None = None
    redeem_by: datetime | None = None
    max_redemptions: int | None = None
    redeemed: int = 0
    plan_keys: tuple[str, ...] = ()
    archived_at: datetime | None = None

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.key):
            raise InvalidRequest(
                "a coupon's key is 1 to 100 letters, digits, and `_`, `.` or `-` between them", parameter="key"
            )
        if (self.percent_off is None) == (not self.amount_off):
            raise InvalidRequest("a coupon takes a percentage off, or amounts; not both", parameter="percent_off")
        if self.percent_off is not None:
            _check_percent(self.percent_off)
        _check_amounts(self.amount_off)
        if self.duration not in DURATIONS:
            raise InvalidRequest(f"duration is one of {', '.join(sorted(DURATIONS))}", parameter="duration")
        is_counted = self.periods is not None and 1 <= self.periods <= MOST_PERIODS
        if is_counted != (self.duration == "repeating") or (self.periods is not None and not is_counted):
            raise InvalidRequest(
                f"periods is 1 to {MOST_PERIODS} where the duration is repeating, and absent where it is not",
                parameter="periods",
            )
        if self.max_redemptions is not None and not 1 <= self.max_redemptions <= MOST_REDEMPTIONS:
            raise InvalidRequest(f"max_redemptions is 1 to {MOST_REDEMPTIONS}", parameter="max_redemptions")

    @property
    def periods_left(self) -> int | None:
        """For how many periods it counts once it is redeemed; None for all."""
        return {"once": 1, "repeating": self.periods, "forever": None}[self.duration]

    def amount_in(self, currency: str) -> Money | None:
        """Return what it takes off in a currency; None for a percentage.

        Raises:
            CouponMismatch: it takes amounts off, and none in this currency.
        """
        if self.percent_off is not None:
            return None
        for amount in self.amount_off:
            if amount.currency == currency:
                return amount
        raise CouponMismatch(f"the coupon {self.key!r} takes nothing off in {currency}", coupon=self.key)

    def check(self, *, plan_keys: Collection[str], currency: str, at: datetime) -> None:
        """Let the coupon pass where it can be redeemed now.

        Args:
            plan_keys: the plan of an agreement, and its add-ons; the coupon has to be for one of them.
            currency: what the agreement is billed in.
            at: the present.

        Raises:
            CouponEnded: it is archived, its last day is over, or it was redeemed as often as it may be.
            CouponMismatch: it is not for these plans, or takes nothing off in this currency.
        """
        if self.archived_at is not None:
            raise CouponEnded(f"the coupon {self.key!r} is archived", coupon=self.key)
        if self.redeem_by is not None and at >= self.redeem_by:
            raise CouponEnded(f"the coupon {self.key!r} could be redeemed until {self.redeem_by:%Y-%m-%d %H:%M} UTC")
        if self.max_redemptions is not None and self.redeemed >= self.max_redemptions:
            raise CouponEnded(f"the coupon {self.key!r} was redeemed {self.redeemed} times", coupon=self.key)
        if self.plan_keys and not set(self.plan_keys) & set(plan_keys):
            raise CouponMismatch(f"the coupon {self.key!r} is for other plans", coupon=self.key)
        self.amount_in(currency)


def _check_percent(percent: Decimal) -> None:
    exponent = percent.as_tuple().exponent
    if not isinstance(exponent, int) or not 0 < percent <= WHOLE or exponent < FINEST_PERCENT:
        raise InvalidAmount("percent_off is more than 0 and at most 100, with at most four decimals")


def _check_amounts(amounts: tuple[Money, ...]) -> None:
    currencies = [amount.currency for amount in amounts]
    if len(set(currencies)) != len(currencies):
        raise InvalidRequest("amount_off names a currency twice", parameter="amount_off")
    if any(amount.minor <= 0 for amount in amounts):
        raise InvalidAmount("amount_off is more than zero")
