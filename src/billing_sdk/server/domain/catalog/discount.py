"""How much a discount takes off each of several amounts.

The order is fixed: percentages first, in the order in which they were redeemed, then amounts in theirs. So an amount
off is worth its face value whatever percentage stands beside it, and what is due does not depend on which coupon was
redeemed first. A second percentage is of what the first one has left.

Each discount is rounded once, as a whole, and divided among the amounts by `allocate`, which keeps its sum: ten per
cent of an invoice are ten per cent of its total, to the minor unit. Nothing falls below zero, and an amount that is
below zero already, such as a credit, is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from billing_sdk.errors import CurrencyMismatch
from billing_sdk.money import Money, allocate, round_money, zero

ORDER = "percentages, then amounts"


class Discount(Protocol):
    """What an agreement keeps of a coupon: one of `percent_off` and `amount_off`."""

    @property
    def coupon_key(self) -> str:
        """The coupon that it comes from."""

    @property
    def percent_off(self) -> Decimal | None:
        """More than 0, up to 100."""

    @property
    def amount_off(self) -> Money | None:
        """More than zero."""

    @property
    def plan_keys(self) -> tuple[str, ...]:
        """The plans whose amounts it lowers; empty for all."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one discount takes off.

    Attributes:
        weights: what each of the amounts counts, in minor units: what is left of it, or nothing.
        shares: the part that each of them is lowered by, zero or more; what is taken off as a whole is their sum.
    """

    discount: Discount
    weights: tuple[int, ...]
    shares: tuple[Money, ...]


def in_order(discounts: Sequence[Discount]) -> tuple[Discount, ...]:
    """Return discounts in the order in which they are taken off."""
    return tuple(sorted(discounts, key=lambda discount: discount.percent_off is None))


def discount(
    amounts: Sequence[Money], discounts: Sequence[Discount], plan_keys: Sequence[str | None] = ()
) -> tuple[Taken, ...]:
    """Return what each discount takes off each amount, in the order in which they are taken.

    Args:
        amounts: all in one currency.
        discounts: in the order in which they were redeemed.
        plan_keys: for each amount the plan that it is of, where that is known; a discount for some plans lowers the
            amounts of those alone.

    Raises:
        CurrencyMismatch: an amount is taken off in another currency.
    """
    left = list(amounts)
    plans = list(plan_keys) or [None] * len(left)
    taken = []
    for one in in_order(discounts) if amounts else ():
        weights = _weights(left, one, plans)
        shares = _shares(weights, one, left[0].currency)
        left = [amount - share for amount, share in zip(left, shares, strict=True)]
        taken.append(Taken(one, weights, shares))
    return tuple(taken)


def _weights(left: Sequence[Money], one: Discount, plans: Sequence[str | None]) -> tuple[int, ...]:
    counts = [not one.plan_keys or plan in one.plan_keys for plan in plans]
    return tuple(max(0, amount.minor) if is_lowered else 0 for amount, is_lowered in zip(left, counts, strict=True))


def _shares(weights: Sequence[int], one: Discount, currency: str) -> tuple[Money, ...]:
    whole = Money(sum(weights), currency)
    if not whole:
        return tuple(zero(currency) for _ in weights)
    if one.percent_off is not None:
        off = round_money(Fraction(whole.minor) * Fraction(one.percent_off) / 100, currency)
    elif one.amount_off is not None and one.amount_off.currency == currency:
        off = min(one.amount_off, whole)
    else:
        raise CurrencyMismatch(f"the coupon {one.coupon_key!r} takes nothing off in {currency}")
    return allocate(off, weights)
