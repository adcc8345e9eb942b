"""Paths into JSON documents: the singular queries of RFC 9535, which lead to one value at most."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from billing_sdk.errors import InvalidRequest

LONGEST_PATH = 255
STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\['([^'\\]+)'\]|\[\"([^\"\\]+)\"\]|\[([0-9]{1,6})\]")


class _Nothing:
    """What a path leads to that leads nowhere; unlike None, it is no value of JSON."""


NOTHING: Final = _Nothing()


@lru_cache(maxsize=1_024)
def steps_of(path: str) -> tuple[str | int, ...]:
    """Return the steps of a path such as `$.tokens` or `$.usage['input'][0]`.

    Raises:
        InvalidRequest: it is no such path.
    """
    steps: list[str | int] = []
    place = 1
    while place < len(path) and (found := STEP.match(path, place)):
        name = found[1] or found[2] or found[3]
        steps.append(name if name is not None else int(found[4]))
        place = found.end()
    if not path.startswith("$") or place != len(path) or len(path) > LONGEST_PATH:
        raise InvalidRequest(
            f"{path[:40]!r} is no path to one value of a JSON document, such as $.tokens", parameter="path"
        )
    return tuple(steps)


def value_at(document: Any, path: str) -> Any:
    """Return what a path leads to, or NOTHING."""
    for step in steps_of(path):
        if isinstance(document, dict):
            if step not in document:
                return NOTHING
            document = document[step]
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        else:
            return NOTHING
    return document
