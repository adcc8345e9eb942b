"""JSON as signed documents need it: one meaning only, and bounded (RFC 7493; RFC 8725, section 3.7)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final

DEEPEST: Final = 32
LONGEST_NUMBER: Final = 40


def parse_object(document: bytes | str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: it is not UTF-8, not JSON or not an object; a member is there twice; a number is longer than 40
            characters or not finite; it is nested deeper than 32; or a text has half a character.
    """
    text = document.decode("utf-8", errors="strict") if isinstance(document, bytes) else document
    try:
        found = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_constant,
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the document is wrong, not the argument
    _require_plain(found)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is there twice")
    return found


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(text)


def _fraction(text: str) -> float:
    found = float(text)
    if len(text) > LONGEST_NUMBER or not math.isfinite(found):
        raise ValueError("a number is too long or not finite")
    return found


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _require_plain(document: dict[str, Any]) -> None:
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for item in level:
            members: Iterable[Any] = (*item, *item.values()) if isinstance(item, dict) else item
            for member in members:
                if isinstance(member, str):
                    member.encode("utf-8")  # half a surrogate pair has no UTF-8 and raises
                elif isinstance(member, dict | list):
                    inner.append(member)
        if not inner:
            return
        level = inner
    raise ValueError("nested too deep")
