"""Meters: which events count, what is read in them, and how it is put together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, get_args

from billing_sdk.errors import InvalidQuantity, InvalidRequest
from billing_sdk.server.domain.metering.json_path import NOTHING, steps_of, value_at
from billing_sdk.server.domain.metering.usage import LONGEST_NAME, LONGEST_VALUE, MOST_DIMENSIONS, QUANTITY, Dimensions

Aggregation = Literal["sum", "count", "unique_count", "average", "minimum", "maximum", "latest", "weighted_sum"]
UnknownSubjects = Literal["refuse", "keep"]
TimeWindow = Literal["hour", "day"]
Operator = Literal["eq", "ne", "in", "not_in", "exists"]

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}", re.ASCII)  # what a feature's key may be
LONGEST_TYPE = 255
ALL_MEMBERS = "*"
EARLY_SECONDS = 300
LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold in an event's data for it to count.

    Attributes:
        path: to the value in question.
        operator: how it is compared, as text.
        values: with what; none for `exists`.
    """

    path: str
    operator: Operator = "eq"
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        steps_of(self.path)
        if self.operator not in get_args(Operator):
            raise InvalidRequest(f"a condition is one of {', '.join(get_args(Operator))}", parameter="operator")
        fits = {"exists": not self.values, "eq": len(self.values) == 1, "ne": len(self.values) == 1}
        if not fits.get(self.operator, 1 <= len(self.values) <= 100):
            raise InvalidRequest(f"{self.operator} takes another number of values", parameter="values")

    def holds(self, data: Mapping[str, Any]) -> bool:
        """Tell whether the data of an event fulfils it."""
        found = value_at(data, self.path)
        if self.operator == "exists":
            return found is not NOTHING
        is_among = found is not NOTHING and text_of(found) in self.values
        return is_among if self.operator in ("eq", "in") else not is_among


class Measured(NamedTuple):
    """What a meter reads in an event.

    Attributes:
        value: a number; None for meters that count events, or different values.
        text: what is told apart by a unique count.
        dimensions: in the order of their names; one that the event does not have is left out.
    """

    meter_id: str
    value: Decimal | None
    text: str | None
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class Meter:
    """Something that is measured; what it measures never changes, so that what was measured stays right.

    Attributes:
        id: starts with `meter_`.
        event_type: events of this type count.
        value_path: to the number that is put together, or to what is told apart; None to count events.
        dimensions: names, and the paths to their values; the name `*` takes every member of an object.
        conditions: what has to hold for an event to count.
        late_seconds: how old a use may be when it is reported; None is without limit.
        early_seconds: how far ahead its time may lie, as clocks differ.
        unknown_subjects: whether events of a subject that nobody goes by are refused, or kept for who comes later.
        revision: how often it was given other dimensions, after which everything is counted anew.
        may_fall: whether a value may be below zero, as what corrects others; that of a weighted sum always may.
        newest_within: the hour or day (UTC) of which an event says all, so that of several of one subject and the same
            dimensions the newest counts alone; None where each event counts.
    """

    id: str
    key: str
    name: str
    event_type: str
    aggregation: Aggregation
    created_at: datetime
    value_path: str | None = None
    dimensions: tuple[tuple[str, str], ...] = ()
    conditions: tuple[Condition, ...] = ()
    late_seconds: int | None = None
    early_seconds: int = EARLY_SECONDS
    unknown_subjects: UnknownSubjects = "refuse"
    archived_at: datetime | None = None
    revision: int = 0
    may_fall: bool = False
    newest_within: TimeWindow | None = None

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.key):
            raise InvalidRequest(
                "a meter's key has 1 to 255 letters, digits, dots, dashes, underscores", parameter="key"
            )
        if self.aggregation not in get_args(Aggregation):
            raise InvalidRequest(
                f"an aggregation is one of {', '.join(get_args(Aggregation))}", parameter="aggregation"
            )
        if (self.value_path is None) != (self.aggregation == "count"):
            raise InvalidRequest("every meter but a count has a path to its value", parameter="value_path")
        if not 1 <= len(self.event_type) <= LONGEST_TYPE or not self.event_type.isprintable():
            raise InvalidRequest(f"an event's type has 1 to {LONGEST_TYPE} characters", parameter="event_type")
        names = [name for name, _ in self.dimensions]
        if len(names) > MOST_DIMENSIONS or len(set(names)) != len(names):
            raise InvalidRequest(f"a meter has at most {MOST_DIMENSIONS} dimensions, each once", parameter="dimensions")
        if any(not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() for name in names):
            raise InvalidRequest(f"a dimension's name has 1 to {LONGEST_NAME} characters", parameter="dimensions")
        for path in (*(path for _, path in self.dimensions), *([self.value_path] if self.value_path else [])):
            steps_of(path)
        if self.unknown_subjects not in get_args(UnknownSubjects):
            raise InvalidRequest("unknown_subjects is refuse or keep", parameter="unknown_subjects")
        if self.may_fall and self.aggregation not in ("sum", "latest", "weighted_sum"):
            raise InvalidRequest("only what is added up, or the latest value, may be below zero", parameter="may_fall")
        if self.newest_within is not None and self.aggregation not in ("sum", "count", "latest"):
            raise InvalidRequest(
                "only sums, counts and latest values are of the newest events", parameter="newest_within"
            )
        if self.early_seconds < 0 or (self.late_seconds is not None and self.late_seconds < 0):
            raise InvalidRequest("a number of seconds is zero or more", parameter="late_seconds")

    @property
    def takes_less(self) -> bool:
        """Whether it reads values below zero."""
        return self.may_fall or self.aggregation == "weighted_sum"

    def was_in_use(self, at: datetime) -> bool:
        """Tell whether the meter counted what arrived at an instant: one that is archived counts nothing more."""
        return self.archived_at is None or at <= self.archived_at

    def measure(self, data: Mapping[str, Any]) -> Measured | None:
        """Return what the meter reads in an event's data; None where the event does not count.

        Raises:
            InvalidQuantity: the value is missing, or no plain decimal number that the meter takes.
            InvalidRequest: a dimension is out of its bounds.
        """
        for condition in self.conditions:
            if not condition.holds(data):
                return None
        dimensions = dimensions_in(data, self.dimensions) if self.dimensions else ()
        if self.value_path is None:
            return Measured(self.id, None, None, dimensions)
        found = value_at(data, self.value_path)
        if self.aggregation == "unique_count":
            return Measured(self.id, None, _told_apart(found, self.value_path), dimensions)
        return Measured(self.id, quantity_in(found, may_fall=self.takes_less), None, dimensions)

    def remeasure(self, data: Mapping[str, Any]) -> Measured | None:
        """Return what the meter reads in an event that is recorded already; None where the event does not count.

        A meter may be younger than the event, and find no value in it that it takes: then it does not count either.
        """
        try:
            return self.measure(data)
        except (InvalidQuantity, InvalidRequest):
            return None


