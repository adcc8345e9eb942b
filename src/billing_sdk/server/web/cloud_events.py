"""CloudEvents in JSON: read fast where they are as nearly all are, and with care where they are not.

Events of the usual shape are decoded whole, in C, and what such a decoder does not see, a member that is there twice,
is found by counting members. Whatever is not of that shape is read again with care, event by event, so that one that
is wrong gets an error of its own and the others are taken.

Extension attributes are accepted and ignored; they are not stored. Source: CloudEvents 1.0.2, "JSON Event Format".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

import msgspec

from billing_sdk.errors import BillingError, InvalidRequest
from billing_sdk.server.usecases.incoming_events import IncomingEvent

SPECVERSION = "1.0"
# RFC 3986, appendix A: what a reference is written with.
REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+", re.ASCII)
RESERVED = "agreement/"
ATTRIBUTE = re.compile(r"[a-z0-9]+", re.ASCII)
JSON_TYPE = re.compile(r"[a-z]+/(?:[a-z0-9.+-]+\+)?json\s*(?:;.*)?", re.ASCII | re.IGNORECASE)
LONGEST_NUMBER = 40
LARGEST = 10**LONGEST_NUMBER
LARGEST_EXPONENT = 308  # beyond it a number is not finite for nearly everybody
DEEPEST = 32
# Of each pair, the first is found at once where it is missing, and it is only together that they matter.
LOOSE = (
    (b" ", b" :"),
    (b"\t", b"\t:"),
    (b"\r", b"\r:"),
    (b"\n", b"\n:"),
    (b"\\", b'\\":'),
    (b"\\", b"\\u0000"),
)
MEMBER = b'":'
UNWANTED = re.compile("[\x00\ud800-\udfff]")
NEEDED = 5


class CloudEvent(IncomingEvent, gc=False):
    """An event, and what CloudEvents says of it besides."""

    specversion: str = ""
    datacontenttype: str | None = None


class KeptEvent(CloudEvent, gc=False):
    """An event that came through a door which keeps everything that it can read."""

    is_kept: ClassVar[bool] = True

    @classmethod
    def of(cls, event: CloudEvent) -> KeptEvent:
        """Return an event to be kept."""
        return cls(event.source, event.id, event.type, event.subject, event.time, event.data, event.specversion)


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that can't be read; the source and the id are there if they are."""

    source: str | None
    id: str | None
    error: BillingError


class _Unusual(Exception):
    """It is to be read with care."""


@dataclass(frozen=True, slots=True)
class _Spoilt:
    """What stands in a document for a part that has no meaning, or more than one."""

    reason: str


def read_quickly(body: bytes) -> list[CloudEvent] | CloudEvent | None:
    """Return the events of a body if all of them are of the usual shape; None says nothing yet.

    An object is one event, and an array a batch.
    """
    try:
        events = (_decode_batch if body[:1] == b"[" else _decode_one)(body)
        if is_loose(body):
            return None
        listed = events if isinstance(events, list) else [events]
        if not _are_usual(listed):
            return None
        count = NEEDED * len(listed)
        for event in listed:
            if event.time is not None:
                count += 1
            if event.datacontenttype is not None:
                count += 1
            if event.data is not None:
                count += 1 + _members(event.data, 2)
    except (msgspec.MsgspecError, _Unusual, RecursionError, UnicodeDecodeError):
        return None
    return events if count == body.count(MEMBER) else None


def read_with_care(body: bytes) -> list[CloudEvent | Refused] | CloudEvent | Refused:
    """Return the events of a body, and for each that can't be read why not.

    Raises:
        InvalidRequest: it is no JSON document.
    """
    found = read_document(body)
    return [event_of(item) for item in found] if isinstance(found, list) else event_of(found)


def read_document(body: bytes) -> Any:
    """Return a JSON document in which what is wrong with a part is only found when that part is looked at.

    Raises:
        InvalidRequest: it is no JSON document.
    """
    try:
        return _CAREFUL.decode(body.decode("utf-8", errors="strict"))
    except RecursionError:
        raise InvalidRequest("the body can't be read: it is nested too deep") from None
    except ValueError:
        raise InvalidRequest("the body can't be read: it is not JSON") from None


def event_of(item: Any) -> CloudEvent | Refused:
    """Return one event of a document, or why it is none."""
    try:
        return _checked(item)
    except InvalidRequest as error:
        source, id_ = (_name(item, attribute) for attribute in ("source", "id"))
        return Refused(source, id_, error)


