"""Long lists of one thing, such as the lines of an invoice, which are at hand as a whole and shown stretch by stretch.

What a list of its own is cut at is the id of a row (`dashboard/listing.py`); here it is a number, since nothing comes
in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

T = TypeVar("T")

AT_ONCE = 50
MOST_DIGITS = 6
# What an address says for one answer only, and no link of a list carries on.
PASSING = frozenset({"done", "refused", "lang", "line"})


@dataclass(frozen=True, slots=True)
class Stretch(Generic[T]):
    """A part of a list that is shown.

    Attributes:
        begin: how many come before it.
        count: how many there are in all.
        next_url: the stretch after it; empty on the last one.
        first_url: the first one; empty where this is it.
    """

    items: tuple[T, ...]
    begin: int
    count: int
    next_url: str
    first_url: str


def stretch_of(
    request: Request, items: Sequence[T], *, name: str = "skip", including: int | None = None, at_once: int = AT_ONCE
) -> Stretch[T]:
    """Return the part of a list that the address asks for, with the links to its neighbours.

    Args:
        request: what asked for the page.
        items: the whole list.
        name: of the parameter that says how many come before; another one for each list of a page.
        including: the place of one that is to be shown in any case, whatever the address asks for.
        at_once: how many are shown.
    """
    begin = _number_in(request.query_params.get(name, ""))
    if including is not None:
        begin = including - including % at_once
    begin = begin if begin < len(items) else 0
    kept = {key: value for key, value in request.query_params.items() if key not in PASSING and key != name and value}
    end = begin + at_once
    return Stretch(
        tuple(items[begin:end]),
        begin,
        len(items),
        next_url=f"?{urlencode({**kept, name: end})}" if end < len(items) else "",
        first_url=f"?{urlencode(kept)}" if begin else "",
    )


def _number_in(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0
