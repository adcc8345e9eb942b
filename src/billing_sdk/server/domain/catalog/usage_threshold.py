"""How much of a metered feature has to be used for its customer to be told: a share of the limit, or an amount."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.errors import InvalidRequest
from billing_sdk.money import EXACT, digits_of

MOST_THRESHOLDS = 10
TEXT = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,12})?)(%?)", re.ASCII)
PERCENT = Decimal("0.01")
LARGEST_SHARE = 1_000


@dataclass(frozen=True, slots=True)
class UsageThreshold:
    """`80%` of what may be used in a period, or `5000` units.

    Raises:
        InvalidRequest: it is not above zero, or a share of more than 1000 percent.
    """

    amount: Decimal
    is_percent: bool = False

    def __post_init__(self) -> None:
        if self.amount <= 0 or (self.is_percent and self.amount > LARGEST_SHARE):
            raise InvalidRequest(
                f"a threshold is above zero, and a share at most {LARGEST_SHARE}%", parameter="thresholds"
            )

    @classmethod
    def from_text(cls, text: str) -> UsageThreshold:
        """Read a threshold, as `str` writes it.

        Raises:
            InvalidRequest: the text is anything else.
        """
        found = TEXT.fullmatch(text)
        if found is None:
            raise InvalidRequest(f"{text[:40]!r} is no threshold such as '80%' or '5000'", parameter="thresholds")
        return cls(Decimal(found[1]), bool(found[2]))

    def __str__(self) -> str:
        return f"{digits_of(self.amount)}%" if self.is_percent else digits_of(self.amount)

    def is_reached(self, used: Decimal, limit: Decimal | None) -> bool:
        """Tell whether so much is used; a share of what is without limit never is.

        Args:
            used: in the usage period.
            limit: how much may be used in it; None is without limit.
        """
        if not self.is_percent:
            return used >= self.amount
        return limit is not None and used > 0 and used >= EXACT.multiply(EXACT.multiply(limit, self.amount), PERCENT)


def thresholds_from(texts: Sequence[str]) -> tuple[UsageThreshold, ...]:
    """Read thresholds: different ones, ten at most.

    Raises:
        InvalidRequest: one can't be read, or there are too many, or one twice.
    """
    found = tuple(UsageThreshold.from_text(text) for text in texts)
    if len(found) > MOST_THRESHOLDS or len(set(found)) < len(found):
        raise InvalidRequest(f"there are at most {MOST_THRESHOLDS} thresholds, each once", parameter="thresholds")
    return found
