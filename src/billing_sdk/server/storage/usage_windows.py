"""What a usage log says of any window, although its roll-ups are by hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from billing_sdk.server.domain.metering import HourOfUsage, Meter, cut, hour_of, recount
from billing_sdk.server.domain.metering.bucket import HOUR
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.usage_stores import UsageLog


class Windows:
    """Reads a usage log by windows that begin and end whenever they like."""

    def __init__(self, log: UsageLog) -> None:
        self._log = log

    def hours(self, meter: Meter, subjects: Collection[str], parts: Sequence[Period]) -> list[HourOfUsage]:
        """Return what subjects used in a window of one or more parts, by series and stretches of hours.

        Of subjects of whom totals are said the window has one part.
        """
        found: list[HourOfUsage] = []
        for part in parts if subjects else ():
            found += self.cut(meter, self._log.folded(meter, part, dict.fromkeys(subjects, part)), part)
        return found

    def cut(self, meter: Meter, hours: Iterable[HourOfUsage], window: Period) -> list[HourOfUsage]:
        """Return what of some hours lies in a window; events are read where a boundary goes through an hour."""
        found = cut(hours, window)
        subjects: defaultdict[datetime, set[str]] = defaultdict(set)
        for subject, hour in found.unsure:
            subjects[hour].add(subject)
        result = found.whole
        for hour in sorted(subjects):
            events = self._log.events(
                Period(hour, hour + HOUR), types=(meter.event_type,), subjects=sorted(subjects[hour])
            )
            result += recount(meter, events, window)
        return result

    def before(self, meter: Meter, subjects: Collection[str], at: datetime) -> list[HourOfUsage]:
        """Return what subjects used before an instant."""
        if not subjects:
            return []
        hour = hour_of(at)
        found = self._log.before(meter, hour, subjects=subjects)
        return found if hour == at else [*found, *self.hours(meter, subjects, (Period(hour, at),))]
