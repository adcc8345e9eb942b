"""How often something comes back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from billing_sdk.errors import InvalidCadence

Unit = Literal["day", "week", "month", "year"]

TEXT = re.compile(r"(?:([0-9]{1,4}) )?(day|week|month|year)s?", re.ASCII)

# At most ten years: a plan that renews less often is no subscription, and a slip of the finger is likelier.
LONGEST: dict[Unit, int] = {"day": 3652, "week": 521, "month": 120, "year": 10}

DAYS_OF_UNIT: dict[Unit, int] = {"day": 1, "week": 7}
MONTHS_OF_UNIT: dict[Unit, int] = {"month": 1, "year": 12}
DAYS_OF_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LEAP_YEAR = (31, 29, *DAYS_OF_MONTHS[2:])


@dataclass(frozen=True, slots=True)
class Cadence:
    """A number of days, weeks, months or years.

    Raises:
        InvalidCadence: there is no such unit, or the count is below one or comes to more than ten years.
    """

    unit: Unit
    count: int = 1

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise InvalidCadence(f"{str(self.unit)[:40]!r} is none of day, week, month and year")
        if type(self.count) is not int or self.count < 1:
            raise InvalidCadence(f"nothing comes back every {str(self.count)[:40]} {self.unit}s")
        if self.count > LONGEST[self.unit]:
            raise InvalidCadence(f"{self.count} {self.unit}s are more than ten years")

    @classmethod
    def from_text(cls, text: str) -> Cadence:
        """Read `month`, `3 months` and the like, as `str` writes them.

        Raises:
            InvalidCadence: the text is anything else.
        """
        found = TEXT.fullmatch(text)
        if found is None:
            raise InvalidCadence(f"{text[:40]!r} is no cadence such as 'month' or '3 months'")
        unit: Unit = found[2]  # type: ignore[assignment]  # the expression lets only units pass
        return cls(unit, int(found[1] or 1))

    def __str__(self) -> str:
        return self.unit if self.count == 1 else f"{self.count} {self.unit}s"

    @property
    def months(self) -> int:
        """The length in months; zero for one that is counted in days or weeks."""
        return MONTHS_OF_UNIT.get(self.unit, 0) * self.count

    @property
    def days(self) -> int:
        """The length in days; zero for one that is counted in months or years."""
        return DAYS_OF_UNIT.get(self.unit, 0) * self.count

    def is_longer_than(self, other: Cadence) -> bool:
        """Tell whether it can be longer than another one.

        Months compare with months and days with days. Between the two, the longest that this one can be is compared
        with the shortest that the other can be, so four weeks never outlast a month and thirty days do, in February.
        """
        if bool(self.months) is bool(other.months):
            return (self.months, self.days) > (other.months, other.days)
        return self._days_at_most() > other._days_at_least()

    def _days_at_least(self) -> int:
        return self.days or min(_lengths(self.months, DAYS_OF_MONTHS))

    def _days_at_most(self) -> int:
        return self.days or max(_lengths(self.months, DAYS_OF_MONTHS * 3 + LEAP_YEAR))


def _lengths(months: int, calendar: tuple[int, ...]) -> Iterator[int]:
    for start in range(len(calendar)):
        yield sum(calendar[(start + offset) % len(calendar)] for offset in range(months))
