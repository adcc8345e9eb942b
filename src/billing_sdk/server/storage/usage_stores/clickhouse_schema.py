"""The tables of usage in ClickHouse.

A row is what one meter reads in one event; the first row of an event carries the event itself, so that an event, its
key and all that counts of it are one insert into one table. Its projections are written with the same part: the keys,
the order of arrival, and the roll-ups by hour. ClickHouse takes an insert into one partition whole or not at all, and
`number`, which decides the partition, is given out so that no insert reaches into two (ClickHouse documentation,
Transactional (ACID) support).
"""

from __future__ import annotations

from collections.abc import Mapping

from billing_sdk.server.domain.metering import Aggregation

EVENTS = "usage_events"
CORRECTIONS = "usage_corrections"

CODECS = {"data": " CODEC(ZSTD)"}

# Where an event stands among all others: the last one of an hour is the greatest of these.
PLACE = "(counted_at, recorded_at, source, id, value)"
AGGREGATES = {
    "first_at": "min(counted_at)",
    "last_at": "max(counted_at)",
    "count": "count()",
    "is_reset": "max(is_reset)",
    "total": "sum(value)",
    "moment": "sum(value * counted_at)",
    "minimum": "min(value)",
    "maximum": "max(value)",
    "latest": f"max({PLACE})",
    "values": "groupUniqArray(text)",
}
# What is asked for every meter, and what beside that for those of one kind.
ALWAYS = ("first_at", "last_at", "count", "is_reset")
NEEDED: dict[Aggregation, tuple[str, ...]] = {
    "sum": ("total",),
    "count": (),
    "unique_count": ("values",),
    "average": ("total",),
    "minimum": ("minimum",),
    "maximum": ("maximum",),
    "latest": ("latest",),
    "weighted_sum": ("total", "moment"),
}

# Microseconds since 1970, which have no zone and no end; decimals that hold any sum of quantities.
# The columns of each table. An insert says their types as well, else the client asks for them each time.
EVENT_COLUMNS = {
    "number": "Int64",
    "is_first": "Bool",
    "source": "String",
    "id": "String",
    "type": "LowCardinality(String)",
    "subject": "String",
    "time": "Int64",
    "counted_at": "Int64",
    "recorded_at": "Int64",
    "hour": "Int32",
    "data": "String",
    "is_reset": "Bool",
    "fingerprint": "FixedString(16)",
    "meter_id": "LowCardinality(String)",
    "value": "Nullable(Decimal(76, 12))",
    "text": "Nullable(String)",
    "dimensions": "String",
}
CORRECTION_COLUMNS = {
    "number": "Int64",
    "event_number": "Int64",
    "source": "String",
    "id": "String",
    "type": "LowCardinality(String)",
    "subject": "String",
    "counted_at": "Int64",
    "recorded_at": "Int64",
    "hour": "Int32",
    "is_reset": "Bool",
    "data": "Nullable(String)",
    "reason": "String",
    "actor": "String",
    "at": "Int64",
    "measured": "String",
}


def _definition_of(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}{CODECS.get(name, '')}" for name, kind in columns.items())


_EVENTS_DDL = f"""
CREATE TABLE IF NOT EXISTS {EVENTS} (
    {_definition_of(EVENT_COLUMNS)},
    PROJECTION by_key (SELECT source, id, number ORDER BY source, id),
    PROJECTION by_arrival (SELECT number, is_first, type, meter_id, subject, counted_at, source ORDER BY number),
    PROJECTION by_hour (
        SELECT type, meter_id, subject, hour, dimensions, {", ".join(AGGREGATES.values())}
        GROUP BY type, meter_id, subject, hour, dimensions
    )
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(fromUnixTimestamp64Micro(number, 'UTC'))
ORDER BY (type, meter_id, subject, counted_at)
"""

_CORRECTIONS_DDL = f"""
CREATE TABLE IF NOT EXISTS {CORRECTIONS} (
    {_definition_of(CORRECTION_COLUMNS)}
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(fromUnixTimestamp64Micro(number, 'UTC'))
ORDER BY (type, subject, counted_at, number)
"""

# An insert that is answered is on the disk, and so is what a merge has put in the place of older parts. The client
# sends one again whose connection broke; it is known by its token and counts once.
_DURABLE = (
    "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, "
    "min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1, "
    "non_replicated_deduplication_window = 10000"
)

TABLES = (_EVENTS_DDL + _DURABLE, _CORRECTIONS_DDL + _DURABLE)

# One insert becomes one block and one part, however many blocks it arrives in; and it is not put off.
SETTINGS = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "min_insert_block_size_rows": 10_000_000,
    "min_insert_block_size_bytes": 4_294_967_296,
    "max_insert_threads": 1,
}