def quantity_in(found: Any, *, may_fall: bool = False) -> Decimal:
    """Read a number of a JSON document: an integer, a Decimal, or plain digits as text.

    Raises:
        InvalidQuantity: it is anything else, or below zero where that means nothing.
    """
    # Of 1E+999999 the digits are never written out.
    is_sane = type(found) is Decimal and found.is_finite() and abs(found.adjusted()) <= LONGEST_NUMBER
    text = str(found) if type(found) is int else f"{found:f}" if is_sane else found
    if type(text) is not str or not QUANTITY.fullmatch(text):
        shown = "nothing" if found is NOTHING else repr(found)[:40]
        raise InvalidQuantity(f"{shown} is not a plain decimal number")
    value = Decimal(text)
    if value.is_signed():
        if value and not may_fall:
            raise InvalidQuantity(f"{text[:40]!r} is below zero")
        return value or value.copy_abs()
    return value


def dimensions_in(data: Mapping[str, Any], paths: tuple[tuple[str, str], ...]) -> Dimensions:
    """Return the dimensions of an event, in the order of their names.

    Raises:
        InvalidRequest: there are too many, or one is too long or not printable.
    """
    found: dict[str, str] = {}
    for name, path in paths:
        value = value_at(data, path)
        if value is NOTHING or value is None:
            continue
        if name != ALL_MEMBERS:
            found[name] = text_of(value)
        elif isinstance(value, dict):
            found |= {str(member): text_of(of_member) for member, of_member in value.items()}
    if len(found) > MOST_DIMENSIONS:
        raise InvalidRequest(f"usage has {MOST_DIMENSIONS} dimensions at most", parameter="dimensions")
    for name, text in found.items():
        if not (1 <= len(name) <= LONGEST_NAME and 1 <= len(text) <= LONGEST_VALUE) or not (name + text).isprintable():
            raise InvalidRequest(
                f"a dimension has a name of 1 to {LONGEST_NAME} characters and a value of 1 to {LONGEST_VALUE}",
                parameter="dimensions",
            )
    return tuple(sorted(found.items()))


def text_of(value: Any) -> str:
    """Return a JSON value as the text that dimensions and conditions compare: `true`, `12.5`, `large`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, int) else ""


def _told_apart(found: Any, path: str) -> str:
    text = "" if found is NOTHING else text_of(found)
    if not 1 <= len(text) <= LONGEST_VALUE or "\x00" in text:
        raise InvalidQuantity(f"there is no value of 1 to {LONGEST_VALUE} characters at {path}")
    return text
