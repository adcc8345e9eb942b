"""CloudEvents whose attributes are in headers, and whose data is the body.

Source: CloudEvents 1.0.2, "HTTP Protocol Binding", section 3.1; RFC 9110, section 5.6.4 (quoted strings).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.web.cloud_events import ATTRIBUTE, CloudEvent, Refused, event_of, read_document

PREFIX = b"ce-"
# What is not an attribute of its own: the data is the body, and its type the body's.
ELSEWHERE = ("data", "datacontenttype")
QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(rb"\\(.)")
STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
PLAIN = re.compile(rb"[\x20-\x7e]*")


def event_in_headers(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> CloudEvent | Refused:
    """Return the event that a request's headers and its body make.

    Raises:
        InvalidRequest: an attribute is given twice, or can't be read; or the body is no JSON document.
    """
    item: dict[str, Any] = {}
    for header, value in headers:
        if not header.startswith(PREFIX):
            continue
        name = header[len(PREFIX) :].decode("latin-1")
        if not ATTRIBUTE.fullmatch(name) or name in ELSEWHERE:
            raise InvalidRequest(f"ce-{name[:64]} is no attribute of an event", parameter=f"ce-{name[:64]}")
        if name in item:
            raise InvalidRequest(f"ce-{name[:64]} is given twice", parameter=f"ce-{name[:64]}")
        item[name] = _text(name, value)
    if body:
        item["data"] = read_document(body)
    return event_of(item)


def _text(name: str, value: bytes) -> str:
    """Return an attribute's value: quotes are taken away, and what is encoded with percent signs is decoded, once."""
    value = value.strip()
    if quoted := QUOTED.fullmatch(value):
        value = ESCAPED.sub(rb"\1", quoted[1])
    if STRAY_PERCENT.search(value) or not PLAIN.fullmatch(value):
        raise _unreadable(name)
    try:
        return unquote_to_bytes(value).decode("utf-8", errors="strict")
    except UnicodeDecodeError:
        raise _unreadable(name) from None


def _unreadable(name: str) -> InvalidRequest:
    return InvalidRequest(f"ce-{name[:64]} can't be read", parameter=f"ce-{name[:64]}")
