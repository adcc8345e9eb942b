"""Readings of a meter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from billing_sdk.errors import InvalidQuantity
from billing_sdk.money import EXACT
from billing_sdk.server.domain.agreements import Agreement

ReadingKind = Literal["absolute", "delta"]

# Checked before Decimal sees the text: Decimal itself takes "1E+999999", underscores and digits of any script.
QUANTITY = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """One report of usage: an amount that was used (`delta`), or what the period's total now is (`absolute`).

    Attributes:
        used_at: when the usage happened, as it was reported.
        recorded_at: when it was reported.
        counted_at: the instant that decides its period and its place in it, from `counted_at`.
    """

    id: str
    agreement_id: str
    feature_key: str
    kind: ReadingKind
    value: Decimal
    used_at: datetime
    recorded_at: datetime
    counted_at: datetime


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
    return value.copy_abs()  # abs() would round to 28 digits


def plus(total: Decimal, value: Decimal) -> Decimal:
    """Return the exact sum of two quantities."""
    return EXACT.add(total, value)


def counted_at(used_at: datetime, recorded_at: datetime, agreement: Agreement) -> datetime:
    """Return the instant that a reading counts at.

    It is that of the use. A use of a period that was over when it was recorded counts at the record instead, and
    so in the period that contains the record: a period that has ended does not change any more. A use from before
    the agreement counts at its start.
    """
    current = agreement.period_at(recorded_at)
    if used_at < agreement.started_at:
        return agreement.started_at if current.start == agreement.started_at else recorded_at
    return used_at if used_at >= current.start else recorded_at


def total_of(readings: Iterable[Reading]) -> Decimal:
    """Return the usage that readings of one period add up to: the newest absolute one and every delta after it."""
    result = Decimal(0)
    for reading in sorted(readings, key=lambda reading: (reading.counted_at, reading.recorded_at, reading.id)):
        result = reading.value if reading.kind == "absolute" else plus(result, reading.value)
    return result
