"""What is asked of ClickHouse; each question is one statement, or few where its arguments are many."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

import msgspec
from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error, InterfaceError, OperationalError

from billing_sdk.errors import ServerBusy
from billing_sdk.server.domain.metering import HourOfUsage, Meter
from billing_sdk.server.storage.outages import UsageStoreAway
from billing_sdk.server.storage.usage_stores.clickhouse_rows import CorrectionRow, EventRow, hour_of_usage
from billing_sdk.server.storage.usage_stores.clickhouse_schema import (
    AGGREGATES,
    ALWAYS,
    CORRECTION_COLUMNS,
    CORRECTIONS,
    EVENT_COLUMNS,
    EVENTS,
    NEEDED,
)

EVENT_NAMES = ", ".join(EVENT_COLUMNS)
CORRECTION_NAMES = ", ".join(CORRECTION_COLUMNS)

# A server takes 128 KiB in one argument (its setting http_max_field_value_size).
MOST_BYTES = 100_000
IN_FLIGHT_SECONDS = 30
# Errors of the server that pass: too slow, too many queries or parts, no memory or disk left, connections that broke
# (ClickHouse documentation, system.errors).
PASSING = frozenset((159, 160, 164, 202, 209, 210, 225, 241, 242, 243, 252, 279, 319, 425, 473, 745, 999))
PAUSE_SECONDS = 0.05

# An insert of a process that has died may still be on its way: until it has ended nobody knows which keys there are.
_IN_FLIGHT = """
SELECT count() FROM system.processes
WHERE query_kind = 'Insert' AND current_database = currentDatabase() AND match(query, 'usage_(events|corrections)')
"""
_NEWEST = f"SELECT greatest((SELECT max(number) FROM {EVENTS}), (SELECT max(number) FROM {CORRECTIONS}))"
# One text that the server takes apart: as an array of arguments, it would read them a third as fast.
_NUMBERS = f"""
SELECT source, id, number FROM {EVENTS}
WHERE (source, id) IN (SELECT arrayJoin(JSONExtract({{keys:String}}, 'Array(Tuple(String, String))')))
"""
# The projection by arrival tells where they stand in the table.
_EVENTS_AT = f"""
SELECT {EVENT_NAMES} FROM {EVENTS}
WHERE is_first AND number BETWEEN {{low:Int64}} AND {{high:Int64}}
AND (type, meter_id, subject, counted_at, number) IN (
    SELECT type, meter_id, subject, counted_at, number FROM {EVENTS}
    WHERE is_first AND number IN (SELECT arrayJoin(JSONExtract({{numbers:String}}, 'Array(Int64)')))
)
"""
# What takes the place of other data, while it does.
NEW_DATA = "usage_new_data"
_NEW_DATA_DDL = "(number Int64, data String) ENGINE = Join(ANY, LEFT, number)"
_CHANGES = f"""
SELECT number, type, subject, counted_at, source FROM (
    SELECT number, type, subject, counted_at, source FROM {EVENTS} WHERE is_first AND number > {{after:Int64}}
    ORDER BY number LIMIT {{limit:UInt64}}
    UNION ALL
    SELECT number, type, subject, counted_at, source FROM {CORRECTIONS} WHERE number > {{after:Int64}}
    ORDER BY number LIMIT {{limit:UInt64}}
) ORDER BY number LIMIT {{limit:UInt64}}
"""


Part = TypeVar("Part")


class Asked(NamedTuple):
    """Which usage is meant.

    Attributes:
        types: of which types of events; None for all.
        subjects: of which subjects; None for all.
        hours: the first and the last hour since 1970; None for all.
        instants: from and to before which microsecond since 1970 it counts; None for any time.
    """

    types: Collection[str] | None = None
    subjects: Collection[str] | None = None
    hours: tuple[int, int] | None = None
    instants: tuple[int, int] | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether there can't be any."""
        return any(one is not None and not one for one in (self.types, self.subjects))

    def where(self) -> tuple[str, dict[str, Any]]:
        """Return the condition, and its arguments."""
        conditions, arguments = ["true"], dict[str, Any]()
        if self.types is not None:
            conditions.append("type IN {types:Array(String)}")
            arguments["types"] = sorted(self.types)
        if self.subjects is not None:
            conditions.append("subject IN {subjects:Array(String)}")
            arguments["subjects"] = sorted(self.subjects)
        if self.hours is not None:
            conditions.append("hour BETWEEN {first:Int32} AND {last:Int32}")
            arguments["first"], arguments["last"] = self.hours
        if self.instants is not None:
            conditions.append("counted_at >= {start:Int64} AND counted_at < {end:Int64}")
            arguments["start"], arguments["end"] = self.instants
        return " AND ".join(conditions), arguments

    def parts(self) -> Iterator[Asked]:
        """Yield it in parts whose subjects fit into one statement."""
        if self.is_nothing:
            return
        if self.subjects is None:
            yield self
            return
        for part in in_parts(sorted(self.subjects)):
            yield self._replace(subjects=part)


