"""The pages with many customers: `python -m benchmarks.pages`.

A server on SQLite gets the world that the tests look at, and around it as many customers as asked for, each with a
card, a subscription, a paid invoice, a payment, search terms, an event and records of the audit, every tenth one with
credit. Then each page of `tests/pages.py` is asked for some times in process, and the median is told.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from billing_sdk.server.app import create_app
from billing_sdk.server.domain.search import terms_for
from billing_sdk.server.ids import new_id
from billing_sdk.server.settings import NO_LIMITS, Settings
from tests.databases import begin_migrated
from tests.in_process import InProcess
from tests.pages import PAGES
from tests.world import World, world

CUSTOMERS = 100_000
TIMES = 20
LIMIT_MS = 50.0
BATCH = 5_000
BEGAN = datetime(2024, 12, 1, tzinfo=UTC)
BASE_URL = "http://127.0.0.1:3000"
GIVEN = ("Ada", "Çağla", "Grace", "Émile", "Linus", "Margaret", "Ken", "Barbara", "Alan", "Hedy", "İlker", "Zoë")
FAMILY = ("Lovelace", "Öztürk", "Hopper", "Nguyen", "Schmidt", "O'Brien", "Thompson", "Liskov", "Turing", "Lamarr")

Row = dict[str, Any]


class Copies:
    """Copies the things of one customer, with ids of their own, as often as wanted."""

    def __init__(self, file: sqlite3.Connection, customer_id: str) -> None:
        self._file = file
        self._customer = self._one("customers", "id", customer_id)
        self._user = self._one("users", "id", self._customer["user_id"])
        self._method = self._one("payment_methods", "customer_id", customer_id)
        self._agreement = self._one("agreements", "customer_id", customer_id)
        self._invoice = self._one("invoices", "customer_id", customer_id)
        self._line = self._one("invoice_lines", "invoice_id", self._invoice["id"])
        self._payment = self._one("payments", "customer_id", customer_id)
        self._event = self._one("events", "customer_id", customer_id)
        self._records = [
            self._one("audit_records", "subject", subject) for subject in (customer_id, self._invoice["id"])
        ]

    def rows(self, number: int) -> Iterator[tuple[str, Row]]:
        """Yield the rows of one more customer, each with its table."""
        at = (BEGAN + timedelta(minutes=10 * number)).replace(tzinfo=None).isoformat(" ", "microseconds")
        user, customer, agreement, invoice, payment = map(new_id, ("kp", "customer", "agreement", "invoice", "payment"))
        given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)]
        email = f"{given}.{number}@host{number % 997}.example.com".lower()
        names = {"given_name": given, "family_name": f"{family} {number}"}
        yield "users", {**self._user, **names, "id": user, "email": email, "created_at": at, "updated_at": at}
        yield "customers", {**self._customer, "id": customer, "user_id": user, "billing_email": email, "created_at": at}
        yield "payment_methods", {**self._method, "id": new_id("card"), "customer_id": customer, "created_at": at}
        yield "agreements", {**self._agreement, "id": agreement, "customer_id": customer, "started_at": at}
        yield (
            "payments",
            {
                **self._payment,
                "id": payment,
                "customer_id": customer,
                "invoice_id": invoice,
                "attempted_at": at,
                "gateway_reference": f"managed_{number}",
            },
        )
        yield (
            "invoices",
            {
                **self._invoice,
                "id": invoice,
                "number": f"INV-9{number:08d}",
                "customer_id": customer,
                "issued_at": at,
                "agreement_id": agreement,
                "payment_id": payment,
                "created_at": at,
                "due_at": at,
            },
        )
        yield "invoice_lines", {**self._line, "invoice_id": invoice, "agreement_id": agreement}
        event = {"id": new_id("event"), "customer_id": customer, "sequence": 1, "occurred_at": at, "recorded_at": at}
        yield "events", {**_without_key(self._event), **event}
        for record, subject in zip(self._records, (customer, invoice), strict=True):
            yield "audit_records", {**_without_key(record), "id": new_id("audit"), "subject": subject, "at": at}
        if number % 10 == 0:
            yield "credit_grants", _grant(customer, at)
        yield from _filed("user", user, terms_for(names=[" ".join(names.values())], emails=[email]))
        yield from _filed("customer", customer, terms_for(emails=[email]))

    def _one(self, table: str, column: str, value: str) -> Row:
        query = f"SELECT * FROM {table} WHERE {column} = ? LIMIT 1"
        row = self._file.execute(query, (value,)).fetchone()
        return dict(row)


def seed(file: str, customers: int, made: World) -> None:
    """Write so many customers beside those of a world."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        copies = Copies(connection, made.ids["declined_customer_id"])
        for start in range(0, customers, BATCH):
            waiting: dict[str, list[Row]] = {}
            for number in range(start, min(start + BATCH, customers)):
                for table, row in copies.rows(number):
                    waiting.setdefault(table, []).append(row)
            with connection:
                for table, rows in waiting.items():
                    columns = list(rows[0])
                    marks = ", ".join(f":{column}" for column in columns)
                    query = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
                    connection.executemany(query, rows)


