"""Pages: the two ways in which the published API cuts a list."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from billing_sdk.errors import InvalidRequest
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


def next_token_after(page: Page[T], *, id_of: Callable[[T], str]) -> str | None:
    """Return a token for the page that follows; None after the last one."""
    if not page.has_more:
        return None
    return base64.urlsafe_b64encode(id_of(page.items[-1]).encode()).decode()


def item_of(next_token: str | None) -> str | None:
    """Return the id of the item that a page goes on after; None for the first page.

    Raises:
        InvalidRequest: this server did not make the token.
    """
    if not next_token:
        return None
    try:
        item_id = base64.b64decode(next_token, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise _foreign_token() from None
    if not item_id.isprintable() or base64.urlsafe_b64encode(item_id.encode()).decode() != next_token:
        raise _foreign_token()
    return item_id


def _foreign_token() -> InvalidRequest:
    return InvalidRequest("next_token is not one of ours", parameter="next_token")


def _index(ids: list[str], item_id: str, parameter: str) -> int:
    try:
        return ids.index(item_id)
    except ValueError:
        raise InvalidRequest(f"{parameter} names no item of this list", parameter=parameter) from None
