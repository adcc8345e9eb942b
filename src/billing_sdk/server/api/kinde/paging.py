"""Pages: the two ways in which the published API cuts a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from billing_sdk._secret import Secret
from billing_sdk.errors import ConfigurationError, InvalidRequest, NotFound
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.paging import Page, PageRequest

T = TypeVar("T")

PageSize = Annotated[int, Query(ge=1, le=500, description="How many items a page has at most.")]
StartingAfter = Annotated[str | None, Query(max_length=128, description="Id of the item to go on after.")]
EndingBefore = Annotated[str | None, Query(max_length=128, description="Id of the item to end before.")]
NextToken = Annotated[str | None, Query(max_length=256, description="What the page before gave as `next_token`.")]


def cut(items: Sequence[T], wanted: PageRequest, *, id_of: Callable[[T], str]) -> Page[T]:
    """Return one page of a list that is at hand as a whole.

    Raises:
        InvalidRequest: the item that the page starts after or ends before is not in the list.
    """
    ids = [id_of(item) for item in items]
    if wanted.ending_before is not None:
        end = _index(ids, wanted.ending_before, "ending_before")
        start = max(0, end - wanted.page_size)
        return Page(tuple(items[start:end]), has_more=start > 0)
    start = 0 if wanted.starting_after is None else _index(ids, wanted.starting_after, "starting_after") + 1
    end = start + wanted.page_size
    return Page(tuple(items[start:end]), has_more=end < len(ids))


def request_after(
    page_size: int, starting_after: str | None, ending_before: str | None, *, known: Callable[[str], object]
) -> PageRequest:
    """Return a request for a page of a list that the database cuts.

    Args:
        page_size: how many items.
        starting_after: the cursor.
        ending_before: the cursor, backwards.
        known: finds an item by its cursor.

    Raises:
        InvalidRequest: there are two cursors, or one that names no item.
    """
    wanted = PageRequest(page_size, starting_after, ending_before)
    for parameter, cursor in (("starting_after", starting_after), ("ending_before", ending_before)):
        if cursor is not None:
            try:
                known(cursor)
            except NotFound:
                raise _unknown(parameter) from None
    return wanted


def next_token_after(page: Page[T], sealer: Sealer, *, of: str, id_of: Callable[[T], str]) -> str | None:
    """Return a token for the page that follows; None after the last one.

    Args:
        page: the page before.
        sealer: makes the token one that nobody else can make or read.
        of: which list it is; the token is of no use for another.
        id_of: the id of an item.
    """
    if not page.has_more:
        return None
    return token_for(id_of(page.items[-1]), sealer, of=of)


def token_for(item_id: str, sealer: Sealer, *, of: str) -> str:
    """Return a token for the page that goes on after an item."""
    return sealer.seal(Secret(item_id), place=f"pages/{of}")


def item_of(next_token: str | None, sealer: Sealer, *, of: str) -> str | None:
    """Return the id of the item that a page goes on after; None for the first page.

    Raises:
        InvalidRequest: this server did not make the token, or not for this list.
    """
    if not next_token:
        return None
    try:
        return sealer.open(next_token, place=f"pages/{of}").reveal()
    except ConfigurationError:
        raise InvalidRequest("next_token is not one of ours", parameter="next_token") from None


def _index(ids: list[str], item_id: str, parameter: str) -> int:
    try:
        return ids.index(item_id)
    except ValueError:
        raise _unknown(parameter) from None


def _unknown(parameter: str) -> InvalidRequest:
    return InvalidRequest(f"{parameter} names no item of this list", parameter=parameter)
