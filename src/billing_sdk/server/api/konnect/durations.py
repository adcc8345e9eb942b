"""Cadences as durations of ISO 8601, and back."""

from __future__ import annotations

from fractions import Fraction

from billing_sdk.errors import InvalidCadence
from billing_sdk.server.domain.periods import Cadence, Duration


def cadence_of(duration: Duration) -> Cadence | None:
    """Return how often something comes back; None where that is no whole number of days or of months.

    Weeks may stand beside days, and years beside months.
    """
    months, days = duration.years * 12 + duration.months, duration.weeks * 7 + duration.days
    if duration.hours or duration.minutes or duration.seconds or bool(months) is bool(days):
        return None
    try:
        if months:
            return Cadence("year", months // 12) if months % 12 == 0 else Cadence("month", months)
        return Cadence("week", days // 7) if days % 7 == 0 else Cadence("day", days)
    except InvalidCadence:
        return None


def duration_of(cadence: Cadence) -> str:
    """Return a cadence as a duration."""
    return f"P{cadence.count}{cadence.unit[0].upper()}"


def times(part: Cadence, whole: Cadence) -> int | None:
    """Return how often one cadence goes into another; None where that is no whole number, or depends on the month."""
    if bool(part.months) is not bool(whole.months):
        return None
    found = Fraction(whole.months, part.months) if part.months else Fraction(whole.days, part.days)
    return found.numerator if found.denominator == 1 else None
