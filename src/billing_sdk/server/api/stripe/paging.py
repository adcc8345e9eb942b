"""Lists: which page is wanted, by which filters; and the page as an answer.

v1 pages are cut at ids (`starting_after`, `ending_before`), v2 pages at a cursor that only this server can make and
that holds the filters as well: a page is of the list that was asked for at first. A route that lists something has a
`Listing` of its own, with what can be filtered by::

    class RateFilters(Filters):
        metered_item: str | None = None

    RATES = Listing(RateFilters)

    def list_rates(engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[RateFilters], Depends(RATES)]):
        ...
        return answer(wanted.page(rates, RateView.of, place_of=lambda rate: rate.id))

Source: Stripe documentation, Pagination; API v2, List pagination.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar, get_args, get_origin
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from pydantic import SerializeAsAny, ValidationError, model_validator
from starlette.requests import Request

from billing_sdk._secret import Secret
from billing_sdk.errors import ConfigurationError, InvalidRequest
from billing_sdk.server.api.stripe.bodies import FormBody, View
from billing_sdk.server.api.stripe.forms import read_form
from billing_sdk.server.api.stripe.ids import Kind, ours
from billing_sdk.server.sealing import Sealer

T = TypeVar("T")
F = TypeVar("F", bound="Filters")

V1_LIMIT: Final = 10
V2_LIMIT: Final = 20
MOST: Final = 100
LONGEST_CURSOR: Final = 8_192


class Filters(FormBody):
    """What a list can be filtered by: read from the query, where arrays and objects are as in forms.

    An array may be one plain value, which some clients make of an array with one item.
    """

    @model_validator(mode="before")
    @classmethod
    def _one_is_an_array(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        arrays = {name for name, field in cls.model_fields.items() if _is_array(field.annotation)}
        return {name: [value] if name in arrays and isinstance(value, str) else value for name, value in data.items()}


class ListObject(View):
    """A page of v1."""

    object: Literal["list"] = "list"
    data: list[SerializeAsAny[View]]
    has_more: bool
    url: str


class Page(View):
    """A page of v2; the addresses are paths of this server."""

    data: list[SerializeAsAny[View]]
    next_page_url: str | None
    previous_page_url: str | None


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """Some consecutive items of a list, and whether there are others on either side."""

    items: Sequence[T]
    first: str | None = None
    last: str | None = None
    has_next: bool = False
    has_previous: bool = False


@dataclass(frozen=True, slots=True)
class Wanted(Generic[F]):
    """Which page of a list is wanted.

    Attributes:
        filters: what the items have to be like.
        limit: how many items a page has.
        after: the place of the item that the page follows.
        before: the place of the item that the page comes before; never both.
        query: the filters as they were sent, which the addresses of other pages hold.
        is_v1: whose places are ids as the client knows them; those of v2 may be anything.
    """

    filters: F
    limit: int
    after: str | None
    before: str | None
    query: dict[str, Any]
    path: str
    is_v1: bool
    sealer: Sealer

    def page(self, items: Sequence[T], show: Callable[[T], View], *, place_of: Callable[[T], str]) -> ListObject | Page:
        """Return the page of a list that is at hand as a whole, in its order.

        Args:
            items: the list.
            show: shows an item.
            place_of: tells what stands for an item in it, which no other has; in v1 its id as clients know it.

        Raises:
            InvalidRequest: there is no item at the place that was named.
        """
        cut = self.cut(items, place_of=place_of)
        return self.shown(cut, [show(item) for item in cut.items])

    def cut(self, items: Sequence[T], *, place_of: Callable[[T], str]) -> Cut[T]:
        """Return which items of a list are on the page; arguments and errors as those of `page`."""
        places = [place_of(item) for item in items]
        start, end = 0, len(items)
        if self.after is not None:
            start = self._find(places, self.after, "starting_after") + 1
        if self.before is not None:
            end = self._find(places, self.before, "ending_before")
            start = max(end - self.limit, 0)
        end = min(end, start + self.limit)
        found = places[start:end]
        return Cut(
            items[start:end],
            first=found[0] if found else None,
            last=found[-1] if found else None,
            has_next=end < len(items),
            has_previous=start > 0,
        )

    def trimmed(self, items: Sequence[T], *, place_of: Callable[[T], str]) -> Cut[T]:
        """Return the page of a list that was read from a place on.

        Args:
            items: those that follow `after`, or come right before `before`, in the order of the list: one more than
                the page has, where there is one.
            place_of: as for `page`.
        """
        is_over, is_backwards = len(items) > self.limit, self.before is not None
        kept = items[-self.limit :] if is_backwards else items[: self.limit]
        return Cut(
            kept,
            first=place_of(kept[0]) if kept else None,
            last=place_of(kept[-1]) if kept else None,
            has_next=is_backwards or is_over,
            has_previous=is_over if is_backwards else self.after is not None,
        )

    def shown(self, cut: Cut[T], views: Sequence[View]) -> ListObject | Page:
        """Return a page as an answer; the views are those of its items."""
        if self.is_v1:
            has_more = cut.has_next if self.before is None else cut.has_previous
            return ListObject(data=list(views), has_more=has_more, url=self.path)
        return Page(
            data=list(views),
            next_page_url=self._url(after=cut.last) if cut.has_next else None,
            previous_page_url=self._url(before=cut.first) if cut.has_previous else None,
        )

    def known(self, kind: Kind, place: str | None, parameter: str) -> str | None:
        """Return our id for a place of v1; errors as those of `ours`."""
        return None if place is None else ours(kind, place, param=parameter)

    def _find(self, places: Sequence[str], place: str, parameter: str) -> int:
        try:
            return places.index(place)
        except ValueError:
            name = parameter if self.is_v1 else "page"
            raise InvalidRequest(
                f"No such item: '{place[:80]}'", parameter=name, published_code="resource_missing"
            ) from None

    def _url(self, *, after: str | None = None, before: str | None = None) -> str:
        place = {"q": self.query, "n": self.limit, "a": after, "b": before}
        token = self.sealer.seal(Secret(json.dumps(place)), place=f"stripe{self.path}")
        return f"{self.path}?page={quote(token, safe='')}"


class Listing(Generic[F]):
    """What a list can be asked; `Depends` of it gives what it was asked, as `Wanted`.

    Args:
        filters: what it can be filtered by.
        limit: how many items a page has where nothing is said; 10 in v1 and 20 in v2 by default.
    """

    def __init__(self, filters: type[F], *, limit: int | None = None) -> None:
        self._filters = filters
        self._limit = limit

    async def __call__(self, request: Request) -> Wanted[F]:
        """Read what was asked.

        Raises:
            InvalidRequest, RequestValidationError: the list can't be asked that.
        """
        is_v1 = request.app.state.api == "v1"
        given = read_form(request.scope["query_string"], may_repeat=True)
        usual = self._limit or (V1_LIMIT if is_v1 else V2_LIMIT)
        sealer: Sealer = request.app.state.engine.sealer
        path = request.url.path
        limit = None if "limit" not in given else _limit(given.pop("limit"))
        after, before = None, None
        if is_v1:
            request.state.expand = given.pop("expand", None)
            after, before = _id(given, "starting_after"), _id(given, "ending_before")
            if after is not None and before is not None:
                raise InvalidRequest("starting_after and ending_before exclude each other", parameter="ending_before")
        elif "page" in given:
            place = _place_of(given.pop("page"), sealer, path)
            if given and given != place["q"]:
                raise InvalidRequest("the filters are not those that the page is of", parameter=next(iter(given)))
            given, after, before = place["q"], place["a"], place["b"]
            limit = limit or place["n"]
        try:
            filters = self._filters.model_validate(given)
        except ValidationError as error:
            faults = [{**fault, "loc": ("query", *fault["loc"])} for fault in error.errors()]
            raise RequestValidationError(faults, body=given) from None
        return Wanted(filters, limit or usual, after, before, given, path, is_v1, sealer)


class NoFilters(Filters):
    """A list that is always the whole."""


def _is_array(annotation: Any) -> bool:
    """Tell whether a type is that of an array, or of one that may be left out."""
    return get_origin(annotation) is list or any(get_origin(one) is list for one in get_args(annotation))


def _limit(text: Any) -> int:
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidRequest("it is not a whole number", parameter="limit", published_code="parameter_invalid_integer")
    if not 1 <= int(text) <= MOST:
        raise InvalidRequest(f"limit is not between 1 and {MOST}", parameter="limit")
    return int(text)


def _id(given: dict[str, Any], name: str) -> str | None:
    value = given.pop(name, None)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest("it is not one id", parameter=name)
    return value


def _place_of(token: Any, sealer: Sealer, path: str) -> dict[str, Any]:
    wrong = InvalidRequest("the page is not one that was given here", parameter="page")
    if not isinstance(token, str) or len(token) > LONGEST_CURSOR:
        raise wrong
    try:
        place: dict[str, Any] = json.loads(sealer.open(token, place=f"stripe{path}").reveal())
    except (ConfigurationError, ValueError):
        raise wrong from None
    return place
