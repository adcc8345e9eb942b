"""A process that records usage in ClickHouse is killed (SIGKILL) again and again, and another one goes on.

It sends again what there was no answer for. Nothing is lost, nothing counts twice, and the roll-ups are what the events
come to.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from decimal import Decimal
from tempfile import TemporaryDirectory

from billing_sdk.server.storage.usage_stores.clickhouse import ClickHouseUsageStore
from billing_sdk.server.usecases.move_usage import shown
from soak.report import Bar
from tests.metering import event, measured, meter, recount
from tests.usage_histories import ALWAYS

KILLS = 50
BATCH = 200
METERS = (meter(), meter("unique_count"), meter("weighted_sum"))


def record(folder: str, first: int) -> None:
    """Record batch after batch, and say after each that it is recorded."""
    store = ClickHouseUsageStore.open(f"chdb://{folder}")
    number = first
    while True:
        events = [event(f"{number}-{place}", place, model=f"m{place % 3}") for place in range(BATCH)]
        with store.begin() as log:
            log.append(measured(events, METERS), METERS)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1


def run(scale: float) -> tuple[Bar, ...]:
    """Kill the process that records, start another one, and count at the end."""
    kills, answered = max(3, round(KILLS * scale)), 0
    with TemporaryDirectory(prefix="billing-soak-") as folder:
        for _ in range(kills):
            answered = _killed(folder, answered)
        store = ClickHouseUsageStore.open(f"chdb://{folder}")
        with store.begin(read_only=True) as log:
            stored = list(log.events())
            differing = sum(shown(one, log.hours(one, ALWAYS)) != shown(one, recount(stored, one)) for one in METERS)
            total = sum((hour.bucket.total for hour in log.hours(METERS[0], ALWAYS)), Decimal(0))
        store.close()
    ids = {one.event.id for one in stored}
    lost = sum(f"{number}-{place}" not in ids for number in range(answered) for place in range(BATCH))
    doubled = len(stored) - len(ids)
    torn = len(ids) % BATCH
    wrong = total - len(ids) // BATCH * sum(range(BATCH))
    return (
        Bar("events lost by ClickHouse", f"{lost} of {answered * BATCH:,} in {kills} kills", "0", lost == 0),
        Bar("events that ClickHouse has twice", str(doubled), "0", doubled == 0),
        Bar(
            "batches in part, sums that differ", f"{torn}, {differing}, {wrong}", "0", not (torn or differing or wrong)
        ),
    )


def _killed(folder: str, first: int) -> int:
    """Let a process record from a batch on, kill it at some instant, and return the first one without an answer."""
    child = subprocess.Popen(
        [sys.executable, "-c", f"from soak.killed_clickhouse import record; record({folder!r}, {first})"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()  # the first one may be known already
    time.sleep(random.uniform(0, 1.5))
    child.kill()
    lines = child.stdout.read().splitlines()
    child.wait()
    return max([first + 1, *(int(line) + 1 for line in lines)])
