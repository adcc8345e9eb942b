"""What the resources share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

from billing_sdk._operation import C, Call, Flow, Resource
from billing_sdk.auth import Provider
from billing_sdk.errors import InvalidRequest, UnsafeAnswer
from billing_sdk.models import Document

T = TypeVar("T")
ACCOUNT: Final = "/account_api/v1"
MANAGEMENT: Final = "/api/v1"
PAGE_SIZE: Final = "100"
MOST_PAGES: Final = 100


class ProviderResource(Resource[C]):
    """A group of operations that need to know the provider."""

    def __init__(self, client: C, provider: Provider) -> None:
        self._client = client
        self._provider = provider


def segment(name: str, value: str) -> str:
    """Return an id as one segment of a path.

    Raises:
        InvalidRequest: it is empty, too long, or would be read as a part of the path itself.
    """
    if not 0 < len(value) <= 255 or not value.isprintable() or value in (".", ".."):
        raise InvalidRequest(f"{name} is not an id")
    return quote(value, safe="")


def given(**members: Any) -> dict[str, Any]:
    """Return the members that have a value."""
    return {name: value for name, value in members.items() if value is not None}


def done(_: Any) -> None:
    """Read an answer that says nothing but that it went well."""


def pages(
    fetch: Callable[[Mapping[str, str]], Call[Any]],
    cursor: Callable[[Any], tuple[bool, str | None]],
    *,
    parameter: str,
) -> Flow[list[Any]]:
    """Take page after page until the last.

    Args:
        fetch: describes the call for one page, given the parameters of the cursor.
        cursor: returns whether there is more, and where the next page starts.
        parameter: name under which the cursor is sent.

    Raises:
        UnsafeAnswer: the cursor does not advance, or there are more than a hundred pages.
    """
    found: list[Any] = []
    seen: set[str] = set()
    parameters: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        page = yield from fetch(parameters)
        found.append(page)
        has_more, following = cursor(page)
        if not has_more:
            return found
        if not following or following in seen:
            raise UnsafeAnswer("the cursor of a list does not advance")
        seen.add(following)
        parameters = {parameter: following}
    raise UnsafeAnswer("a list has more than a hundred pages")


def account_cursor(page: Any) -> tuple[bool, str | None]:
    """Read the cursor of an Account API page."""
    metadata = Document(page, "page").object_or_none("metadata")
    if metadata is None:
        return False, None
    return metadata.flag("has_more"), metadata.text_or_none("next_page_starting_after")


def token_cursor(page: Any) -> tuple[bool, str | None]:
    """Read the cursor of a Management API list of users or organizations."""
    following = Document(page, "page").text_or_none("next_token")
    return bool(following), following


def last_id_cursor(noun: str) -> Callable[[Any], tuple[bool, str | None]]:
    """Return a reader of the cursor of a Management API billing list: the last item's id."""

    def cursor(page: Any) -> tuple[bool, str | None]:
        document = Document(page, "page")
        if not document.flag("has_more"):
            return False, None
        ids = document.objects(noun, lambda item: Document(item, noun).text("id"))
        return True, ids[-1] if ids else None

    return cursor


def one(member: str, read: Callable[[Any], T]) -> Callable[[Any], T]:
    """Return a reader of the one thing that an answer of the Management API holds under a name."""

    def found(data: Any) -> T:
        return read(Document(data, "answer").object(member).members)

    return found


def every(path: str, noun: str, read: Callable[[Any], T], **params: str) -> Flow[tuple[T, ...]]:
    """Take every page of a billing list of the Management API whose items have codes; `params` narrow it."""

    def fetch(cursor: Mapping[str, str]) -> Call[Any]:
        fixed = {"page_size": PAGE_SIZE, **params}
        return Call("GET", path, raw, params={**fixed, **cursor}, credential="machine")

    def following(page: Any) -> tuple[bool, str | None]:
        document = Document(page, "page")
        if not document.flag("has_more"):
            return False, None
        codes = document.objects(noun, lambda item: Document(item, noun).text("code", "id"))
        return True, codes[-1] if codes else None

    found = yield from pages(fetch, following, parameter="starting_after")
    return tuple(item for page in found for item in Document(page, "answer").objects(noun, read))


def wire_time(at: datetime, name: str) -> str:
    """Return an instant as it is on the wire, in UTC.

    Raises:
        InvalidRequest: it has no time zone.
    """
    if at.tzinfo is None:
        raise InvalidRequest(f"{name} has to have a time zone")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def raw(data: Any) -> Any:
    """Read a page that is read again, member by member, when all pages are there."""
    return data
