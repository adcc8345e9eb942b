"""Usage events over HTTP into a durable store: the server on one core, the load on another, bare `sqlite3` beside it.

`python -m benchmarks.ingestion [NAME ...]` prints a table. The server is a process of its own, as `billing-sdk serve`
runs it, with every guard in place: a token, strict JSON, meters, roll-ups, and an answer after the commit. What the
bare database does is run on the server's core in the same run: the same events as rows that are made before, written
in transactions of the same size into a table with the same unique index.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from benchmarks import load
from billing_sdk.server.domain.metering import MeasuredEvent, UsageEvent
from billing_sdk.server.sealing_keys import sealer_for
from billing_sdk.server.settings import NO_LIMITS, PREFIX, Settings
from billing_sdk.server.storage import Database
from billing_sdk.server.storage.subjects import SubjectKey
from soak._postgres import postgres
from tests.databases import passing_database

SERVER_CORE, LOAD_CORE = 0, 1
SUBJECTS = 1_000
SECONDS = 6.0
STORED = 10_000_000
MANY = 5_000_000
FILLING = 10_000
INSERT = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?)"
DATA = '{"value":17}'
START_SECONDS = 60
PROGRAM = "from billing_sdk.cli import main; main()"
HEAD = (
    "POST /api/v1/billing/usage_events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
    "Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
)
EVENT = (
    '{{"specversion":"1.0","source":"/app/eu-1","id":"%s","type":"ai_tokens","subject":"tenant-{subject:04}",'
    '"time":"{time}","data":{{"value":{value}}}}}'
)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens: where, with which token, and which process it is."""

    base_url: str
    token: str
    process_id: int

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    @property
    def port(self) -> int:
        return urlsplit(self.base_url).port or 80

    def memory_mib(self) -> float:
        """Return what of the process is in memory."""
        pages = int(Path(f"/proc/{self.process_id}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1_048_576


@contextmanager
def serving(database_url: str, *, usage_url: str | None = None) -> Iterator[Running]:
    """Run the server on its core, with the demo catalogue and keys for a thousand subjects."""
    with tempfile.TemporaryDirectory() as folder:
        ready_file = Path(folder) / "ready.json"
        limits = {f"{PREFIX}{name.upper()}": str(most) for name, most in NO_LIMITS.items()}
        usage = {f"{PREFIX}USAGE_URL": usage_url} if usage_url else {}
        process = subprocess.Popen(
            [
                *("taskset", "-c", str(SERVER_CORE), sys.executable, "-c", PROGRAM, "serve"),
                *("--port", "0", "--database", database_url, "--seed", "demo", "--ready-file", str(ready_file)),
            ],
            env={**os.environ, **limits, **usage},
            stdout=subprocess.DEVNULL,
        )
        try:
            ready = _ready(ready_file, process)
            _add_subjects(ready["base_url"], database_url)
            yield Running(ready["base_url"], _token(ready), process.pid)
        finally:
            process.terminate()
            process.wait()


def _ready(file: Path, process: subprocess.Popen[bytes]) -> dict[str, str]:
    for _ in range(START_SECONDS * 20):
        if file.exists():
            found: dict[str, str] = json.loads(file.read_text())
            return found
        if process.poll() is not None:
            raise RuntimeError("the server has ended")
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


def _token(ready: dict[str, str]) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": ready["m2m_client_id"],
        "client_secret": ready["m2m_client_secret"],
        "audience": ready["audience"],
    }
    token: str = httpx.post(f"{ready['base_url']}/oauth2/token", data=form).raise_for_status().json()["access_token"]
    return token


def _add_subjects(base_url: str, database_url: str) -> None:
    settings = Settings(base_url=base_url, database_url=database_url, **NO_LIMITS)
    database = Database.open(database_url, sealer=sealer_for(settings))
    with database.begin() as tx:
        customer_id = tx.customers.list().items[0].id
        for number in range(SUBJECTS):
            tx.subjects.add_key(SubjectKey(f"tenant-{number:04}", customer_id, datetime.now(UTC)))
    database.close()


def requests(server: Running, size: int, new_id: Callable[[], str]) -> Callable[[], bytes]:
    """Return what makes the next request: its text is made before, but for the ids, as that costs little."""
    kind = "application/cloudevents+json" if size == 1 else "application/cloudevents-batch+json"
    turns = count()
    width = len(new_id())
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    templates = []
    for first in range(0, SUBJECTS, size) if size > 1 else range(SUBJECTS):
        events = [
            EVENT.format(subject=(first + place) % SUBJECTS, time=now, value=1 + place % 97) for place in range(size)
        ]
        body = events[0] if size == 1 else f"[{','.join(events)}]"
        length = len(body) + size * (width - len("%s"))
        templates.append(HEAD.format(host=server.host, token=server.token, kind=kind, length=length) + body)

    def request() -> bytes:
        template = templates[next(turns) % len(templates)]
        return (template % tuple([new_id() for _ in range(size)])).encode()

    return request


def ordered_ids() -> Callable[[], str]:
    """Return what makes ids as clocks order them: 26 characters, the first of which change slowly."""
    numbers = count(time.time_ns() // 1_000)
    return lambda: f"01{next(numbers):024x}"


def random_ids() -> str:
    """Return an id of 128 random bits."""
    return secrets.token_hex(16)


def events_each_second(
    server: Running, size: int, connections: int, new_id: Callable[[], str], seconds: float
) -> float:
    """Return how many events are recorded each second; every one of them has to be accepted."""
    each_second, statuses = load.run(
        server.port, requests(server, size, new_id), connections=connections, seconds=seconds
    )
    if set(statuses) != {"200"}:
        raise RuntimeError(f"answers were {dict(statuses)}")
    return each_second * size


def bare(folder: Path, *, filled: int = 0) -> sqlite3.Connection:
    """Return a bare database with the same unique index, as durable, and as many random keys in it."""
    connection = sqlite3.connect(folder / f"bare-{secrets.token_hex(4)}.db", isolation_level=None)
    for statement in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE events (source INTEGER, id TEXT, type INTEGER, subject INTEGER, time INTEGER, data TEXT)",
        "CREATE UNIQUE INDEX keys ON events (source, id)",
    ):
        connection.execute(statement)
    for ids in spread_ids(filled):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, [(1, id_, 1, 1, time.time_ns(), DATA) for id_ in ids])
        connection.execute("COMMIT")
    return connection


