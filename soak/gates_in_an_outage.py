"""Gates while the billing server hangs (R15): ten minutes of outage, 500 requests a second, every one answered in time.

The server is a process of its own that is stopped, so that it takes connections and answers nothing, and continued.
One gate denies without a current answer; it lets in by the last good one for the 60 seconds that it counts as current,
and nobody after that. The other goes on for 300 seconds with `Stale(300)`, and denies then. At a smaller scale the
outage and both times shrink alike; the rate stays.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing_sdk import AsyncClient, Snapshots
from billing_sdk.contrib import Stale, _guard
from billing_sdk.contrib.starlette import Billing
from billing_sdk.entitlements import FRESH_SECONDS, USABLE_SECONDS
from soak.report import Bar
from tests.contract.people import person_token
from tests.serving import serving

OUTAGE_SECONDS = 600
STALE_SECONDS = 300
RATE = 500
BEFORE_SECONDS = 2.0
AFTER_SECONDS = 8.0
MOST_RECOVERY_SECONDS = 5.0
# A request looks at the clock a moment after it was noted here that it came.
TOLERANCE_SECONDS = 0.25
MOST_NEW_THREADS = 8
# What comes in while the one that finds out waits its three seconds, and nothing beyond that.
MOST_IN_FLIGHT = MOST_WAITED = RATE * 4
NOTICED_SECONDS = 0.1
ROOT = Path(__file__).parents[1]
PERSON = ("grace@example.com", "correct horse battery staple")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: when it came and was answered, at which gate, with what."""

    came_at: float
    answered_at: float
    gate: str
    status: int


@dataclass(slots=True)
class Load:
    """Everything that was asked, and how much of it was under way at once."""

    asked: list[Asked] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    most_threads: int = 0


def run(scale: float) -> tuple[Bar, ...]:
    """Stop a server under load, and continue it."""
    # Each denial is logged, hundreds of thousands here.
    logging.getLogger("billing_sdk").addHandler(logging.NullHandler())
    usable = USABLE_SECONDS * scale
    with server() as (process, facts), patch.object(_guard, "CURRENT", timedelta(seconds=usable)):
        return asyncio.run(_measure(process, facts, scale))


async def _measure(process: subprocess.Popen[str], facts: dict[str, str], scale: float) -> tuple[Bar, ...]:
    stale_seconds = max(1, round(STALE_SECONDS * scale))
    load = Load()
    async with application(facts, scale, stale_seconds) as (app, client):
        started = time.monotonic() + BEFORE_SECONDS
        ends = started + OUTAGE_SECONDS * scale
        asking = asyncio.create_task(ask(app, facts["token"], load, until=ends + AFTER_SECONDS))
        await asyncio.sleep(BEFORE_SECONDS)
        threads = threading.active_count()
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(ends - time.monotonic())
            last_good = last_good_at(client)
        finally:
            process.send_signal(signal.SIGCONT)
        continued = time.monotonic()
        await asking
    return tuple(_bars(load, last_good, continued, USABLE_SECONDS * scale, stale_seconds, threads))


def _bars(load: Load, last_good: float, continued: float, usable: float, stale: float, threads: int) -> Iterator[Bar]:
    during = [asked for asked in load.asked if last_good <= asked.came_at and asked.answered_at < continued]
    for gate, limit in (("deny", usable), ("stale", stale)):
        late = [
            asked for asked in during if asked.gate == gate and asked.came_at > last_good + limit + TOLERANCE_SECONDS
        ]
        wrong = sum(asked.status != 503 for asked in late)
        yield Bar(
            f"let in by /{gate} later than {limit:g} s", f"{wrong} of {len(late)}", "none", wrong == 0 < len(late)
        )
    early = [
        asked for asked in during if asked.gate == "stale" and asked.answered_at < last_good + stale - TOLERANCE_SECONDS
    ]
    let_in = sum(asked.status == 200 for asked in early)
    yield Bar("let in by /stale before that", f"{let_in} of {len(early)}", "all", let_in == len(early) > 0)
    other = {asked.status for asked in load.asked} - {200, 503}
    yield Bar("other answers than 200 and 503", str(sorted(other)), "none", not other)
    for gate in ("deny", "stale"):
        back = min(
            (asked.answered_at for asked in load.asked if _is_back(asked, gate, continued)), default=float("inf")
        )
        seconds = back - continued
        bar = f"at most {MOST_RECOVERY_SECONDS:g} s"
        yield Bar(f"recovery of /{gate}", f"{seconds:.2f} s", bar, seconds <= MOST_RECOVERY_SECONDS)
    waits = sorted(asked.answered_at - asked.came_at for asked in during)
    yield Bar("longest answer in the outage", f"{waits[-1]:.2f} s", "at most 4 s", waits[-1] <= 4)
    waited = sum(seconds > NOTICED_SECONDS for seconds in waits)
    yield Bar("answers that took longer than 0.1 s", str(waited), f"at most {MOST_WAITED}", waited <= MOST_WAITED)
    new = load.most_threads - threads
    yield Bar("threads more than before", str(new), f"at most {MOST_NEW_THREADS}", new <= MOST_NEW_THREADS)
    most = load.most_in_flight
    yield Bar("requests under way at once", str(most), f"at most {MOST_IN_FLIGHT}", most <= MOST_IN_FLIGHT)
    rate = len(during) / (continued - last_good)
    yield Bar("requests a second", f"{rate:.0f}", f"at least {RATE * 0.9:.0f}", rate >= RATE * 0.9)


