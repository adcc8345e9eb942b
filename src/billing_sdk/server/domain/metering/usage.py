"""Readings of a meter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from billing_sdk.errors import InvalidQuantity, InvalidRequest
from billing_sdk.money import EXACT
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import LateUsage

ReadingKind = Literal["absolute", "delta"]
Dimensions = tuple[tuple[str, str], ...]

MOST_DIMENSIONS = 10
LONGEST_NAME = 100
LONGEST_VALUE = 200

# Checked before Decimal sees the text: Decimal itself takes "1E+999999", underscores and digits of any script.
QUANTITY = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """One report of usage: an amount that was used (`delta`), or what the period's total now is (`absolute`).

    Attributes:
        used_at: when the usage happened, as it was reported.
        recorded_at: when it was reported.
        counted_at: the instant that decides its period and its place in it, from `counted_at`.
        dimensions: what the usage is marked with, such as the model that answered, in the order of their names; a
            total has none.
    """

    id: str
    agreement_id: str
    feature_key: str
    kind: ReadingKind
    value: Decimal
    used_at: datetime
    recorded_at: datetime
    counted_at: datetime
    dimensions: Dimensions = ()


def checked_dimensions(given: Mapping[str, str], kind: ReadingKind) -> Dimensions:
    """Return marks of usage in the order of their names: at most 10, of 1 to 100 and 1 to 200 characters.

    Raises:
        InvalidRequest: there are too many, one is empty or too long, or it is a total that they are for.
    """
    if given and kind == "absolute":
        raise InvalidRequest("a total can't be told apart by dimensions; report what was used", parameter="dimensions")
    if len(given) > MOST_DIMENSIONS:
        raise InvalidRequest(f"usage has {MOST_DIMENSIONS} dimensions at most", parameter="dimensions")
    for name, value in given.items():
        fits = 1 <= len(name) <= LONGEST_NAME and 1 <= len(value) <= LONGEST_VALUE
        if not fits or not (name + value).isprintable():
            raise InvalidRequest(
                f"a dimension has a name of 1 to {LONGEST_NAME} characters and a value of 1 to {LONGEST_VALUE}",
                parameter="dimensions",
            )
    return tuple(sorted(given.items()))


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


def counted_at(
    used_at: datetime, recorded_at: datetime, agreement: Agreement, late_usage: LateUsage = "rerate"
) -> datetime:
    """Return the instant that a reading counts at: that of the use; one from before the agreement counts at its start.

    Where late usage is to count in the next period, a use of a period that was over when it was recorded counts at
    the record instead, and so in the period that contains the record: one that has ended does not change any more.
    """
    if late_usage == "rerate":
        return max(used_at, agreement.started_at)
    current = agreement.period_at(recorded_at)
    if used_at < agreement.started_at:
        return agreement.started_at if current.start == agreement.started_at else recorded_at
    return used_at if used_at >= current.start else recorded_at
