"""Lists of v1 that a database cuts: the newest first, by ids that grow with time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.ids import Kind, ours
from billing_sdk.server.api.stripe.paging import Cut, Filters, ListObject, Page, Wanted

T = TypeVar("T")
Item = TypeVar("Item", covariant=True)
F = TypeVar("F", bound=Filters)


class Read(Protocol[Item]):
    """Reads items, the newest first: those after an id, those before one, or the first ones."""

    def __call__(self, *, after: str | None, before: str | None, size: int) -> Sequence[Item]:
        """Return as many as `size` at most."""


def newest_page(
    wanted: Wanted[F],
    kind: Kind,
    read: Read[T],
    show: Callable[[Sequence[T]], Sequence[View]],
    *,
    exists: Callable[[str], object],
) -> ListObject | Page:
    """Return the page that is wanted.

    Args:
        wanted: the page.
        kind: of which kind the ids are; see `ids.PREFIXES`.
        read: reads items.
        show: shows those of the page.
        exists: raises NotFound for an id of ours that there is not.

    Raises:
        InvalidRequest: there is no item with the id that the page begins or ends at.
    """
    after = _place(kind, wanted.after, "starting_after", exists)
    before = _place(kind, wanted.before, "ending_before", exists)
    found = read(after=after, before=before, size=wanted.limit + 1)
    has_more = len(found) > wanted.limit
    items = found[-wanted.limit :] if before is not None else found[: wanted.limit]
    return wanted.shown(Cut(items, has_next=has_more, has_previous=has_more), show(items))


def _place(kind: Kind, text: str | None, parameter: str, exists: Callable[[str], object]) -> str | None:
    if text is None:
        return None
    try:
        our_id = ours(kind, text)
        exists(our_id)
    except NotFound:
        raise InvalidRequest(
            f"No such {kind.replace('_', ' ')}: '{text[:80]}'", parameter=parameter, published_code="resource_missing"
        ) from None
    return our_id
