"""Values on the wire: instants, numbers, money, currencies, names and metadata.

Those that come in may be numbers or texts, since clients differ. Whole numbers and decimals of v2 go out as texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, SerializationInfo
from pydantic_core import PydanticCustomError

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.stripe.rendering import Rendering

INSTANT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)  # RFC 3339
WHOLE: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
DECIMAL: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
MOST_METADATA: Final = 50
LONGEST_METADATA_KEY: Final = 40
LONGEST_METADATA_VALUE: Final = 500

LookupKey = Annotated[str, Field(min_length=1, max_length=200)]
DisplayName = Annotated[str, Field(min_length=1, max_length=250)]
UnitLabel = Annotated[str, Field(min_length=1, max_length=100)]
Description = Annotated[str, Field(min_length=1, max_length=500)]


def _read_instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    match = INSTANT.fullmatch(value) if isinstance(value, str) else None
    found = None if match is None else _instant_from(*match.groups())
    if found is None:
        raise PydanticCustomError("datetime_parsing", "it is not a date and time of RFC 3339 with an offset")
    return found


def _instant_from(day: str, clock: str, fraction: str | None, offset: str) -> datetime | None:
    offset = "+00:00" if offset in "Zz" else offset
    try:
        return datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7]}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def instant_text(at: datetime) -> str:
    """Return an instant as v2 writes it: in UTC, with milliseconds."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


# v2: an instant as text.
Instant = Annotated[datetime, BeforeValidator(_read_instant), PlainSerializer(instant_text, return_type=str)]


def _read_whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return value
    if not isinstance(value, str) or not WHOLE.fullmatch(value):
        raise PydanticCustomError("int_parsing", "it is not a whole number")
    return int(value)


# v1: a whole number; a client's form holds it as text, an answer as a number.
Whole = Annotated[int, BeforeValidator(_read_whole)]
# v2: a whole number; a client sends it as number or text, an answer holds it as text.
Int64 = Annotated[int, BeforeValidator(_read_whole), PlainSerializer(str, return_type=str)]


def _read_unix_time(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromtimestamp(_read_whole(value), UTC)
    except (ValueError, OverflowError, OSError):
        raise PydanticCustomError("int_parsing", "it is not a time in seconds since 1970") from None


def unix_seconds(at: datetime) -> int:
    """Return an instant as v1 writes it: whole seconds since 1970."""
    return int(at.timestamp())


# v1: an instant as seconds since 1970.
UnixTime = Annotated[datetime, BeforeValidator(_read_unix_time), PlainSerializer(unix_seconds, return_type=int)]


def _read_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise PydanticCustomError("bool_parsing", "it is neither true nor false")
    return bool(value == "true")


# v1: a boolean; a client's form holds it as text.
Flag = Annotated[bool, BeforeValidator(_read_flag)]


def _read_decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    # The shortest text that stands for the number, which is what the client had.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = f"{Decimal(repr(value)):f}" if is_number else value
    if not isinstance(text, str) or not DECIMAL.fullmatch(text):
        raise PydanticCustomError("decimal_parsing", "it is not a decimal number, such as 0.25")
    return Decimal(text)


def decimal_text(number: Decimal) -> str:
    """Return a number as this door writes it: plain digits, no exponent, no zeros that say nothing."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


# A decimal number; a text in every answer, so that no digit is lost.
DecimalText = Annotated[Decimal, BeforeValidator(_read_decimal), PlainSerializer(decimal_text, return_type=str)]


def _read_currency(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{3}", value, re.ASCII):
        raise PydanticCustomError("currency", "it is not a currency of ISO 4217, such as usd")
    return value.upper()


# A currency: three small letters on the wire, as the engine has it (capitals) inside.
LowerCurrency = Annotated[str, BeforeValidator(_read_currency), PlainSerializer(str.lower, return_type=str)]


def _read_metadata(value: Any) -> Any:
    """Read metadata of a form, in which a list is an object whose names are numbers, and an empty value is none."""
    if isinstance(value, list):
        value = {str(place): member for place, member in enumerate(value)}
    if isinstance(value, dict):
        return {name: None if member == "" else member for name, member in value.items()}
    return value


def _check_metadata(value: dict[str, str | None]) -> dict[str, str | None]:
    if len(value) > MOST_METADATA:
        raise PydanticCustomError("metadata", "it has more than 50 keys")
    for name, member in value.items():
        if not 1 <= len(name) <= LONGEST_METADATA_KEY:
            raise PydanticCustomError("metadata", "a key has 1 to 40 characters")
        if member is not None and len(member) > LONGEST_METADATA_VALUE:
            raise PydanticCustomError("metadata", "a value has at most 500 characters")
    return value


# What a client says of metadata: an empty text (v1) or null (v2) takes a key away. `merged` makes of it what is kept.
Metadata = Annotated[dict[str, str | None], BeforeValidator(_read_metadata), AfterValidator(_check_metadata)]


def merged(before: Mapping[str, str], change: Mapping[str, str | None] | None) -> dict[str, str]:
    """Return metadata after a change; no change at all (null) takes everything away.

    Raises:
        InvalidRequest: that would be more than 50 keys.
    """
    if change is None:
        return {}
    found = {name: value for name, value in {**before, **change}.items() if value is not None}
    if len(found) > MOST_METADATA:
        raise InvalidRequest(f"metadata has more than {MOST_METADATA} keys", parameter="metadata")
    return found


def _livemode(_value: None, info: SerializationInfo[Any]) -> bool:
    return Rendering.of(info).is_live


# In a view: whether it is of a live environment, which rendering knows. `livemode: Livemode = None`
Livemode = Annotated[None, PlainSerializer(_livemode, return_type=bool)]
