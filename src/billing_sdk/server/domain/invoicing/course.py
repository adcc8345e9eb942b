"""How the number of something that is charged for a service interval went within it.

A fee is charged for the number at the interval's start, on the invoice of the billing date. What is added within the
interval is charged when it is added, for the rest of it; what is taken away stays paid, unless it is to be given
back. So what counts at any instant is the number that is charged already, which is not always the present one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from billing_sdk.server.domain.agreements import NumberChange
from billing_sdk.server.domain.periods import Period


@dataclass(frozen=True, slots=True)
class Course:
    """What of an interval is charged, and by which invoice.

    Attributes:
        parts: the number that the billing date charges, each from an instant on.
        covered: the number that is charged at last, by the billing date or when it was added.
    """

    parts: tuple[tuple[datetime, int], ...]
    covered: int


def course_of(
    changes: Sequence[NumberChange], number: int, interval: Period, worth: Callable[[int], Fraction]
) -> Course:
    """Follow a number through a service interval.

    Args:
        changes: those of the number since the interval has started, in their order.
        number: the present one.
        interval: the service interval.
        worth: what a number comes to; more of something is not always dearer.
    """
    begin = changes[0].was if changes else number
    parts, covered = [(interval.start, begin)], begin
    for one in changes:
        if one.at >= interval.end:
            break
        is_more = worth(one.becomes) > worth(covered)
        if not is_more and not one.is_given_back:
            continue
        covered = one.becomes
        if not (is_more and one.is_charged) and (is_more or worth(covered) < worth(parts[-1][1])):
            parts.append((one.at, covered))
    return Course(tuple(parts), covered)
