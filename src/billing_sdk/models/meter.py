"""Meters, and what they show (extensions of the Management API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class MeterCondition:
    """What has to hold in an event's data for a meter to count it.

    Attributes:
        path: to the value in question, such as `$.status`.
        operator: `eq`, `ne`, `in`, `not_in` or `exists`.
        values: what it is compared with, as text; none for `exists`.
    """

    path: str
    operator: str = "eq"
    values: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: Any) -> MeterCondition:
        """Read one condition."""
        document = Document(data, "condition")
        return cls(document.text("path"), document.text("operator"), document.texts("values"))

    @property
    def document(self) -> dict[str, Any]:
        """The condition as it is on the wire."""
        return {"path": self.path, "operator": self.operator, "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class Meter:
    """Something that is measured.

    Attributes:
        event_type: events of this type count.
        aggregation: `sum`, `count`, `unique_count`, `average`, `minimum`, `maximum`, `latest` or `weighted_sum`.
        value_path: to the value in an event's data; None where events are counted.
        dimensions: paths to what usage is marked with, by name.
        late_seconds: how old a use may be when it is reported; None is without limit.
        early_seconds: how far ahead its time may lie.
        unknown_subjects: `refuse` or `keep`.
        archived_at: from then on nothing is counted; None while it is in use.
    """

    id: str
    key: str
    name: str
    event_type: str
    aggregation: str
    value_path: str | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict)
    conditions: tuple[MeterCondition, ...] = ()
    late_seconds: int | None = None
    early_seconds: int = 0
    unknown_subjects: str = "refuse"
    created_at: datetime | None = None
    archived_at: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> Meter:
        """Read one meter."""
        document = Document(data, "meter")
        return cls(
            id=document.text("id"),
            key=document.text("key"),
            name=document.text_or_none("name") or "",
            event_type=document.text("event_type"),
            aggregation=document.text("aggregation"),
            value_path=document.text_or_none("value_path"),
            dimensions=document.text_members("dimensions"),
            conditions=document.objects("conditions", MeterCondition.read),
            late_seconds=document.whole_or_none("late_seconds"),
            early_seconds=document.whole_or_none("early_seconds") or 0,
            unknown_subjects=document.text("unknown_subjects"),
            created_at=document.instant_or_none("created_on"),
            archived_at=document.instant_or_none("archived_on"),
        )


@dataclass(frozen=True, slots=True)
class UsageWindow:
    """What a meter shows for a stretch of time, and for one combination of dimensions.

    Attributes:
        start: the first instant.
        end: the first one after it.
        value: exact.
        dimensions: by the names that the query groups by; None where usage is not marked.
    """

    start: datetime
    end: datetime
    value: Decimal
    dimensions: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def read(cls, data: Any) -> UsageWindow:
        """Read one row."""
        document = Document(data, "usage window")
        dimensions = document.object("dimensions").members
        return cls(
            start=document.instant("from"),
            end=document.instant("to"),
            value=document.exact("value"),
            dimensions={name: None if value is None else str(value) for name, value in dimensions.items()},
        )
