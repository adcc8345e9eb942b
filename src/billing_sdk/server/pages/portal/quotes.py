"""Quotes: what a page says that something costs goes with its form, and nothing else is charged.

A quote is signed by the key of the visit. It names the instant that it was worked out for: what it was for is worked
out once more for that instant, and if anything has changed since, the page shows the new amounts instead of charging.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.usecases.preview_change import Preview

FIELD: Final = "quote"
# For so long the amounts of a page are good. What passes of the period meanwhile is worth less than its reader's time.
LASTS: Final = timedelta(minutes=10)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_DIGITS: Final = 17


def quote_for(desk: Desk, wish: str, shown: Preview, at: datetime) -> str:
    """Return what goes with the form that agrees to a preview.

    Args:
        desk: whose page shows it.
        wish: what exactly is asked for: the plan or the agreement, how many, and when.
        shown: what that comes to.
        at: the instant for which it was worked out, on the customer's time line.
    """
    instant = (at - EPOCH) // timedelta(microseconds=1)
    says = [
        wish,
        instant,
        shown.plan.version.id,
        shown.terms,
        None if shown.changes_at == at else shown.changes_at.isoformat(),
        str(shown.amount),
        *((line.description, str(line.amount)) for line in shown.lines),
    ]
    mac = hmac.new(desk.session_key.encode(), f"quote {says!r}".encode(), hashlib.sha256)
    return f"{instant}.{mac.hexdigest()}"


def quoted_at(quote: str, *, now: datetime) -> datetime | None:
    """Return the instant that a quote was worked out for; None where it is none, or too old."""
    instant, _, _ = quote.partition(".")
    if not (instant.isascii() and instant.isdecimal() and len(instant) <= MOST_DIGITS):
        return None
    at = EPOCH + timedelta(microseconds=int(instant))
    return at if now - LASTS < at <= now else None


def holds(desk: Desk, quote: str, wish: str, again: Preview, at: datetime) -> bool:
    """Tell whether something still comes to what was quoted.

    Args:
        desk: whose form it is.
        quote: what came with it.
        wish: what it asks for.
        again: what that comes to at the instant of the quote, as things are now.
        at: that instant.
    """
    return hmac.compare_digest(quote.encode(), quote_for(desk, wish, again, at).encode())
