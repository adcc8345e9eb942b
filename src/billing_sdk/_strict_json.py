"""JSON with one meaning only, and bounded (RFC 7493; RFC 8725, section 3.7): the one reader of both sides.

A parser that takes the last of two members, or reads 1e999 as infinity, gives a document a second meaning for whoever
reads it differently.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

DEEPEST: Final = 32
LONGEST_NUMBER: Final = 40
# What is looked for in a longer text before, so that a hostile one costs no call for each of its thousands of values.
_SHORT_TEXT: Final = 4_096
_LONG_NUMBER: Final = re.compile(r"[0-9]{40}")
_SUSPICIOUS_ESCAPE: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNWANTED: Final = re.compile("[\x00\ud800-\udfff]")


def parse(document: bytes | str) -> Any:
    """Return a JSON document.

    Raises:
        ValueError: it is not UTF-8 or not JSON; a member is there twice; a number is longer than 40 characters or not
            finite; it is nested deeper than 32; or a text holds a NUL or half a character.
    """
    text = document.decode("utf-8", errors="strict") if isinstance(document, bytes) else document
    try:
        found = (_CAREFUL if len(text) <= _SHORT_TEXT or _LONG_NUMBER.search(text) else _DECODER).decode(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError("it is not JSON") from None
    if text.count("[") + text.count("{") > DEEPEST:
        _require_shallow(found)
    # Decoded UTF-8 holds no half characters, and JSON no raw NUL: only an escape can bring them.
    if isinstance(document, str) or ("\\u" in text and _SUSPICIOUS_ESCAPE.search(text)):
        _require_whole_characters(found)
    return found


def parse_object(document: bytes | str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: as `parse`, or the document is something else than an object.
    """
    found = parse(document)
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - the document is wrong, not the argument
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("it names a member twice")
    return found


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("it holds a number that is too long")
    return int(text)


def _fraction(text: str) -> float:
    found = float(text)
    if len(text) > LONGEST_NUMBER or not math.isfinite(found):
        raise ValueError("it holds a number that is too long or not finite")
    return found


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


def _require_shallow(document: Any) -> None:
    level: list[Any] = [document] if isinstance(document, dict | list) else []
    for _ in range(DEEPEST):
        level = [
            member
            for holder in level
            for member in (holder.values() if isinstance(holder, dict) else holder)
            if isinstance(member, dict | list)
        ]
        if not level:
            return
    raise ValueError("it is nested too deep")


def _require_whole_characters(document: Any) -> None:
    waiting: list[Any] = [document]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            if _UNWANTED.search(found):
                raise ValueError("it holds a NUL or half a character")
        elif isinstance(found, dict):
            waiting += [*found, *found.values()]
        elif isinstance(found, list):
            waiting += found


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_float=_fraction, parse_constant=_constant)
_CAREFUL: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_fraction, parse_constant=_constant
)
