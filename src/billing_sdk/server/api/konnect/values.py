"""Values on the wire: ids, keys, labels, numbers, durations and instants."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from billing_sdk.errors import InvalidDuration
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.ids import ULID as ULID_PATTERN, id_from_ulid

NUMERIC = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
LONGEST_NUMERIC = 60
INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)  # RFC 3339
LABEL_KEY = re.compile(r"(?!kong|konnect|mesh|kic|_)[A-Za-z0-9_./-]{1,63}", re.ASCII)
LABEL = re.compile(r"[a-z0-9A-Z]([a-z0-9A-Z._-]*[a-z0-9A-Z]+)?", re.ASCII)
MOST_LABELS = 50
LONGEST_LABEL = 63

Ulid = Annotated[str, Field(pattern=rf"^{ULID_PATTERN.pattern}$")]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Description = Annotated[str, Field(max_length=1024)]
ResourceKey = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9]+(?:_[a-z0-9]+)*$")]
ExternalKey = Annotated[str, Field(min_length=1, max_length=256)]
CurrencyCode = Annotated[str, Field(min_length=3, max_length=3, pattern=r"^[A-Z]{3}$")]


def _read_labels(labels: dict[str, str]) -> dict[str, str]:
    if len(labels) > MOST_LABELS:
        raise PydanticCustomError(
            "invalid_label", "there are more than {most} labels", {"rule": "is_label", "most": MOST_LABELS}
        )
    for name, value in labels.items():
        if not LABEL_KEY.fullmatch(name) or len(value) > LONGEST_LABEL or not LABEL.fullmatch(value):
            raise PydanticCustomError(
                "invalid_label",
                "a label has a name of 1 to 63 characters that begins with none of kong, konnect, mesh, kic and _, "
                "and a value of 1 to 63 letters, digits and inner dots, hyphens and underscores",
                {"rule": "is_label"},
            )
    return labels


Labels = Annotated[dict[str, str], AfterValidator(_read_labels)]


def _read_numeric(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "a number is a string of decimal digits")
    if len(value) > LONGEST_NUMERIC or not NUMERIC.fullmatch(value):
        raise PydanticCustomError("string_pattern_mismatch", "is not a decimal number, such as 12.50")
    return Decimal(value)


def numeric(number: Decimal) -> str:
    """Return a number as this door writes it: plain digits, no exponent, no zeros that say nothing."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


# Exact, and a string on the wire: a double would lose digits.
Numeric = Annotated[
    Decimal,
    BeforeValidator(_read_numeric),
    PlainSerializer(numeric, return_type=str),
    WithJsonSchema({"type": "string", "pattern": rf"^{NUMERIC.pattern}$"}),
]


def _read_instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    match = INSTANT.fullmatch(value) if isinstance(value, str) else None
    found = None if match is None else _instant_from(*match.groups())
    if found is None:
        raise PydanticCustomError("datetime_parsing", "is not a date and time of RFC 3339 with an offset")
    return found


def _instant_from(day: str, clock: str, fraction: str | None, offset: str) -> datetime | None:
    offset = "+00:00" if offset in "Zz" else offset
    try:
        return datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7]}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def instant(at: datetime) -> str:
    """Return an instant as this door writes it: in UTC, with milliseconds where there are any."""
    at = at.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at.microsecond // 1000:03d}" if at.microsecond >= 1000 else "") + "Z"


Instant = Annotated[
    datetime,
    BeforeValidator(_read_instant),
    PlainSerializer(instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def _read_duration(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "a duration is a string")
    try:
        return Duration.parse(value)
    except InvalidDuration as error:
        raise PydanticCustomError("invalid", "{reason}", {"reason": error.detail}) from None


def duration_text(duration: Duration) -> str:
    """Return a duration as this door writes it; no time at all is no days."""
    return "P0D" if duration == Duration() else str(duration)


IsoDuration = Annotated[
    Duration,
    BeforeValidator(_read_duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "duration"}),
]

ULID_IN_PATH = Path(pattern=rf"^{ULID_PATTERN.pattern}$")
# Parameters of a path: a ULID on the wire, our own id in the operation.
CustomerId = Annotated[str, ULID_IN_PATH, AfterValidator(partial(id_from_ulid, "customer"))]
