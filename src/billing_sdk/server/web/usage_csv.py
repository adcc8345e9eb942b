"""What meters show, as comma-separated values (RFC 4180)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from io import StringIO

from billing_sdk.money import digits_of
from billing_sdk.server.domain.metering import UsageRow

# What spreadsheets take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def usage_csv(group_by: Sequence[str], rows: Sequence[UsageRow]) -> str:
    """Return rows of usage with a column for each name that they are grouped by."""
    text = StringIO()
    lines = csv.writer(text)
    lines.writerow(("from", "to", *map(cell, group_by), "value"))
    for row in rows:
        window = (_instant(row.window.start), _instant(row.window.end))
        lines.writerow((*window, *(cell(part or "") for part in row.group), digits_of(row.value)))
    return text.getvalue()


def cell(text: str) -> str:
    """Return a text of somebody else's as a cell that no spreadsheet reckons with."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
