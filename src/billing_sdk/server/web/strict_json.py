"""JSON as RFC 7493 (I-JSON) wants it: one meaning, whoever reads it."""

from __future__ import annotations

import json
import math
from typing import Any

from billing_sdk.errors import InvalidRequest

MAX_DEPTH = 32
MAX_NUMBER_CHARACTERS = 40


def read_json(body: bytes) -> Any:
    """Read a JSON document.

    Raises:
        InvalidRequest: it is not UTF-8 or not JSON, repeats a member, nests deeper than 32, holds NaN, an
            infinity, a number of more than 40 characters, a lone surrogate or a NUL.
    """
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_members,
            parse_constant=_refuse_constant,
            parse_int=_whole,
            parse_float=_fraction,
        )
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not a JSON document") from None
    _check(document, MAX_DEPTH)
    return document


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidRequest("the body names a member twice")
    return members


def _refuse_constant(name: str) -> Any:
    raise InvalidRequest(f"{name} is not a JSON number")


def _whole(digits: str) -> int:
    if len(digits) > MAX_NUMBER_CHARACTERS:
        raise InvalidRequest("the body holds a number that is too long")
    return int(digits)


def _fraction(digits: str) -> float:
    value = float(digits)
    if len(digits) > MAX_NUMBER_CHARACTERS or not math.isfinite(value):
        raise InvalidRequest("the body holds a number that is too long")
    return value


def _check(document: Any, levels_left: int) -> None:
    """Refuse what a document may not hold; `levels_left` counts objects and lists that may still open."""
    match document:
        case str():
            if "\x00" in document or any("\ud800" <= character <= "\udfff" for character in document):
                raise InvalidRequest("the body holds a NUL or half a character")
        case dict() | list():
            if not levels_left:
                raise InvalidRequest(f"the body is nested deeper than {MAX_DEPTH}")
            for value in [*document, *document.values()] if isinstance(document, dict) else document:
                _check(value, levels_left - 1)
