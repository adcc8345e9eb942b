"""Readings of a meter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from billing_sdk.errors import InvalidQuantity

ReadingKind = Literal["absolute", "delta"]

# Checked before Decimal sees the text: Decimal itself takes "1E+999999", underscores and digits of any script.
QUANTITY = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """One report of usage: an amount that was used (`delta`), or what the period's total now is (`absolute`)."""

    id: str
    agreement_id: str
    feature_key: str
    kind: ReadingKind
    value: Decimal
    used_at: datetime
    recorded_at: datetime


def parse_quantity(text: str) -> Decimal:
    """Read a quantity: plain ASCII digits, at most 20 before and 12 after the point, and not below zero.

    Raises:
        InvalidQuantity: the text is anything else.
    """
    if not QUANTITY.fullmatch(text):
        raise InvalidQuantity(f"{text[:40]!r} is not a plain decimal number")
    value = Decimal(text)
    if value.is_signed() and value:
        raise InvalidQuantity(f"{text[:40]!r} is below zero")
    return abs(value)


def total_of(readings: Iterable[Reading]) -> Decimal:
    """Return the usage that readings of one period add up to: the newest absolute one and every delta after it."""
    result = Decimal(0)
    for reading in sorted(readings, key=lambda reading: (reading.used_at, reading.recorded_at, reading.id)):
        result = reading.value if reading.kind == "absolute" else result + reading.value
    return result
