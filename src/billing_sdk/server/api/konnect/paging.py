"""Pages: cut at a number, or at a cursor that only this server can make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from billing_sdk._secret import Secret
from billing_sdk.errors import ConfigurationError, InvalidRequest
from billing_sdk.server.api.konnect.bodies import View
from billing_sdk.server.sealing import Sealer

T = TypeVar("T")

DEFAULT_SIZE = 20
MAX_SIZE = 1000
MAX_NUMBER = 1_000_000
LONGEST_CURSOR = 1024


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """Which page is wanted, from 1 on."""

    size: int = DEFAULT_SIZE
    number: int = 1

    def cut(self, items: Sequence[T]) -> list[T]:
        """Return the page of a list that is at hand as a whole."""
        start = self.size * (self.number - 1)
        return list(items[start : start + self.size])


@dataclass(frozen=True, slots=True)
class CursorPage:
    """Which page is wanted: what follows a cursor, or comes before another; both are as `cursor_for` made them."""

    size: int = DEFAULT_SIZE
    after: str | None = None
    before: str | None = None


class PageMeta(View):
    """Which page it is of how many items in all."""

    size: int
    number: int
    total: int


class PagedMeta(View):
    """About a page."""

    page: PageMeta


class Paged(View, Generic[T]):
    """A page that was asked for by its number."""

    data: list[T]
    meta: PagedMeta


class CursorMeta(View):
    """Where to go on; `next` is null after the last page, `previous` before the first."""

    size: int
    next: str | None
    previous: str | None
    first: str | None = None
    last: str | None = None


class CursoredMeta(View):
    """About a page."""

    page: CursorMeta


class Cursored(View, Generic[T]):
    """A page that was asked for by a cursor."""

    data: list[T]
    meta: CursoredMeta


def paged(data: list[T], wanted: NumberedPage, total: int) -> Paged[T]:
    """Return a page as an answer."""
    meta = PageMeta(size=wanted.size, number=wanted.number, total=total)
    return Paged[T](data=data, meta=PagedMeta(page=meta))


def cursored(
    items: Sequence[T], data: list[object], wanted: CursorPage, *, cursor_of: Callable[[T], str]
) -> Cursored[object]:
    """Return a page as an answer.

    Args:
        items: those of the page.
        data: the same, as they are shown.
        wanted: what was asked for.
        cursor_of: makes the cursor of an item; see `cursor_for`.
    """
    first, last = (cursor_of(items[0]), cursor_of(items[-1])) if items else (None, None)
    is_full = len(items) == wanted.size
    has_next = is_full or wanted.before is not None
    has_previous = wanted.after is not None or (wanted.before is not None and is_full)
    meta = CursorMeta(
        size=wanted.size,
        next=last if has_next else None,
        previous=first if has_previous else None,
        first=first,
        last=last,
    )
    return Cursored[object](data=data, meta=CursoredMeta(page=meta))


def cursor_for(place: str, sealer: Sealer, *, of: str) -> str:
    """Return a cursor for a place in a list, which is of no use for another list."""
    return sealer.seal(Secret(place), place=f"konnect/{of}")


def place_of(cursor: str | None, sealer: Sealer, *, of: str, parameter: str = "page[after]") -> str | None:
    """Return the place that a cursor stands for; None without one.

    Raises:
        InvalidRequest: this server did not make it, or not for this list.
    """
    if cursor is None:
        return None
    try:
        return sealer.open(cursor, place=f"konnect/{of}").reveal()
    except ConfigurationError:
        raise InvalidRequest("the cursor is not one of ours", parameter=parameter, source="query") from None


def read_numbered(given: Mapping[str, str]) -> NumberedPage:
    """Read `page[size]` and `page[number]`.

    Raises:
        InvalidRequest: one is no whole number in its bounds, or there is another.
    """
    _check_known(given, ("size", "number"))
    return NumberedPage(_whole(given, "size", DEFAULT_SIZE, most=MAX_SIZE), _whole(given, "number", 1, most=MAX_NUMBER))


def read_cursor(given: Mapping[str, str]) -> CursorPage:
    """Read `page[size]`, `page[after]` and `page[before]`.

    Raises:
        InvalidRequest: the size is no whole number in its bounds, both cursors are given, or there is another.
    """
    _check_known(given, ("size", "after", "before"))
    after, before = given.get("after"), given.get("before")
    if after is not None and before is not None:
        raise InvalidRequest(
            "page[after] and page[before] exclude each other", parameter="page[before]", source="query"
        )
    for name, cursor in (("after", after), ("before", before)):
        if cursor is not None and not 1 <= len(cursor) <= LONGEST_CURSOR:
            raise InvalidRequest("the cursor is not one of ours", parameter=f"page[{name}]", source="query")
    return CursorPage(_whole(given, "size", DEFAULT_SIZE, most=MAX_SIZE), after, before)


def _check_known(given: Mapping[str, str], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise InvalidRequest(
                f'property "page[{name[:64]}]" is unsupported',
                parameter=f"page[{name[:64]}]",
                source="query",
                rule="unknown_property",
            )


def _whole(given: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    field = f"page[{name}]"
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidRequest(f"{field} is not a whole number", parameter=field, source="query", rule="is_integer")
    if not 1 <= int(text) <= most:
        raise InvalidRequest(f"{field} is not between 1 and {most}", parameter=field, source="query")
    return int(text)
