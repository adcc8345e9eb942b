"""The event stream of the Stripe door over HTTP into a durable store, the bare store beside it in the same run.

`python -m benchmarks.stripe_stream [NAME ...] [--seconds S]` prints a table. Requests hold 100 meter events each, the
most that one may; the server is a process of its own on one core with every guard in place (a session, strict JSON, the
customer of each event, roll-ups, and an answer after the commit), and the load is on the other. Stripe's own published
limit is 10,000 such requests a second.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import httpx
import psycopg

from benchmarks import load
from benchmarks.ingestion import (
    DATA,
    LOAD_CORE,
    SERVER_CORE,
    SUBJECTS,
    Figures,
    Running,
    bare,
    bare_each_second,
    ordered_ids,
    serving,
    shown,
)
from soak._postgres import postgres
from tests.databases import passing_database

EVENTS = 100
CONNECTIONS = 16
CUSTOMERS = 100
PUBLISHED = 10_000
VERSION = "2026-10-14.preview"
HEAD = (
    "POST /v2/billing/meter_event_stream HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
    "Stripe-Version: {version}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)
TABLE = "CREATE TABLE bare (source INT, id TEXT, type INT, subject INT, time BIGINT, data TEXT, UNIQUE (source, id))"
INSERT = "INSERT INTO bare VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"


def prepared(server: Running) -> tuple[str, list[str]]:
    """Make a meter, customers and a session, as a client does; return the session's token and the customers."""
    with httpx.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {server.token}"}) as client:
        meter = {"display_name": "Tokens", "event_name": "tokens", "default_aggregation[formula]": "sum"}
        client.post("/v1/billing/meters", data=meter).raise_for_status()
        found = []
        for number in range(CUSTOMERS):
            made = client.post("/v1/customers", data={"name": f"Customer {number}"}).raise_for_status()
            found.append(made.json()["id"])
        versioned = {"Stripe-Version": VERSION}
        session = client.post("/v2/billing/meter_event_session", json={}, headers=versioned).raise_for_status()
        return session.json()["authentication_token"], found


def requests(server: Running, token: str, customers: list[str]) -> Callable[[], bytes]:
    """Return what makes the next request: its text is made before, but for the identifiers."""
    new_id, turns = ordered_ids(), count()
    width = len(new_id())
    templates = []
    for first in range(CUSTOMERS):
        events = [
            {
                "event_name": "tokens",
                "identifier": "%s",
                "payload": {
                    "stripe_customer_id": customers[(first + place) % CUSTOMERS],
                    "value": str(1 + place % 97),
                },
            }
            for place in range(EVENTS)
        ]
        body = json.dumps({"events": events})
        length = len(body) + EVENTS * (width - len("%s"))
        templates.append(HEAD.format(host=server.host, token=token, version=VERSION, length=length) + body)

    def request() -> bytes:
        template = templates[next(turns) % CUSTOMERS]
        return (template % tuple([new_id() for _ in range(EVENTS)])).encode()

    return request


class Taken(NamedTuple):
    """How many requests were answered each second, and what of its core's time the server took for an event."""

    each_second: float
    microseconds: float


def taken(server: Running, seconds: float) -> Taken:
    """Send requests for a while; every one of them has to be taken."""
    token, customers = prepared(server)
    made = requests(server, token, customers)
    begun = processor_seconds(server)
    each_second, statuses = load.run(server.port, made, connections=CONNECTIONS, seconds=seconds)
    if set(statuses) != {"200"}:
        raise RuntimeError(f"answers were {dict(statuses)}")
    spent = processor_seconds(server) - begun
    return Taken(each_second, spent / (sum(statuses.values()) * EVENTS) * 1e6)


def processor_seconds(server: Running) -> float:
    """Return how much of the processor's time a server has taken, which other work on the machine does not change."""
    fields = Path(f"/proc/{server.process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare_postgresql(url: str, seconds: float) -> float:
    """Return how many rows a bare PostgreSQL writes each second, in durable transactions of a request's size."""
    os.sched_setaffinity(0, {SERVER_CORE})
    new_id, written, spent = ordered_ids(), 0, 0.0
    with psycopg.connect(url.replace("+psycopg", "")) as connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
        connection.commit()
        while spent < seconds:
            rows = [(1, new_id(), 1, place % SUBJECTS, time.time_ns(), DATA) for place in range(EVENTS)]
            begun = time.perf_counter()
            cursor.executemany(INSERT, rows)
            connection.commit()
            spent += time.perf_counter() - begun
            written += EVENTS
    os.sched_setaffinity(0, {LOAD_CORE})
    return written / spent


def measure_sqlite(place: Path, seconds: float) -> Figures:
    """Yield what is taken each second into SQLite, and what it takes by itself."""
    with serving(f"sqlite:///{place / 'stream.db'}") as server:
        ours = taken(server, seconds)
    yield from _figures("SQLite", ours, bare_each_second(bare(place), EVENTS, ordered_ids(), seconds / 2))


def measure_postgresql(_place: Path, seconds: float) -> Figures:
    """Yield what is taken each second into PostgreSQL, which has both cores, and what it takes by itself."""
    with postgres() as url:
        with passing_database(url) as database_url, serving(database_url) as server:
            ours = taken(server, seconds)
        with passing_database(url) as database_url:
            theirs = bare_postgresql(database_url, seconds / 2)
    yield from _figures("PostgreSQL", ours, theirs)


def _figures(store: str, ours: Taken, theirs: float) -> Iterator[tuple[str, str]]:
    events = ours.each_second * EVENTS
    share = f"{ours.each_second / PUBLISHED:.1%} of Stripe's limit"
    yield f"{store}: requests of {EVENTS} events", f"{shown(ours.each_second)} ({share})"
    yield f"{store}: events", f"{shown(events)}, {ours.microseconds:.1f} µs of the processor each"
    yield f"  bare {store}, {EVENTS} rows a transaction", f"{shown(theirs)} ({events / theirs:.2f} of it)"


MEASURES: dict[str, Callable[[Path, float], Figures]] = {"sqlite": measure_sqlite, "postgresql": measure_postgresql}


def main() -> None:
    """Print what was asked for, or everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *MEASURES], metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--seconds", type=float, default=6.0, help="for how long each is measured")
    asked = parser.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    for name in asked.names or MEASURES:
        with tempfile.TemporaryDirectory(dir=".") as folder:
            for line, figure in MEASURES[name](Path(folder), asked.seconds):
                print(f"{line:48} {figure:>44}", flush=True)


if __name__ == "__main__":
    main()
