"""Meters: what is measured, and what it comes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from json import dumps
from typing import Any, Literal, TypeAlias

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import Document, Meter, MeterCondition, UsageWindow
from billing_sdk.resources._base import MANAGEMENT, every, given, one, segment, wire_time

PATH = f"{MANAGEMENT}/billing/meters"
METER = one("meter", Meter.read)
# Ten thousand rows, each with some dimensions.
LONGEST_ANSWER = 16 * 1_048_576

Aggregation: TypeAlias = Literal[
    "sum", "count", "unique_count", "average", "minimum", "maximum", "latest", "weighted_sum"
]
Granularity: TypeAlias = Literal["minute", "hour", "day", "month"]


class Meters(Resource[C]):
    """Meters; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self) -> Flow[tuple[Meter, ...]]:
        """Return every meter, archived ones too, in the order of their keys (extension)."""
        return every(PATH, "meters", Meter.read)

    @operation
    def get(self, key: str) -> Call[Meter]:
        """Return one meter (extension).

        Raises:
            NotFound: there is none with this key.
        """
        return Call("GET", f"{PATH}/{segment('key', key)}", METER, credential="machine")

    @operation
    def create(
        self,
        *,
        key: str,
        name: str,
        event_type: str,
        aggregation: Aggregation,
        value_path: str | None = None,
        dimensions: Mapping[str, str] | None = None,
        conditions: Sequence[MeterCondition] = (),
        late_seconds: int | None = None,
        early_seconds: int | None = None,
        unknown_subjects: Literal["refuse", "keep"] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Meter]:
        """Measure something; what a meter measures never changes (extension).

        It counts the events that there are already, too.

        Args:
            key: what queries and features call it.
            name: for people.
            event_type: events of this type count.
            aggregation: how values are put together.
            value_path: to the value in an event's data, such as `$.tokens`; none where events are counted.
            dimensions: paths to what usage is marked with, by name; the name `*` takes every member of an object.
            conditions: what has to hold for an event to count.
            late_seconds: how old a use may be when it is reported; without limit, if it is not given.
            early_seconds: how far ahead its time may lie; five minutes, if it is not given.
            unknown_subjects: whether events of a subject that nobody goes by are refused (as they are if it is not
                given), or kept for a customer who comes later.
            idempotency_key: makes the call safe to repeat.

        Raises:
            InvalidRequest: something is out of its bounds, or contradicts the aggregation.
            DuplicateKey: a meter has this key.
        """
        body: dict[str, Any] = {"key": key, "name": name, "event_type": event_type, "aggregation": aggregation}
        body |= given(
            value_path=value_path,
            dimensions=dict(dimensions) if dimensions else None,
            conditions=[condition.document for condition in conditions] or None,
            late_seconds=late_seconds,
            early_seconds=early_seconds,
            unknown_subjects=unknown_subjects,
        )
        return Call("POST", PATH, METER, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def update(
        self,
        key: str,
        *,
        name: str | None = None,
        is_archived: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Meter]:
        """Change what is given and leave the rest (extension).

        A meter that is archived counts nothing more; when it is taken back, it counts what has arrived meanwhile.

        Raises:
            NotFound: there is no such meter.
            MeterInUse: it is to be archived, and a feature is measured by it.
        """
        path = f"{PATH}/{segment('key', key)}"
        body = given(name=name, is_archived=is_archived)
        return Call("PATCH", path, METER, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def query(
        self,
        key: str,
        *,
        since: datetime,
        until: datetime | None = None,
        granularity: Granularity | None = None,
        zone: str | None = None,
        group_by: Collection[str] = (),
        filters: Mapping[str, str | Collection[str]] | None = None,
        subjects: Collection[str] = (),
        customer_ids: Collection[str] = (),
    ) -> Call[tuple[UsageWindow, ...]]:
        """Return what a meter shows, a row for each window and group in which there was usage (extension).

        Args:
            key: of the meter.
            since: the first instant.
            until: the first one that does not count any more; now, if it is not given.
            granularity: what the time is split by; it is shown as a whole, if it is not given.
            zone: where days and months begin, such as `Europe/Berlin`; UTC, if it is not given.
            group_by: dimensions, `subject` or `customer_id`, each combination of which is shown by itself.
            filters: by dimension, the value or the values that count.
            subjects: whose usage; everybody's, if it is not given.
            customer_ids: likewise.

        Raises:
            NotFound: there is no such meter, or customer.
            InvalidZone: there is no such time zone.
            QueryTooLarge: there would be more than ten thousand rows, or too many events to read one by one.
        """
        params: dict[str, Any] = {"from": wire_time(since, "since")}
        params |= given(
            to=None if until is None else wire_time(until, "until"),
            granularity=granularity,
            zone=zone,
            group_by=tuple(group_by) or None,
            subject=tuple(subjects) or None,
            customer_id=tuple(customer_ids) or None,
            filters=dumps([_filter(name, wanted) for name, wanted in filters.items()]) if filters else None,
        )
        path = f"{PATH}/{segment('key', key)}/query"
        return Call("GET", path, _rows, params=params, credential="machine", max_bytes=LONGEST_ANSWER)


def _filter(name: str, wanted: str | Collection[str]) -> dict[str, Any]:
    values = [wanted] if isinstance(wanted, str) else list(wanted)
    return {"dimension": name, "operator": "in", "values": values}


def _rows(data: Any) -> tuple[UsageWindow, ...]:
    return Document(data, "answer").objects("usage", UsageWindow.read)