def _is_back(asked: Asked, gate: str, continued: float) -> bool:
    return asked.gate == gate and asked.status == 200 and asked.came_at > continued


@asynccontextmanager
async def application(
    facts: dict[str, str], scale: float, stale_seconds: int
) -> AsyncIterator[tuple[Starlette, AsyncClient]]:
    """Make an application with a gate of each kind."""
    async with AsyncClient(
        issuer=facts["base_url"],
        client_id=facts["client_id"],
        client_secret=facts["client_secret"],
        redirect_uri="http://127.0.0.1:3000/billing/callback",
    ) as client:
        client.snapshots = Snapshots(
            client.entitlements.list.flow, fresh_seconds=FRESH_SECONDS * scale, usable_seconds=USABLE_SECONDS * scale
        )
        app = Starlette()
        billing = Billing(app, client=client, session_secret="a secret of the soak")

        @billing.requires("advanced_reports")
        async def deny(_: Request) -> Response:
            return Response("open")

        @billing.requires("advanced_reports", when_unreachable=Stale(stale_seconds))
        async def stale(_: Request) -> Response:
            return Response("open")

        app.router.routes += [Route("/deny", deny), Route("/stale", stale)]
        yield app, client


async def ask(app: Starlette, token: str, load: Load, *, until: float) -> None:
    """Send requests at a steady rate, however long each of them takes."""
    tasks: set[asyncio.Task[None]] = set()
    began, count = time.monotonic(), 0
    while (now := time.monotonic()) < until:
        while count < (now - began) * RATE:
            task = asyncio.create_task(_ask_once(app, ("deny", "stale")[count % 2], token, load))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            count += 1
        load.most_threads = max(load.most_threads, threading.active_count())
        await asyncio.sleep(0.01)
    await asyncio.gather(*tasks)


async def _ask_once(app: Starlette, gate: str, token: str, load: Load) -> None:
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"accept", b"application/json")]
    path = f"/{gate}"
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    load.in_flight += 1
    load.most_in_flight = max(load.most_in_flight, load.in_flight)
    came_at = time.monotonic()
    try:
        await app({**scope, "headers": headers}, receive, send)
    finally:
        load.in_flight -= 1
    load.asked.append(Asked(came_at, time.monotonic(), gate, statuses[0]))


def last_good_at(client: AsyncClient) -> float:
    """Return when the last good answer was taken, on the clock of the load."""
    (entry,) = client.snapshots._entries.values()
    age = (client._provider.now() - entry.snapshot.taken_at).total_seconds()
    return time.monotonic() - age


@contextmanager
def server() -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run the billing server as a process of its own; yield it, and what an application has to know."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    process = subprocess.Popen(
        [sys.executable, "-m", "soak.gates_in_an_outage"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        facts: dict[str, str] = json.loads(process.stdout.readline())
        yield process, facts
    finally:
        process.kill()
        process.wait()


def serve() -> None:
    """Be that process: sign Grace in, tell what there is, and serve until whoever started it has gone."""
    with tempfile.TemporaryDirectory() as folder, serving(f"sqlite:///{folder}/billing.db") as running:
        facts = {
            "base_url": running.base_url,
            "client_id": running.seed.client_id,
            "client_secret": running.seed.client_secret,
            "token": person_token(running, *PERSON),
        }
        print(json.dumps(facts), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    serve()
