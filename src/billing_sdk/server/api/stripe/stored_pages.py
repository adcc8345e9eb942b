"""Pages that the database cuts, for lists that may be long: the newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from billing_sdk.server.api.stripe.paging import Cut, Filters, Wanted
from billing_sdk.server.storage import Page, PageRequest

T = TypeVar("T")
F = TypeVar("F", bound=Filters)

# Behind every id, which begin with the name of a kind.
BEHIND_ALL: Final = "zz"


def newest_first(wanted: Wanted[F], read: Callable[[PageRequest], Page[T]], *, id_of: Callable[[T], str]) -> Cut[T]:
    """Return which things are on the page that is wanted.

    Args:
        wanted: whose places are our own ids.
        read: reads a page of the list in the order of the ids, the oldest first.
        id_of: tells our id of a thing.
    """
    if wanted.before is not None:
        page = read(PageRequest(wanted.limit, starting_after=wanted.before))
        has_next, has_previous = True, page.has_more
    else:
        page = read(PageRequest(wanted.limit, ending_before=wanted.after or BEHIND_ALL))
        has_next, has_previous = page.has_more, wanted.after is not None
    items = page.items[::-1]
    ids = [id_of(item) for item in items]
    return Cut(items, ids[0] if ids else None, ids[-1] if ids else None, has_next, has_previous)
