"""Readings are usage events: one store and one way to count, whatever reports what was used.

What a reading comes to is written out here, and not left to the store, which goes on to change: the rows of a reading
are the same whenever a database gets to this step. At this step every metered feature has a meter of its own, which
adds up `$.value` and tells apart by `$.dimensions`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from hashlib import blake2b
from itertools import groupby
from secrets import randbits
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

AT_ONCE = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000
EXACT = Context(prec=200)

# Every reading with the meter that counts its feature, in the order of arrival.
READINGS = sa.text("""
    SELECT r.id, r.agreement_id, r.feature_key, r.kind, r.value, r.used_at, r.recorded_at, r.counted_at,
        r.idempotency_key, r.dimensions, m.id AS meter_id, m.event_type
    FROM readings r
    LEFT JOIN features f ON f.key = r.feature_key
    LEFT JOIN meters m ON m.key = coalesce(f.meter_key, r.feature_key)
    ORDER BY r.recorded_at, r.id
""").columns(
    used_at=sa.DateTime(timezone=True),
    recorded_at=sa.DateTime(timezone=True),
    counted_at=sa.DateTime(timezone=True),
    dimensions=sa.JSON(),
)
TAKE_PLACES = sa.text(
    "UPDATE usage_places SET place = place + :count, last_token = token, token = :token RETURNING place"
)
ADD_KEY = sa.text(
    "INSERT INTO usage_keys (source_no, id, number) VALUES (:source_no, :id, :number) ON CONFLICT DO NOTHING"
)
ADD_EVENT = sa.text("""
    INSERT INTO usage_events (number, source_no, id, type_no, subject_no, hour, counted_at, time, recorded_at,
        is_absolute, fingerprint, data)
    VALUES (:number, :source_no, :id, :type_no, :subject_no, :hour, :counted_at, :time, :recorded_at,
        :is_absolute, :fingerprint, :data)
""")
MAKE_PARTITION = sa.text("SELECT make_usage_partition(:month)")
# The first one with a key is the one that counts.
DELETE_DUPLICATES = sa.text("""
    DELETE FROM usage_events WHERE number >= :first AND NOT EXISTS (
        SELECT 1 FROM usage_keys k
        WHERE k.source_no = usage_events.source_no AND k.id = usage_events.id AND k.number = usage_events.number
    )
""")
EVENTS = sa.text("""
    SELECT type_no, subject_no, hour, counted_at, recorded_at, id, is_absolute, data FROM usage_events
    WHERE number >= :first ORDER BY type_no, subject_no, hour
""").columns(is_absolute=sa.Boolean())
LAST_HOUR = sa.text("SELECT coalesce(max(number), 0) FROM usage_hours")
ADD_HOUR = sa.text("""
    INSERT INTO usage_hours
        (number, meter_no, hour, subject_no, dimensions_no, first_at, last_at, count, total, is_reset)
    VALUES (:number, :meter_no, :hour, :subject_no, :dimensions_no, :first_at, :last_at, :count, :total, :is_reset)
