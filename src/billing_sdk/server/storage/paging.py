"""Pages of a list, cut at an id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, Select

from billing_sdk.errors import InvalidRequest

T = TypeVar("T")

MAX_PAGE_SIZE = 500


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is wanted: what follows one item, or what comes before another.

    Attributes:
        newest_first: whether the list begins with what was made last; it begins with the oldest otherwise.

    Raises:
        InvalidRequest: both are named, or the size is not between 1 and 500.
    """

    page_size: int = 10
    starting_after: str | None = None
    ending_before: str | None = None
    newest_first: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= MAX_PAGE_SIZE:
            raise InvalidRequest(f"page_size is not between 1 and {MAX_PAGE_SIZE}", parameter="page_size")
        if self.starting_after is not None and self.ending_before is not None:
            raise InvalidRequest("starting_after and ending_before exclude each other", parameter="ending_before")


FIRST_PAGE = PageRequest()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some consecutive items of a list; `has_more` says whether it goes on in the direction that was asked for."""

    items: tuple[T, ...]
    has_more: bool


def read_page(
    connection: Connection,
    query: Select[Any],
    column: ColumnElement[str],
    wanted: PageRequest,
    read: Callable[[RowMapping], T],
) -> Page[T]:
    """Return one page of a query, in the order of an id column, whose values are larger the later they were made."""
    is_backwards = wanted.ending_before is not None
    place = wanted.ending_before if is_backwards else wanted.starting_after
    is_falling = is_backwards is not wanted.newest_first
    if place is not None:
        query = query.where(column < place if is_falling else column > place)
    query = query.order_by(column.desc() if is_falling else column).limit(wanted.page_size + 1)
    rows = connection.execute(query).mappings().all()
    items = [read(row) for row in rows[: wanted.page_size]]
    if is_backwards:
        items.reverse()
    return Page(tuple(items), has_more=len(rows) > wanted.page_size)


def newest_rows(
    connection: Connection,
    query: Select[Any],
    column: ColumnElement[str],
    *,
    after: str | None,
    before: str | None,
    size: int,
) -> list[RowMapping]:
    """Return some rows of a query, in the order of an id column, the largest first.

    Args:
        connection: where to ask.
        query: what is wanted.
        column: the ids.
        after: what follows this id in that order, so smaller ones.
        before: what comes before this id; those next to it are returned.
        size: how many at most.
    """
    if after is not None:
        query = query.where(column < after)
    if before is not None:
        query = query.where(column > before)
    query = query.order_by(column if before is not None else column.desc()).limit(size)
    rows = list(connection.execute(query).mappings().all())
    return rows[::-1] if before is not None else rows