def bare_each_second(connection: sqlite3.Connection, size: int, new_id: Callable[[], str], seconds: float) -> float:
    """Return how many rows a bare database writes each second on the server's core; the rows are made before."""
    os.sched_setaffinity(0, {SERVER_CORE})
    written, spent = 0, 0.0
    while spent < seconds:
        rows = [(1, new_id(), 1, place % SUBJECTS, time.time_ns(), DATA) for place in range(size)]
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, rows)
        connection.execute("COMMIT")
        spent += time.perf_counter() - begun
        written += size
    connection.close()
    os.sched_setaffinity(0, {LOAD_CORE})
    return written / spent


def spread_ids(count_: int) -> Iterator[list[str]]:
    """Yield ids of 128 bits in their order, as if as many random ones had been sorted: so they are soon written."""
    for first in range(0, count_, FILLING):
        numbers = range(first, min(first + FILLING, count_))
        yield [f"{(number << 96) // count_ << 32 | secrets.randbits(32):032x}" for number in numbers]


def fill(database_url: str, events: int) -> None:
    """Record events with random ids in the store itself, beside the server."""
    settings = Settings(base_url="http://127.0.0.1:9", database_url=database_url, **NO_LIMITS)
    database = Database.open(database_url, sealer=sealer_for(settings))
    at = datetime.now(UTC)
    for ids in spread_ids(events):
        with database.usage.begin() as log:
            made = [
                UsageEvent("/app/eu-0", id_, "ai_tokens", "tenant-0000", at, at, at, {"value": 17}, "delta")
                for id_ in ids
            ]
            log.append([MeasuredEvent(event, ()) for event in made], ())
    database.close()