def measure(client: InProcess, made: World, times: int) -> dict[str, tuple[float, float]]:
    """Return the median times of each page in milliseconds, on the clock and of the processor, by its name."""
    figures = {}
    for page in PAGES:
        ask = partial(
            client.get,
            page.url(made),
            cookies=made.cookies[page.reader],
            headers={"Accept": "text/html"},
        )
        figures[page.name] = _median(ask, times)
    return figures


def _median(ask: Callable[[], object], times: int) -> tuple[float, float]:
    """Return the medians on the clock and of the processor, in milliseconds: other work is no part of the second."""
    ask()
    clock, processor = [], []
    for _ in range(times):
        start, begun = time.perf_counter(), time.process_time()
        ask()
        clock.append((time.perf_counter() - start) * 1_000)
        processor.append((time.process_time() - begun) * 1_000)
    return statistics.median(clock), statistics.median(processor)


def _grant(customer_id: str, at: str) -> Row:
    return {
        "id": new_id("grant"),
        "customer_id": customer_id,
        "name": "Welcome",
        "amount_minor": 2_500,
        "left_minor": 2_500,
        "currency": "USD",
        "category": "promotional",
        "effective_at": at,
        "created_at": at,
        "priority": 50,
        "applies_to": "[]",
        "items": "[]",
        "cards": "[]",
        "source": "manual",
        "status": "granted",
        "ends_with_agreement": False,
    }


def _filed(kind: str, noun_id: str, terms: Mapping[str, int]) -> Iterator[tuple[str, Row]]:
    for term, rank in terms.items():
        yield "search_terms", {"kind": kind, "noun_id": noun_id, "term": term, "rank": rank}


def _without_key(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "position"}


def main() -> int:
    """Seed a server, ask for every page, and tell which ones take too long."""
    limits: dict[str, Any] = dict(NO_LIMITS)
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=CUSTOMERS)
    options.add_argument("--times", type=int, default=TIMES)
    options.add_argument("--json", action="store_true", help="print the figures for a program")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        file = Path(folder) / "billing.db"
        url = f"sqlite:///{file}"
        begin_migrated(url)
        app = create_app(Settings(BASE_URL, url, **limits), delivers=False)
        try:
            made = world(app.state.engine)
            begun = time.monotonic()
            seed(str(file), asked.customers, made)
            seeded_seconds = time.monotonic() - begun
            figures = measure(InProcess(app, made.seed, BASE_URL, runner), made, asked.times)
        finally:
            app.state.engine.database.close()
    if asked.json:
        print(json.dumps(figures, indent=1))
        return 0
    print(f"{asked.customers:,} customers in {seeded_seconds:.0f} s")
    for name, (clock, processor) in sorted(figures.items(), key=lambda one: -one[1][1]):
        print(f"{name:32} {clock:8.1f} ms {processor:8.1f} ms of the processor{'   SLOW' if clock > LIMIT_MS else ''}")
    return 0 if max(clock for clock, _ in figures.values()) <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
