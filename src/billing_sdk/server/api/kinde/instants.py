"""Times on the wire."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from billing_sdk.errors import InvalidRequest

# RFC 3339, and the published example's offset of whole hours ("+11"). A time without an offset is refused:
# nobody can tell which hour it means.
INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}(?::\d{2})?)", re.ASCII)


def read_instant(text: str, *, parameter: str) -> datetime:
    """Read a date and time with an offset from UTC.

    Raises:
        InvalidRequest: the text is anything else, or names a time that does not exist.
    """
    match = INSTANT.fullmatch(text)
    if match is None:
        raise InvalidRequest(f"{parameter} is not a date and time with an offset from UTC", parameter=parameter)
    day, clock, fraction, offset = match.groups()
    offset = "+00:00" if offset in "Zz" else offset if ":" in offset else f"{offset}:00"
    try:
        return datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7]}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest(f"{parameter} names a time that does not exist", parameter=parameter) from None