Figures = Iterator[tuple[str, str]]


def measure_sqlite(place: Path) -> Figures:
    """Yield what is recorded each second on SQLite, with ids in the order of time."""
    for size, connections in ((1, 64), (100, 16), (1_000, 8)):
        with serving(f"sqlite:///{place / f'{size}.db'}") as server:
            ours = events_each_second(server, size, connections, ordered_ids(), SECONDS)
        yield from beside(
            f"SQLite, batches of {size:,} from {connections} connections", ours, bare(place), size, ordered_ids()
        )


def measure_random(place: Path) -> Figures:
    """Yield what is recorded each second with random ids, beside as many as there are stored."""
    url = f"sqlite:///{place / 'random.db'}"
    with serving(url) as server:
        fill(url, STORED)
        ours = events_each_second(server, 1_000, 8, random_ids, SECONDS)
    what = f"SQLite, random ids into {STORED:,} stored, batches of 1,000"
    yield from beside(what, ours, bare(place, filled=STORED), 1_000, random_ids)


def measure_memory(place: Path) -> Figures:
    """Yield what the server takes of the memory while millions of events arrive."""
    new_id, recorded = ordered_ids(), 0.0
    with serving(f"sqlite:///{place / 'memory.db'}") as server:
        for part in range(1, 6):
            while recorded < part * MANY / 5:
                recorded += SECONDS * events_each_second(server, 1_000, 8, new_id, SECONDS)
            yield f"memory of the server after {recorded:,.0f} events", f"{server.memory_mib():,.0f} MiB"


def measure_postgresql(_place: Path) -> Figures:
    """Yield what is recorded each second on PostgreSQL, which has both cores."""
    with postgres() as url:
        for size, connections in ((1, 64), (100, 16), (1_000, 8)):
            with passing_database(url) as database_url, serving(database_url) as server:
                ours = events_each_second(server, size, connections, ordered_ids(), SECONDS)
            yield f"PostgreSQL, batches of {size:,} from {connections} connections", shown(ours)


def measure_clickhouse(place: Path) -> Figures:
    """Yield what is recorded each second in ClickHouse, within the server's process and on its core."""
    database_url, usage_url = f"sqlite:///{place / 'main.db'}", f"chdb://{place.absolute() / 'usage'}"
    with serving(database_url, usage_url=usage_url) as server:
        yield (
            "ClickHouse, batches of 1,000 from 8 connections",
            shown(events_each_second(server, 1_000, 8, ordered_ids(), SECONDS)),
        )


def beside(what: str, ours: float, other: sqlite3.Connection, size: int, new_id: Callable[[], str]) -> Figures:
    """Yield a figure, and that of a bare database in the same run."""
    theirs = bare_each_second(other, size, new_id, SECONDS / 2)
    yield what, shown(ours)
    yield f"  bare sqlite3, {size:,} rows a transaction", f"{shown(theirs)} ({ours / theirs:.2f} of it)"


def shown(each_second: float) -> str:
    """Return a figure as it is printed."""
    return f"{each_second:,.0f}/s"


MEASURES: dict[str, Callable[[Path], Figures]] = {
    "sqlite": measure_sqlite,
    "random": measure_random,
    "postgresql": measure_postgresql,
    "clickhouse": measure_clickhouse,
    "memory": measure_memory,
}


def main() -> None:
    """Print what was asked for, or everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *MEASURES], metavar="NAME", help=", ".join(MEASURES))
    names = parser.parse_args().names or MEASURES
    os.sched_setaffinity(0, {LOAD_CORE})
    for name in names:
        with tempfile.TemporaryDirectory(dir=".") as folder:
            for line, figure in MEASURES[name](Path(folder)):
                print(f"{line:64} {figure:>28}", flush=True)


if __name__ == "__main__":
    main()
