"""Shares of a tax that was rounded as a whole: they keep its sum, and what is given back is the mirror of it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from billing_sdk.money import Money, round_money


def apportioned(amount: Money, exact: Sequence[Fraction]) -> tuple[Money, ...]:
    """Divide a rounded sum among the exact parts that it is the sum of, some of which may be below zero.

    As with `allocate`, minor units that are left over go to the largest remainders, and ties to the first; no share
    is a whole unit away from its exact part. Parts of the opposite sign get the opposite shares.

    Args:
        amount: the sum of the parts, rounded.
        exact: the parts, in minor units.
    """
    if len(exact) == 1:
        return (amount,)
    leading = amount.minor or next((part for part in exact if part), 0)
    sign = -1 if leading < 0 else 1
    parts = exact if sign > 0 else [-part for part in exact]
    shares = [floor(part) for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: (shares[place] - parts[place], place))
    for place in by_remainder[: sign * amount.minor - sum(shares)]:
        shares[place] += 1
    return tuple(Money(sign * share, amount.currency) for share in shares)


def share_of_part(share: Money, *, whole: Money, part: Money, before: Money) -> Money:
    """Return the share of a part of a line, so that parts that make up the line have all of its share between them.

    Args:
        share: the line's share of a tax.
        whole: the line's amount, not zero.
        part: the part in question, of the same sign.
        before: parts that had theirs already.
    """
    until = Fraction(before.minor + part.minor, whole.minor)
    since = Fraction(before.minor, whole.minor)
    return round_money(share.minor * until, share.currency) - round_money(share.minor * since, share.currency)
