"""Usage events: what was used, in the terms of CloudEvents 1.0, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing_sdk._event_ids import new_event_id
from billing_sdk.errors import APIError, InvalidQuantity, InvalidRequest
from billing_sdk.models._read import Document

MOST_DEPTH = 20


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """Something that was used.

    Attributes:
        type: what kind of use it is; the meters of this type count it. A metered feature has a meter whose type is the
            feature's key, and which adds up `data["value"]`.
        subject: who used it: the id of a customer or of an agreement, a user's id, an organization's code, or a key
            that a customer goes by.
        data: what is known of the use; numbers are exact (`int`, `Decimal` or digits), a float is refused.
        id: unique within its source; sent again with the same id an event is still one event.
        source: which system reports it; the client's own name if None.
        time: when it was used; the server's present if None.
    """

    type: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=new_event_id)
    source: str | None = None
    time: datetime | None = None

    @classmethod
    def of(
        cls,
        type: str,  # noqa: A002 - the attribute's name in CloudEvents
        value: Decimal | int | str | None = None,
        *,
        subject: str,
        dimensions: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        id: str | None = None,  # noqa: A002 - as above
        source: str | None = None,
        time: datetime | None = None,
    ) -> UsageEvent:
        """Return an event that says how much was used, marked with dimensions; `data` adds what else is known.

        The value is 1 where neither it nor a `value` of the data is given.

        Raises:
            InvalidRequest: both are.
        """
        said: dict[str, Any] = dict(data or {})
        if value is not None and "value" in said:
            raise InvalidRequest("the value of an event is given twice", parameter="value")
        said.setdefault("value", 1 if value is None else value)
        if dimensions:
            said["dimensions"] = dict(dimensions)
        return cls(type, subject, said, new_event_id() if id is None else id, source, time)

    def document(self, source: str) -> dict[str, Any]:
        """Return the event as it is on the wire.

        Args:
            source: who reports it where the event does not say so.

        Raises:
            InvalidRequest: its time has no time zone, or its data can't be written as JSON.
            InvalidQuantity: a number is not exact.
        """
        found: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source or source,
            "type": self.type,
            "subject": self.subject,
            "data": exact(self.data),
        }
        if self.time is not None:
            if self.time.tzinfo is None:
                raise InvalidRequest("the time of an event has to have a time zone", parameter="time")
            found["time"] = self.time.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return found


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """What became of an event.

    Attributes:
        recorded_at: when the server first took it; None where it was refused.
        error: why it was refused.
    """

    source: str
    id: str
    recorded_at: datetime | None = None
    error: APIError | None = None

    @property
    def is_recorded(self) -> bool:
        """Whether it counts."""
        return self.error is None


def exact(value: Any, *, depth: int = 0) -> Any:
    """Return data with decimals as their digits, so that JSON keeps them.

    Raises:
        InvalidQuantity: a float, which would be another number on the way.
        InvalidRequest: something that is not JSON, or nested very deep.
    """
    if depth > MOST_DEPTH:
        raise InvalidRequest("the data of an event is nested too deep", parameter="data")
    match value:
        case float():
            raise InvalidQuantity("a float is not exact; use int, Decimal or text")
        case str() | int() | None:
            return value
        case Decimal():
            if not value.is_finite() or abs(value.adjusted()) > 40:
                raise InvalidQuantity("a quantity has to be finite, and of at most 40 digits")
            return f"{value:f}"
        case Mapping():
            if not all(isinstance(name, str) for name in value):
                raise InvalidRequest("members of JSON objects have text for names", parameter="data")
            return {name: exact(member, depth=depth + 1) for name, member in value.items()}
        case list() | tuple():
            return [exact(member, depth=depth + 1) for member in value]
        case _:
            raise InvalidRequest(f"{type(value).__name__} can't be written as JSON", parameter="data")


def read_results(data: Any) -> tuple[tuple[str, str, datetime | None, Mapping[str, Any] | None], ...]:
    """Read what the server says of each event: source, id, and when it was recorded or why it was refused."""

    def read(item: Any) -> tuple[str, str, datetime | None, Mapping[str, Any] | None]:
        document = Document(item, "result")
        refused = None if document.text("status") == "accepted" else document.members
        # What has no id can't say it.
        named = (document.text_or_none("source") or "", document.text_or_none("id") or "")
        return (*named, document.instant_or_none("recorded_at"), refused)

    return Document(data, "answer").objects("results", read)
