"""What is due happens once: 10,000 timers and 1,300 renewals, four worker processes on one PostgreSQL, and kills.

A timer's trace is a record of the audit, written in the transaction that removes the timer. A thousand customers have
ten timers each, whose order is looked at as well. A hundred more have a paid plan that began 400 days ago, so thirteen
renewals of each are due at once, with invoices and charges. Again and again the worker that has worked for the longest
is killed, as it is, and another takes its place. The database is asked afterwards: each trace once, each customer's in
order, each period billed once.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.opening import create_engine
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.seed_catalog import seed_catalog
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from soak._postgres import postgres
from soak._timer_worker import ACTION, settings
from soak.report import Bar

CUSTOMERS = 1_000
TIMERS_EACH = 10
PAYERS = 100
AGE = timedelta(days=400)
RENEWALS_EACH = 13
WORKERS = 4
KILLS = 30
MOST_SECONDS = 900.0

LEFT = "SELECT count(*) FROM timers WHERE due_at <= now()"
TRACES = "SELECT subject FROM audit_records WHERE action = %s ORDER BY position"
TAKEN_UP = "SELECT count(*) FROM audit_records WHERE action = 'soak.effect' AND actor <> 'attempt 1'"
BILLED = """
    SELECT count(*), count(DISTINCT (i.agreement_id, l.period_start)), count(*) FILTER (WHERE i.status = 'paid')
    FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id
"""
PAID_TWICE = """
    SELECT count(*) FROM payments p
    WHERE p.status = 'succeeded' AND (SELECT count(*) FROM invoices i WHERE i.payment_id = p.id) <> 1
"""
# A charge whose worker was killed is taken up when its lease has ended, and a timer that met one has rested.
HURRY = (
    "UPDATE charges SET lease_ends_at = now() - interval '1 minute' WHERE started_at < now() - interval '5 seconds'",
    "UPDATE timers SET leased_until = NULL WHERE leased_until > now() + interval '3 seconds'",
)


@dataclass
class Workers:
    """Processes that run what is due, to be killed."""

    database_url: str
    processes: list[subprocess.Popen[bytes]]
    kills: int = 0

    def start(self) -> subprocess.Popen[bytes]:
        """Start one more process."""
        return subprocess.Popen(
            (sys.executable, "-m", "soak._timer_worker", self.database_url), stderr=subprocess.DEVNULL
        )

    def kill_one_at_work(self) -> None:
        """Kill the one that has worked for the longest, as it is, and start another in its place."""
        oldest = self.processes.pop(0)
        oldest.kill()
        oldest.wait()
        self.kills += 1
        self.processes.append(self.start())


def run(scale: float) -> tuple[Bar, ...]:
    """Measure on a PostgreSQL and worker processes of its own."""
    customers, payers = max(20, round(CUSTOMERS * scale)), max(4, round(PAYERS * scale))
    kills = max(6, round(KILLS * scale))
    with postgres() as uri:
        subjects = _prepare(uri, customers, payers)
        began = time.monotonic()
        with _working(uri) as workers, psycopg.connect(uri, autocommit=True) as connection:
            total = left = _count(connection, LEFT)
            while time.monotonic() - began < MOST_SECONDS and left:
                # By what is done, not by time: a worker that has just started is not at work yet.
                if workers.kills < kills and (total - left) * (kills + 1) >= total * (workers.kills + 1):
                    workers.kill_one_at_work()
                for statement in HURRY:
                    connection.execute(statement)
                time.sleep(0.1)
                left = _count(connection, LEFT)
            seconds = time.monotonic() - began
        _sweep(uri)
        with psycopg.connect(uri) as connection:
            traces = [subject for [subject] in connection.execute(TRACES, (ACTION,))]
            taken_up = _count(connection, TAKEN_UP)
            lines, periods, paid = connection.execute(BILLED).fetchone() or (-1, -1, -1)
            left, paid_twice = _count(connection, LEFT), _count(connection, PAID_TWICE)
    expected = payers * (RENEWALS_EACH + 1)
    return (
        Bar("timers still due", str(left), "0", left == 0),
        Bar(
            "traces",
            f"{len(traces)} of {len(set(traces))} timers",
            f"{len(subjects)}, each once",
            sorted(traces) == subjects,
        ),
        Bar("customers out of order", str(_out_of_order(traces)), "0", not _out_of_order(traces)),
        Bar("lines billed", f"{lines} for {periods} periods", f"{expected}, each once", lines == periods == expected),
        Bar("lines paid", str(paid), str(expected), paid == expected),
        Bar("payments without exactly one invoice", str(paid_twice), "0", paid_twice == 0),
        Bar("timers taken up from a killed worker", str(taken_up), "at least 1", taken_up >= 1),
        Bar("workers killed", str(workers.kills), f"{kills}", workers.kills == kills),
        Bar(
            f"{len(subjects) + payers * RENEWALS_EACH} timers by {WORKERS} workers",
            f"{seconds:.0f} s",
            f"at most {MOST_SECONDS:.0f} s",
            seconds < MOST_SECONDS,
        ),
    )


def _prepare(uri: str, customers: int, payers: int) -> list[str]:
    """Make customers, plans that began long ago, and timers; return what is to leave a trace."""
    now = datetime.now(UTC)
    engine = create_engine(settings(uri), clock=TestClock(now - AGE))
    with engine.begin() as tx:
        seed_catalog(tx, at=engine.now())
    subjects = []
    for number in range(customers):
        customer = _customer(engine, f"customer{number}@example.com")
        with engine.begin() as tx:
            for place in range(TIMERS_EACH):
                subjects.append(f"{customer.id}/{place}")
                tx.timers.set("trial_reminder", subjects[-1], now - AGE + timedelta(seconds=place), customer)
    card = CardEntry(number="4242424242424242", exp_month=12, exp_year=2099, cvc="123")
    for number in range(payers):
        customer = _customer(engine, f"payer{number}@example.com")
        add_card(engine, customer_id=customer.id, card=card)
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    engine.database.close()
    return sorted(subjects)


def _customer(engine: Engine, email: str) -> Customer:
    return become_customer(engine, user_id=create_user(engine, email=email).id, billing_email=email)


@contextmanager
def _working(uri: str) -> Iterator[Workers]:
    workers = Workers(uri, [])
    workers.processes.extend(workers.start() for _ in range(WORKERS))
    try:
        yield workers
    finally:
        for process in workers.processes:
            process.kill()
            process.wait()


def _sweep(uri: str) -> None:
    """Do what every server process does all the time: learn the outcome of charges that a killed one left over."""
    with psycopg.connect(uri) as connection:
        connection.execute("UPDATE charges SET lease_ends_at = now() - interval '1 minute'")
    engine = create_engine(settings(uri))
    settle_left_over_charges(engine)
    engine.database.close()


def _out_of_order(traces: list[str]) -> int:
    places: dict[str, list[int]] = {}
    for trace in traces:
        customer, _, place = trace.partition("/")
        places.setdefault(customer, []).append(int(place))
    return sum(found != sorted(found) for found in places.values())


def _count(connection: psycopg.Connection, statement: str) -> int:
    [count] = connection.execute(statement).fetchone() or (-1,)
    return int(count)
