"""Strict reading of JSON documents: a member of the wrong type is refused, an extra one ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from billing_sdk.errors import UnsafeAnswer

T = TypeVar("T")

# Checked before Decimal sees the text: Decimal itself takes exponents, underscores and digits of any script.
PLAIN_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)


class Document:
    """One JSON object of an answer, read member by member.

    Raises:
        UnsafeAnswer: from every method, when the member is missing or of another type; it names the member
            and never shows the value.
    """

    def __init__(self, data: Any, noun: str) -> None:
        if not isinstance(data, Mapping):
            raise UnsafeAnswer(f"the answer is not a JSON object with {noun}")
        self._data = data
        self._noun = noun

    @property
    def members(self) -> Mapping[str, Any]:
        """The object itself."""
        return self._data

    def text(self, *names: str) -> str:
        """Return the first of these members; it has to be a string that is not empty."""
        found = self.text_or_none(*names)
        if not found:
            raise self._unfit(names[0])
        return found

    def text_or_none(self, *names: str) -> str | None:
        """Return the first of these members that is there, a string; or None."""
        found = self._first(names)
        if found is not None and not isinstance(found, str):
            raise self._unfit(names[0])
        return found

    def whole(self, name: str) -> int:
        """Return a whole number."""
        found = self.whole_or_none(name)
        if found is None:
            raise self._unfit(name)
        return found

    def whole_or_none(self, name: str) -> int | None:
        """Return a whole number; or None. True, `"1"` and 1.0 are not whole numbers."""
        found = self._data.get(name)
        if found is not None and type(found) is not int:
            raise self._unfit(name)
        return found

    def exact_or_none(self, name: str) -> Decimal | None:
        """Return a member that is a plain decimal number in text, or None where there is none."""
        found = self.text_or_none(name)
        if found is not None and not PLAIN_DECIMAL.fullmatch(found):
            raise self._unfit(name)
        return None if found is None else Decimal(found)

    def exact(self, name: str) -> Decimal:
        """Return a member that is a plain decimal number in text."""
        found = self.exact_or_none(name)
        if found is None:
            raise self._unfit(name)
        return found

    def flag(self, name: str) -> bool:
        """Return a boolean; false when it is missing. `"true"` and 1 are not booleans."""
        found = self._data.get(name)
        if found is not None and type(found) is not bool:
            raise self._unfit(name)
        return bool(found)

    def instant_or_none(self, name: str) -> datetime | None:
        """Return an aware UTC time, read from ISO 8601; or None."""
        found = self.text_or_none(name)
        if not found:
            return None
        try:
            return parse_instant(found)
        except ValueError:
            raise self._unfit(name) from None

    def instant(self, name: str) -> datetime:
        """Return an aware UTC time, read from ISO 8601."""
        found = self.instant_or_none(name)
        if found is None:
            raise self._unfit(name)
        return found

    def day(self, name: str) -> date:
        """Return a day, such as `2025-01-31`."""
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise self._unfit(name) from None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings; empty when it is missing."""
        items = self._items(name)
        if not all(isinstance(item, str) for item in items):
            raise self._unfit(name)
        return tuple(items)

    def wholes(self, name: str) -> dict[str, int]:
        """Return an object whose members are whole numbers; empty when it is missing."""
        found = self.object_or_none(name)
        members = dict(found.members) if found is not None else {}
        if not all(type(value) is int for value in members.values()):
            raise self._unfit(name)
        return members

    def whole_items(self, name: str) -> tuple[int, ...]:
        """Return a list of whole numbers; empty when it is missing."""
        items = self._items(name)
        if not all(type(item) is int for item in items):
            raise self._unfit(name)
        return tuple(items)

    def text_members(self, name: str) -> dict[str, str]:
        """Return an object whose members are strings; empty when it is missing."""
        found = self.object_or_none(name)
        members = dict(found.members) if found is not None else {}
        if not all(isinstance(value, str) for value in members.values()):
            raise self._unfit(name)
        return members

    def objects(self, name: str, read: Callable[[Any], T]) -> tuple[T, ...]:
        """Return a list of objects; empty when it is missing."""
        return tuple(read(item) for item in self._items(name))

    def object(self, name: str) -> Document:
        """Return an inner object."""
        return Document(self._data.get(name), f"{self._noun}.{name}")

    def object_or_none(self, name: str) -> Document | None:
        """Return an inner object; or None."""
        return None if self._data.get(name) is None else self.object(name)

    def _first(self, names: tuple[str, ...]) -> Any:
        return next((self._data[name] for name in names if self._data.get(name) is not None), None)

    def _items(self, name: str) -> list[Any]:
        found = self._data.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self._unfit(name)
        return found

    def _unfit(self, name: str) -> UnsafeAnswer:
        return UnsafeAnswer(f"{name} of {self._noun} is missing or of the wrong type")


def parse_instant(text: str) -> datetime:
    """Return an aware UTC time from ISO 8601; one without an offset is taken as UTC.

    Raises:
        ValueError: it is not a time, or lies outside the years that can be told.
    """
    if len(text) > 40:
        raise ValueError("not a time")
    found = datetime.fromisoformat(text)
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        raise ValueError("not a time") from None