class Queries:
    """Asks a client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def newest(self) -> int:
        """Return the highest place in the order of arrival, once nothing is on its way."""
        deadline = time.monotonic() + IN_FLIGHT_SECONDS
        while self._rows(_IN_FLIGHT)[0][0]:
            if time.monotonic() > deadline:
                raise ServerBusy("an insert of usage into ClickHouse has been under way for long")
            time.sleep(PAUSE_SECONDS)
        return int(self._rows(_NEWEST)[0][0])

    def numbers_of(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return the places of those events, of these sources and ids, that are there."""
        found = {}
        for part in in_parts(sorted(set(keys))):
            rows = self._rows(_NUMBERS, keys=msgspec.json.encode(part).decode())
            found.update({(source, id_): number for source, id_, number in rows})
        return found

    def events_at(self, numbers: Collection[int]) -> dict[int, EventRow]:
        """Return the events at places in the order of arrival."""
        found = {}
        for part in in_parts(sorted(numbers)):
            rows = self._rows(_EVENTS_AT, numbers=msgspec.json.encode(part).decode(), low=part[0], high=part[-1])
            found.update({row[0]: EventRow(*row) for row in rows})
        return found

    def events(self, asked: Asked, *, after: int, limit: int) -> list[EventRow]:
        """Return the next events in the order of arrival."""
        parts = [self._events(part, after=after, limit=limit) for part in asked.parts()]
        return sorted(row for part in parts for row in part)[:limit]

    def _events(self, asked: Asked, *, after: int, limit: int) -> list[EventRow]:
        where, arguments = asked.where()
        if asked == Asked():
            # The projection by arrival tells where the page ends, so that no more is read.
            last = (
                f"SELECT max(number) FROM (SELECT number FROM {EVENTS} WHERE is_first AND number > {{after:Int64}} "
                "ORDER BY number LIMIT {limit:UInt64})"
            )
            where += f" AND number <= ({last})"
        statement = (
            f"SELECT {EVENT_NAMES} FROM {EVENTS} WHERE is_first AND number > {{after:Int64}} AND {where} "
            "ORDER BY number LIMIT {limit:UInt64}"
        )
        return [EventRow(*row) for row in self._rows(statement, after=after, limit=limit, **arguments)]

    def corrections(self, asked: Asked) -> list[CorrectionRow]:
        """Return corrections, oldest first."""
        found = []
        for part in asked.parts():
            where, arguments = part.where()
            rows = self._rows(f"SELECT {CORRECTION_NAMES} FROM {CORRECTIONS} WHERE {where}", **arguments)
            found += [CorrectionRow(*row) for row in rows]
        return sorted(found)

    def hours(self, meter: Meter, asked: Asked) -> list[HourOfUsage]:
        """Return the roll-ups of a meter as they were when the events arrived."""
        return self._grouped("subject, hour, dimensions", "hour", meter, asked)

    def sums(self, meter: Meter, asked: Asked) -> list[HourOfUsage]:
        """Return what all hours come to, in the last hour of each series."""
        return self._grouped("subject, dimensions", "max(hour)", meter, asked)

    def _grouped(self, by: str, hour: str, meter: Meter, asked: Asked) -> list[HourOfUsage]:
        names = (*ALWAYS, *NEEDED[meter.aggregation])
        aggregates = ", ".join(AGGREGATES[name] for name in names)
        columns = ("subject", "hour", "dimensions", *names)
        found: list[HourOfUsage] = []
        for part in asked.parts():
            where, arguments = part.where()
            statement = (
                f"SELECT subject, {hour}, dimensions, {aggregates} FROM {EVENTS} "
                f"WHERE meter_id = {{meter_id:String}} AND {where} GROUP BY {by}"
            )
            rows = self._rows(statement, meter_id=meter.id, **arguments)
            found += [hour_of_usage(dict(zip(columns, row, strict=True))) for row in rows]
        return found

    def readings(self, meter_id: str, types: Collection[str], places: Collection[tuple[str, int]]) -> list[EventRow]:
        """Return all rows of a meter in some hours of some subjects."""
        statement = (
            f"SELECT {EVENT_NAMES} FROM {EVENTS} WHERE meter_id = {{meter_id:String}} "
            "AND type IN {types:Array(String)} AND (subject, hour) IN {places:Array(Tuple(String, Int32))}"
        )
        found = []
        for part in in_parts(sorted(places)):
            rows = self._rows(statement, meter_id=meter_id, types=sorted(types), places=part)
            found += [EventRow(*row) for row in rows]
        return found

    def count(self) -> int:
        """Return how many events there are."""
        return int(self._rows(f"SELECT count() FROM {EVENTS} WHERE is_first")[0][0])

    def counted(self, meter_id: str, event_type: str, first: int, last: int) -> set[int]:
        """Return the places of events that have a row of a meter, between two places."""
        statement = (
            f"SELECT number FROM {EVENTS} WHERE type = {{type:String}} AND meter_id = {{meter_id:String}} "
            "AND number BETWEEN {first:Int64} AND {last:Int64}"
        )
        rows = self._rows(statement, type=event_type, meter_id=meter_id, first=first, last=last)
        return {row[0] for row in rows}

    def changes(self, *, after: int, limit: int) -> list[Sequence[Any]]:
        """Return number, type, subject and instant of events and corrections after a place."""
        return self._rows(_CHANGES, after=after, limit=limit)

    def insert(self, table: str, rows: Sequence[EventRow] | Sequence[CorrectionRow]) -> None:
        """Insert rows of one month of arrival, all or none."""
        types = {EVENTS: EVENT_COLUMNS, CORRECTIONS: CORRECTION_COLUMNS}[table]
        identity = f"usage-{uuid4()}"
        settings = {"query_id": identity, "insert_deduplication_token": identity, "wait_end_of_query": 1}
        try:
            with reaching():
                self._client.insert(
                    table,
                    list(zip(*rows, strict=True)),
                    column_names=tuple(types),
                    column_type_names=tuple(types.values()),
                    column_oriented=True,
                    settings=settings,
                )
        except Exception:
            self._abandon(identity)
            raise

    def _abandon(self, identity: str) -> None:
        """Have an insert whose answer was lost end now: nobody may append while it is under way."""
        # Where that can't be said either, whoever appends next waits until the insert has ended.
        with suppress(Error):
            statement = "KILL QUERY WHERE query_id = {identity:String} SYNC"
            self._client.command(statement, parameters={"identity": identity})

    def put_data(self, table: str, data: Sequence[tuple[int, str]]) -> int:
        """Put other data in the place of what rows have, and return how many they are; the old is gone afterwards."""
        if not data:
            return 0
        with reaching():
            [[database]] = self._rows("SELECT currentDatabase()")
            new = f"{quote_identifier(database)}.{NEW_DATA}"  # in the background there is no current one
            self._client.command(f"CREATE OR REPLACE TABLE {new} {_NEW_DATA_DDL}")
            self._client.insert(NEW_DATA, data, column_names=("number", "data"))
            is_known = "is_first" if table == EVENTS else "true"
            self._client.command(
                f"ALTER TABLE {table} UPDATE data = joinGet({new}, 'data', number) "
                f"WHERE {is_known} AND number IN (SELECT number FROM {new})",
                settings={"mutations_sync": 2},
            )
            self._client.command(f"DROP TABLE {new}")
        return len(data)

    def _rows(self, statement: str, **arguments: Any) -> list[Sequence[Any]]:
        with reaching():
            return list(self._client.query(statement, parameters=arguments or None).result_rows)


@contextmanager
def reaching() -> Iterator[None]:
    """Tell an outage from a mistake in a statement.

    Raises:
        UsageStoreAway: ClickHouse can't be reached, or can't do more for now.
    """
    try:
        yield
    except Error as error:
        if error.code in PASSING or (error.code is None and isinstance(error, InterfaceError | OperationalError)):
            raise UsageStoreAway(f"ClickHouse can't do it now ({type(error).__name__} {error.code})") from error
        raise


def in_parts(whole: Sequence[Part]) -> Iterator[list[Part]]:
    """Yield a sequence in parts that fit into one argument each."""
    part: list[Part] = []
    size = 0
    for one in whole:
        if part and size > MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(one)
        size += len(msgspec.json.encode(one)) + 1
    if part:
        yield part