""")
NAMES = sa.table(
    "usage_names", sa.column("number", sa.Integer), sa.column("digest", sa.LargeBinary), sa.column("name", sa.Text)
)

Row = dict[str, Any]


def upgrade() -> None:
    """Move the readings into the usage store, whose roll-ups take the place of the totals of periods."""
    connection = op.get_bind()
    names = _Names(connection)
    first, meters = _move_readings(connection, names)
    connection.execute(DELETE_DUPLICATES, {"first": first})
    _roll_up(connection, names, first, meters)
    op.drop_table("usage_totals")
    op.drop_table("readings")


def _move_readings(connection: sa.Connection, names: _Names) -> tuple[int, dict[int, int]]:
    """Write the readings as events; return the number of the first one, and the meter of each type of event."""
    first = int(connection.execute(sa.text("SELECT place FROM usage_places")).scalar_one()) + 1
    meters: dict[int, int] = {}
    made: set[date] = set()
    found = connection.execute(READINGS, execution_options={"yield_per": AT_ONCE})
    for rows in found.mappings().partitions():
        if gone := [row["feature_key"] for row in rows if row["meter_id"] is None]:
            raise LookupError(f"usage of {gone[0]!r} is counted by no meter; is there a feature of this key?")
        places = {"count": len(rows), "token": randbits(63)}
        number = connection.execute(TAKE_PLACES, places).scalar_one() - len(rows) + 1
        numbers = names.numbers_of(
            name for row in rows for name in (_source_of(row), row["agreement_id"], row["event_type"], row["meter_id"])
        )
        events = [_event_of(row, place, numbers) for place, row in enumerate(rows, number)]
        if connection.dialect.name == "postgresql":
            _make_partitions(connection, rows, made)
        connection.execute(ADD_KEY, events)
        connection.execute(ADD_EVENT, events)
        meters |= {numbers[row["event_type"]]: numbers[row["meter_id"]] for row in rows}
    return first, meters


def _event_of(row: sa.RowMapping, number: int, numbers: dict[str, int]) -> Row:
    data: Row = {"value": _digits_of(row["value"])}
    if row["dimensions"]:
        data["dimensions"] = dict(row["dimensions"])
    said = [row["kind"], _utc(row["used_at"]).isoformat(), data]
    counted_at = _micros_of(row["counted_at"])
    return {
        "number": number,
        "source_no": numbers[_source_of(row)],
        "id": row["idempotency_key"] or row["id"],
        "type_no": numbers[row["event_type"]],
        "subject_no": numbers[row["agreement_id"]],
        "hour": counted_at // HOUR,
        "counted_at": counted_at,
        "time": _micros_of(row["used_at"]),
        "recorded_at": _micros_of(row["recorded_at"]),
        "is_absolute": row["kind"] == "absolute",
        "fingerprint": blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16).digest(),
        "data": _text_of(data),
    }


def _make_partitions(connection: sa.Connection, rows: Sequence[sa.RowMapping], made: set[date]) -> None:
    months = {_utc(row["counted_at"]).date().replace(day=1) for row in rows}
    for month in sorted(months - made):
        if 2000 <= month.year < 2100:  # all else is in one partition together
            connection.execute(MAKE_PARTITION, {"month": month})
    made |= months


def _roll_up(connection: sa.Connection, names: _Names, first: int, meters: dict[int, int]) -> None:
    """Write what the events come to, hour by hour."""
    events = connection.execute(EVENTS, {"first": first}, execution_options={"yield_per": AT_ONCE}).mappings()
    number = int(connection.execute(LAST_HOUR).scalar_one())
    waiting: list[Row] = []
    for (type_no, subject_no, hour), group in groupby(events, key=_hour_of):
        for marks, bucket in _buckets_of(group).items():
            number += 1
            place = {"number": number, "meter_no": meters[type_no], "hour": hour, "subject_no": subject_no}
            waiting.append({**place, **bucket, "total": str(bucket["total"]), "marks": marks})
        if len(waiting) >= AT_ONCE:
            _save(connection, names, waiting)
            waiting = []
    _save(connection, names, waiting)


def _hour_of(event: sa.RowMapping) -> tuple[int, int, int]:
    return event["type_no"], event["subject_no"], event["hour"]


def _buckets_of(events: Iterable[sa.RowMapping]) -> dict[str, Row]:
    """Return what the events of a subject in an hour come to, by what they are marked with.

    A total that is said begins anew for all of them; it reaches back to the first event, which it stands for, too.
    """
    buckets: dict[str, Row] = {}
    for event in sorted(events, key=lambda one: (one["counted_at"], one["recorded_at"], one["id"])):
        data, at = json.loads(event["data"]), event["counted_at"]
        marks = _text_of(sorted(data.get("dimensions", {}).items()))
        since = at
        if event["is_absolute"]:
            since = min([at, *(before["first_at"] for before in buckets.values())])
            buckets.clear()
        nothing = {"first_at": since, "count": 0, "total": Decimal(0), "is_reset": event["is_absolute"]}
        bucket = buckets.setdefault(marks, nothing)
        bucket["last_at"] = at
        bucket["count"] += 1
        bucket["total"] = EXACT.add(bucket["total"], Decimal(data["value"]))
    return buckets


def _save(connection: sa.Connection, names: _Names, hours: Sequence[Row]) -> None:
    if not hours:
        return
    numbers = names.numbers_of(hour["marks"] for hour in hours)
    connection.execute(ADD_HOUR, [{**hour, "dimensions_no": numbers[hour["marks"]]} for hour in hours])


class _Names:
    """The numbers that stand for names; new ones are given to new names."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._known: dict[str, int] = {}

    def numbers_of(self, names: Iterable[str]) -> dict[str, int]:
        """Return all numbers that are known, those of the names among them."""
        missing = sorted(set(names) - self._known.keys())
        for start in range(0, len(missing), AT_ONCE):
            some = {_digest_of(name): name for name in missing[start : start + AT_ONCE]}
            self._find(some)
            new = [{"digest": digest, "name": name} for digest, name in some.items() if name not in self._known]
            if new:
                self._connection.execute(NAMES.insert(), new)
                self._find(some)
        return self._known

    def _find(self, digests: Iterable[bytes]) -> None:
        found = sa.select(NAMES.c.name, NAMES.c.number).where(NAMES.c.digest.in_(digests))
        self._known.update({row.name: row.number for row in self._connection.execute(found)})


def _source_of(row: sa.RowMapping) -> str:
    return f"agreement/{row['agreement_id']}"


def _digest_of(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=16).digest()


def _digits_of(value: str) -> str:
    """Return plain digits without trailing zeros."""
    text = value.rstrip("0").rstrip(".") if "." in value else value
    return "0" if text == "-0" else text


def _text_of(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _utc(at: datetime) -> datetime:
    """Return an instant as it was meant: SQLite keeps no zone."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _micros_of(at: datetime) -> int:
    return (_utc(at) - EPOCH) // timedelta(microseconds=1)
