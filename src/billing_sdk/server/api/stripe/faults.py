"""What is wrong with a request that has not the form of one: the first fault, as a code, a message and a parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from fastapi.exceptions import RequestValidationError

CODES: Final[Mapping[str, str]] = {
    "missing": "parameter_missing",
    "extra_forbidden": "parameter_unknown",
    "int_type": "parameter_invalid_integer",
    "int_parsing": "parameter_invalid_integer",
    "int_from_float": "parameter_invalid_integer",
    "string_too_short": "parameter_invalid_empty",
    "too_short": "parameter_invalid_empty",  # of lists: none has to have more than one member
}


class Fault(NamedTuple):
    """What is wrong; `param` is written as the client writes it."""

    code: str
    message: str
    param: str | None


def fault_of(error: RequestValidationError, *, is_v1: bool) -> Fault:
    """Return the first fault of a request."""
    found = min(error.errors(), key=lambda one: one["type"] not in ("missing", "extra_forbidden"))
    place = _place_in(error.body, found["loc"][1:])
    param = _written(place, is_v1=is_v1) or None
    context = found.get("ctx", {})
    code = str(context.get("code") or CODES.get(found["type"], "parameter_invalid"))
    if found["type"] == "missing":
        return Fault(code, f"Missing required param: {param or 'the body'}.", param)
    if found["type"] == "extra_forbidden":
        return Fault(code, f"Received unknown parameter: {param}", param)
    if found.get("input", ...) is None or code == "parameter_invalid_empty":
        return Fault("parameter_invalid_empty", f"{param} can't be empty.", param)
    return Fault(code, f"Invalid {param or 'request'}: {found['msg']}", param)


def _place_in(body: Any, loc: Sequence[Any]) -> list[Any]:
    """Return where in a body something is: without what only the reader's types have, such as the tags of a union."""
    place: list[Any] = []
    holder = body
    for number, part in enumerate(loc):
        is_last = number == len(loc) - 1
        is_there = (isinstance(holder, dict) and part in holder) or (
            isinstance(holder, list) and isinstance(part, int) and part < len(holder)
        )
        if is_there:
            place.append(part)
            holder = holder[part]
        elif is_last and isinstance(holder, dict):
            place.append(part)
    return place


def _written(place: Sequence[Any], *, is_v1: bool) -> str:
    text = "".join(f"[{part}]" if is_v1 or isinstance(part, int) else f".{part}" for part in place[1:])
    return f"{place[0]}{text}"[:200] if place else ""
