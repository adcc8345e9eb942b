"""Days as forms and addresses name them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from billing_sdk.server.words import phrase

ENTER_DAYS = phrase("Enter a first day and a later last day, such as 2026-03-01.")
# Beyond these a day or two more or less is none that a database knows.
EARLIEST_YEAR, LATEST_YEAR = 1971, 2190


def day_in(text: str) -> date | None:
    """Return the day that a text names; None where it names none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if EARLIEST_YEAR <= found.year <= LATEST_YEAR else None


def midnight(day: date) -> datetime:
    """Return the instant at which a day begins, in UTC."""
    return datetime.combine(day, time(), UTC)
