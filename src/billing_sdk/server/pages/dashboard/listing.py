"""Lists: columns, rows and cells that any page can show, page by page, with what was filtered by kept in the links.

A list is cut at a cursor, which is the id of the last row that was shown: the page after it is found on an index
however long the list is. Nothing is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.words import Phrase, Value, phrase

T = TypeVar("T")

PAGE_SIZE = 50
AFTER = "after"
MAX_ASKED_LENGTH = 256
# What an address says for one answer only, and no link of a list carries on.
PASSING = frozenset({AFTER, "done", "refused", "lang"})


@dataclass(frozen=True, slots=True)
class Column:
    """What stands above a column.

    Attributes:
        is_number: its cells are amounts or counts, which are set at the end of the line.
    """

    label: Phrase
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; a template writes its value with `language.write`.

    Attributes:
        value: what it says: text, a phrase, an amount, a number or a day.
        url: where it leads, if anywhere.
        tone: `good`, `note`, `bad` or `plain` where the value is a status; empty otherwise.
        note: a second, quieter line.
        is_code: the value is an id or a key.
    """

    value: Value = ""
    url: str = ""
    tone: str = ""
    note: Value = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row, whose first cell says what it is about."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list.

    Attributes:
        next_url: the page after it; empty on the last one.
        first_url: the first page; empty where this is it.
        filters: what the list was filtered by, by the names of the parameters.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    next_url: str = ""
    first_url: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)


def row(*cells: Cell | Value) -> Row:
    """Return a row; what is not a cell yet becomes a plain one."""
    return Row(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in cells))


def asked(request: Request, name: str) -> str:
    """Return what the address asks for by a name; empty where it says nothing that a database could look for."""
    value = request.query_params.get(name, "").strip()
    return value if len(value) <= MAX_ASKED_LENGTH and value.isprintable() else ""


def one_of(request: Request, name: str, allowed: Mapping[str, object] | Sequence[str]) -> str:
    """Return what the address asks for by a name if it is among what there is; empty otherwise."""
    value = asked(request, name)
    return value if value in allowed else ""


def place_of(request: Request, *, newest_first: bool = True) -> PageRequest:
    """Return which part of a list the address asks for."""
    return PageRequest(PAGE_SIZE, starting_after=asked(request, AFTER) or None, newest_first=newest_first)


def bounded(count: int, most: int) -> Value:
    """Return a count as it is shown where counting has stopped one above a bound."""
    return phrase("more than %(number)s", number=most) if count > most else count


def listing(
    request: Request,
    columns: tuple[Column, ...],
    rows: Sequence[Row],
    *,
    last: str = "",
    filters: Mapping[str, str] | None = None,
) -> Listing:
    """Return a page of a list with the links to its neighbours, which keep what it was filtered by.

    Args:
        request: what asked for the page.
        columns: what stands above the rows.
        rows: what is shown.
        last: the cursor of the last row, where the list goes on after it; empty where it does not.
        filters: what the list was filtered by, for the form of the filters.
    """
    kept = {name: value for name, value in request.query_params.items() if name not in PASSING and value}
    path = request.url.path
    return Listing(
        columns,
        tuple(rows),
        next_url=address(path, {**kept, AFTER: last}) if last else "",
        first_url=address(path, kept) if AFTER in request.query_params else "",
        filters=filters or {},
    )


def address(path: str, parameters: Mapping[str, str]) -> str:
    """Return an address with those parameters that say anything."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"{path}?{query}" if query else path
