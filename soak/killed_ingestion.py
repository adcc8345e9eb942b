"""Usage is counted exactly once while the server is killed: a million events, six clients, 50 kills, on two databases.

The server is a process of its own, and is killed with SIGKILL while events are on their way, evenly over the whole of
them. Each client sends again whatever was not answered, and one batch in ten although it was. Afterwards the database
is asked with SQL, outside of the application: no event is lost or there twice, what the roll-ups say is what a recount
of the events comes to and what the clients have sent, and a batch that was sent again had the same answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from soak._postgres import postgres
from soak._servers import machine_headers, servers
from soak.report import Bar
from tests.killed.ingestion import Plan, Sums, recount, send_while_killing

EVENTS = 1_000_000
CLIENTS = 6
KILLS = 50
LARGEST_BATCH = 1_000
SUBJECTS = 40


def run(scale: float) -> Iterator[Bar]:
    """Kill a server on SQLite and one on PostgreSQL many times."""
    with _sqlite() as sqlite:
        yield from _run("SQLite", sqlite, scale)
    with postgres() as uri:
        yield from _run("PostgreSQL", uri, scale)


@contextmanager
def _sqlite() -> Iterator[str]:
    with TemporaryDirectory(prefix="billing-soak-") as folder:
        yield f"sqlite:///{Path(folder) / 'billing.db'}"


def _run(name: str, database_url: str, scale: float) -> tuple[Bar, ...]:
    kills = max(1, round(KILLS * scale))
    with servers(database_url, count=1) as running:
        headers = machine_headers(running)
        subjects = [_customer(running.addresses[0], headers, number) for number in range(SUBJECTS)]
        plan = Plan(CLIENTS, round(EVENTS * scale) // CLIENTS, LARGEST_BATCH, subjects, datetime.now(UTC))
        began = time.monotonic()
        sent = send_while_killing(
            plan, running.addresses[0], headers, kill=lambda: running.kill(0), kills=kills, pause_seconds=0.02
        )
        seconds = time.monotonic() - began
    found = recount(database_url)
    broken = sum(sent.failures.values()) - sent.failures["ConnectError"]
    lost, doubled = plan.events - found.distinct, found.events - found.distinct
    return (
        Bar(f"{name}: events lost", f"{lost} of {plan.events:,}", "0", lost == 0),
        Bar(f"{name}: events that are there twice", str(doubled), "0", doubled == 0 and found.keys == found.events),
        Bar(
            f"{name}: hours of a customer whose roll-up is not what its events come to",
            f"{_differing(found.rolled_up, found.recounted)} of {len(found.recounted)}",
            "0",
            found.rolled_up == found.recounted,
        ),
        Bar(
            f"{name}: hours of a customer that are not what was sent",
            f"{_differing(found.rolled_up, sent.sums)} of {len(sent.sums)}",
            "0",
            found.rolled_up == sent.sums,
        ),
        Bar(
            f"{name}: batches sent again after their answer that had another one",
            f"{sent.other_answers} of {sent.again}",
            "0",
            sent.other_answers == 0 < sent.again,
        ),
        Bar(f"{name}: events refused", str(len(sent.refused)), "0", not sent.refused),
        Bar(
            f"{name}: kills",
            f"{running.kills} in {seconds:.0f} s, with {broken} requests on their way",
            f"{kills}",
            running.kills == kills and broken > 0,
        ),
    )


def _customer(address: str, headers: dict[str, str], number: int) -> str:
    """Make an organization with a billing customer, and return its code, which its usage goes by."""
    body = {
        "name": f"organization {number}",
        "is_create_billing_customer": True,
        "billing_email": "billing@example.com",
        "billing_plan_code": "team_pro",
    }
    answer = httpx.post(f"{address}/api/v1/organization", json=body, headers=headers, timeout=60).raise_for_status()
    code: str = answer.json()["organization"]["code"]
    return code


def _differing(left: Sums, right: Sums) -> int:
    return sum(left.get(place) != right.get(place) for place in left.keys() | right.keys())
