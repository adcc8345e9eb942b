"""How long something takes, or is waited for.

Written as in ISO 8601: `P1M`, `P3D`, `PT12H`, `P1Y2M3DT4H5M6S`. Weeks may stand beside the other units, fractions and
signs may not. Years, months, weeks and days are counted on the calendar of a time zone, so that a day later is the
same time of the day even where clocks were put forward; hours, minutes and seconds are elapsed time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from billing_sdk.errors import InvalidDuration
from billing_sdk.server.domain.periods.wall import instant_of, on_day, wall_clock

TEXT = re.compile(
    r"P(?=[0-9T])(?:(?P<years>[0-9]{1,9})Y)?(?:(?P<months>[0-9]{1,9})M)?(?:(?P<weeks>[0-9]{1,9})W)?"
    r"(?:(?P<days>[0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,9})H)?(?:(?P<minutes>[0-9]{1,9})M)?(?:(?P<seconds>[0-9]{1,9})S)?)?",
    re.ASCII,
)

# What each unit comes to at most, in seconds; only to find what is absurd.
SECONDS_OF_UNIT = {
    "years": 366 * 86_400,
    "months": 31 * 86_400,
    "weeks": 7 * 86_400,
    "days": 86_400,
    "hours": 3_600,
    "minutes": 60,
    "seconds": 1,
}
LONGEST_SECONDS = 10 * SECONDS_OF_UNIT["years"]


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration of ISO 8601, ten years at most; without any unit it is no time at all.

    Raises:
        InvalidDuration: a unit is negative or no whole number, or all of them together are more than ten years.

    Source: ISO 8601-1:2019, section 5.5.2.
    """

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        length_seconds = 0
        for unit, unit_seconds in SECONDS_OF_UNIT.items():
            count = getattr(self, unit)
            if type(count) is not int or count < 0:
                raise InvalidDuration(f"{str(count)[:40]} {unit} are no duration")
            length_seconds += count * unit_seconds
        if length_seconds > LONGEST_SECONDS:
            raise InvalidDuration(f"{self} is more than ten years")

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read a duration such as `P14D` or `PT1H30M`.

        Raises:
            InvalidDuration: the text is anything else, or comes to more than ten years.
        """
        found = TEXT.fullmatch(text)
        if found is None:
            raise InvalidDuration(f"{text[:40]!r} is no duration of ISO 8601")
        return cls(**{unit: int(count) for unit, count in found.groupdict().items() if count is not None})

    def __str__(self) -> str:
        date = "".join(f"{getattr(self, unit)}{unit[0].upper()}" for unit in _DATE if getattr(self, unit))
        time = "".join(f"{getattr(self, unit)}{unit[0].upper()}" for unit in _TIME if getattr(self, unit))
        return f"P{date}T{time}" if time else f"P{date or 'T0S'}"

    @property
    def is_zero(self) -> bool:
        """Whether it is no time at all."""
        return self == NO_TIME

    def after(self, at: datetime, zone: str = "UTC") -> datetime:
        """Return the instant this much later.

        Months come first, and a day that a month lacks is its last one; then days, then what is elapsed time.

        Raises:
            InvalidDuration: the calendar ends before.
            InvalidZone: there is no such time zone.
        """
        months, days = self.years * 12 + self.months, self.weeks * 7 + self.days
        try:
            if months or days:
                wall = wall_clock(at, zone)
                years, month_index = divmod(wall.month - 1 + months, 12)
                day = on_day(wall.year + years, month_index + 1, wall.day)
                at = instant_of(datetime.combine(day, wall.time()) + timedelta(days=days), zone)
            elapsed = timedelta(hours=self.hours, minutes=self.minutes, seconds=self.seconds)
            return at.astimezone(UTC) + elapsed
        except (OverflowError, ValueError):
            raise InvalidDuration(f"the calendar ends before {self} from {at:%Y-%m-%d} are over") from None


_UNITS = tuple(unit.name for unit in fields(Duration))
_DATE, _TIME = _UNITS[:4], _UNITS[4:]

NO_TIME = Duration()