def _checked(item: Any) -> CloudEvent:
    _require_sound(item)
    if not isinstance(item, dict):
        raise InvalidRequest("an event is a JSON object")
    if "data_base64" in item:
        raise InvalidRequest("data_base64 is not taken; an event's data is JSON", parameter="data_base64")
    for name in item:
        if not ATTRIBUTE.fullmatch(name):
            raise InvalidRequest(
                f"{name[:64]!r} is no attribute: they have small letters and digits", parameter=name[:64]
            )
    try:
        event = msgspec.convert(item, CloudEvent)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        name = path.strip("`").removeprefix("$.") or "event"
        raise InvalidRequest(f"{name[:128]}: {reason}", parameter=name[:128]) from None
    if event.specversion != SPECVERSION:
        raise InvalidRequest("only events of the specversion 1.0 are taken", parameter="specversion")
    if not is_source(event.source):
        raise InvalidRequest(
            f"source is a URI reference, and those that begin with {RESERVED} are this server's own", parameter="source"
        )
    if event.datacontenttype is not None and not is_json_type(event.datacontenttype):
        raise InvalidRequest("an event's data is JSON", parameter="datacontenttype")
    return event


@lru_cache(maxsize=1_024)
def is_source(source: str) -> bool:
    """Tell whether events may come from a source: it is written as references are, and not one of this server's."""
    return REFERENCE.fullmatch(source) is not None and not source.startswith(RESERVED)


@lru_cache(maxsize=64)
def is_json_type(content_type: str) -> bool:
    """Tell whether a content type says JSON."""
    return JSON_TYPE.fullmatch(content_type.strip()) is not None


def _are_usual(events: Sequence[CloudEvent]) -> bool:
    """Tell whether what comes again and again in events is as it should be."""
    return (
        {event.specversion for event in events} <= {SPECVERSION}
        and all(map(is_source, {event.source for event in events}))
        and all(map(is_json_type, {event.datacontenttype for event in events} - {None}))
    )


def is_loose(body: bytes) -> bool:
    """Tell whether a member may be written otherwise than with one quote that a colon follows, or a NUL be there."""
    for single, part in LOOSE:  # noqa: SIM110 - a generator costs more than the search
        if single in body and part in body:
            return True
    return False


def _members(found: Mapping[str, Any], depth: int) -> int:
    """Count the members of an object, those of the objects within it as well."""
    if depth > DEEPEST:
        raise _Unusual
    count = len(found)
    for value in found.values():
        kind = value.__class__
        if kind is int:
            if not -LARGEST < value < LARGEST:
                raise _Unusual
        elif kind is dict:
            count += _members(value, depth + 1)
        elif kind is list:
            count += _members_in(value, depth + 1)
    return count


def _members_in(found: Iterable[Any], depth: int) -> int:
    # A list is looked through as if its values were members, which do not count.
    values = dict(enumerate(found))
    return _members(values, depth) - len(values)  # type: ignore[arg-type] # the names are not looked at


def _require_sound(item: Any) -> None:
    """Check that every part of an event has one meaning.

    Raises:
        InvalidRequest: one has not.
    """
    level: list[Any] = [item]
    for _ in range(DEEPEST + 1):
        deeper: list[Any] = []
        for found in level:
            if isinstance(found, _Spoilt):
                raise InvalidRequest(f"the event can't be read: {found.reason}")
            if isinstance(found, str) and UNWANTED.search(found):
                raise InvalidRequest("the event can't be read: it holds a NUL or half a character")
            if isinstance(found, dict):
                deeper += [*found, *found.values()]
            elif isinstance(found, list):
                deeper += found
        if not deeper:
            return
        level = deeper
    raise InvalidRequest("the event can't be read: it is nested too deep")


def _name(item: Any, attribute: str) -> str | None:
    found = item.get(attribute) if isinstance(item, dict) else None
    return found if isinstance(found, str) and 1 <= len(found) <= 255 and found.isprintable() else None


def _fraction(text: str) -> Decimal:
    found = Decimal(text)
    if len(text) > LONGEST_NUMBER or abs(found.adjusted()) > LARGEST_EXPONENT:
        raise _Unusual
    return found


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Spoilt("it names a member twice")


def _number(text: str) -> Any:
    return int(text) if len(text) <= LONGEST_NUMBER else _Spoilt("it holds a number that is too long")


def _decimal(text: str) -> Any:
    try:
        return _fraction(text)
    except _Unusual:
        return _Spoilt("it holds a number that is too long or not finite")


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


_decode_batch = msgspec.json.Decoder(list[CloudEvent], float_hook=_fraction).decode
_decode_one = msgspec.json.Decoder(CloudEvent, float_hook=_fraction).decode
_CAREFUL = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_number, parse_float=_decimal, parse_constant=_constant
)
