"""What a usage store can do: SQLite, PostgreSQL and ClickHouse within this process, side by side.

Run `python -m benchmarks.usage_stores [--events 1000000] [sqlite postgresql clickhouse]`. Every batch is one durable
transaction with its keys and roll-ups. Times are those of the processor, of a server of its own too, so that they
mean something on a machine that does other work as well.
"""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from statistics import median

import psycopg

from billing_sdk.server.domain.metering import Measured, MeasuredEvent, Meter, UsageEvent
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.sealing import Sealer, SealingKey
from billing_sdk.server.storage.usage_stores import open_usage_store
from soak._postgres import postgres

START = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = Period(START, datetime(2026, 2, 1, tzinfo=UTC))
CUSTOMERS = tuple(f"customer_{number:026}" for number in range(1_000))
METER = Meter(
    id="meter_tokens",
    key="tokens",
    name="Tokens",
    event_type="tokens",
    aggregation="sum",
    created_at=START,
    value_path="$.value",
    dimensions=(("model", "$.model"),),
)
BATCHES = (1_000, 10_000)
SEALER = Sealer([SealingKey("benchmark", secrets.token_bytes(32))])
RECORDED_AT = START + timedelta(days=20)


def events(new_id: Callable[[], str], seconds_each: float) -> Iterator[MeasuredEvent]:
    """Yield events of a thousand customers, one after another."""
    number = 0
    while True:
        at = START + timedelta(seconds=number * seconds_each)
        model = "large" if number % 3 else "small"
        event = UsageEvent(
            source="gateway-1",
            id=new_id(),
            type="tokens",
            subject=CUSTOMERS[number * 7 % len(CUSTOMERS)],
            time=at,
            counted_at=at,
            recorded_at=RECORDED_AT,
            data={"value": 17, "model": model},
            kind="delta",
        )
        yield MeasuredEvent(event, (Measured(METER.id, Decimal(17), None, (("model", model),)),))
        number += 1


def ordered_ids() -> Callable[[], str]:
    """Return what makes ids that begin with the time, as UUIDs of version 7 do."""
    return lambda: f"{time.time_ns() // 1_000:016x}{secrets.token_hex(8)}"


def random_ids() -> Callable[[], str]:
    """Return what makes ids without any order."""
    return lambda: secrets.token_hex(16)


class Place:
    """An empty store, and the processor time that is spent on it: here, and by a server of its own."""

    def __init__(self, kind: str, folder: Path, ended: ExitStack) -> None:
        urls = {"sqlite": f"sqlite:///{folder}/usage.db", "clickhouse": f"chdb://{folder}/clickhouse"}
        url = urls.get(kind) or ended.enter_context(postgres())
        self.store = open_usage_store(url, SEALER)
        ended.callback(self.store.close)
        self.parent = postmaster_of(url) if kind == "postgresql" else None

    def seconds(self) -> float:
        """Return the processor time that was spent so far."""
        return time.process_time() + (0.0 if self.parent is None else seconds_below(self.parent))

    def record(self, batch: Sequence[MeasuredEvent]) -> tuple[float, float]:
        """Record a batch durably, and return the seconds that it took: on the clock, and of the processor."""
        begun, spent = time.perf_counter(), self.seconds()
        with self.store.begin() as log:
            answers = log.append(batch, (METER,))
        took = time.perf_counter() - begun, self.seconds() - spent
        if any(answer.outcome != "accepted" for answer in answers):
            raise RuntimeError("an event was not accepted")
        return took

    def ask(self, question: Callable[[], object]) -> str:
        """Return the median processor time of a question, and its time on the clock."""
        spent = []
        for _ in range(15):
            begun, so_far = time.perf_counter(), self.seconds()
            question()
            spent.append((self.seconds() - so_far, time.perf_counter() - begun))
        processor, clock = (median(one[place] for one in spent) * 1_000 for place in (0, 1))
        return f"{processor:.1f} ms ({clock:.1f} on the clock)"


def postmaster_of(url: str) -> int:
    """Return the process that is the parent of all processes of a PostgreSQL server."""
    with psycopg.connect(url) as connection:
        [pid] = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        return int(_stat(Path(f"/proc/{pid}"))[1])


def seconds_below(parent: int) -> float:
    """Return the processor time of the processes that there are below one."""
    stats = (_stat(folder) for folder in Path("/proc").glob("[0-9]*"))
    ticks = sum(int(stat[11]) + int(stat[12]) for stat in stats if stat and int(stat[1]) == parent)
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(folder: Path) -> list[str]:
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []  # it has ended meanwhile


def shown(batches: Sequence[tuple[float, float]], size: int) -> str:
    """Return the processor time of an event, and how many were recorded each second on the clock."""
    clock, processor = (sum(one[place] for one in batches) / len(batches) / size for place in (0, 1))
    return f"{processor * 1_000_000:.1f} us ({1 / clock:,.0f}/s on the clock)"


def measure(kind: str, count: int) -> Iterator[tuple[str, str]]:
    """Yield the figures of one kind of store that comes to hold so many events."""
    with ExitStack() as ended:
        folder = Path(ended.enter_context(tempfile.TemporaryDirectory(dir=Path.cwd())))
        place = Place(kind, folder, ended)
        source = events(ordered_ids(), 20 * 86_400 / count)
        size = BATCHES[-1] if kind == "clickhouse" else BATCHES[0]
        spent = [place.record(list(islice(source, size))) for _ in range(count // size)]
        tenth = max(1, len(spent) // 10)
        yield f"{kind}: {count:,} events, ids in order, batches of {size:,}", shown(spent, size)
        ratio = sum(one[1] for one in spent[-tenth:]) / sum(one[1] for one in spent[:tenth])
        yield "  processor time of the last tenth over the first", f"{ratio:.2f}"
        for ids, name in ((ordered_ids, "ids in order"), (random_ids, "random ids")):
            for batch in BATCHES:
                rest = events(ids(), 20 * 86_400 / count)
                some = [place.record(list(islice(rest, batch))) for _ in range(max(4, 20_000 // batch))]
                yield f"  then {name}, batches of {batch:,}", shown(some, batch)
        known = list(islice(events(ordered_ids(), 1), 1_000))
        place.record(known)
        yield from _questions(place, known)
        if kind == "sqlite":
            size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
            yield "  on disk, each event", f"{size / count:.0f} bytes"
        yield "  most memory of this process", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024:,} MiB"


def _questions(place: Place, known: Sequence[MeasuredEvent]) -> Iterator[tuple[str, str]]:
    one, event = [CUSTOMERS[7]], known[0].event
    hour = Period(START, START + timedelta(hours=1))
    with place.store.begin(read_only=True) as log:
        yield "  a month of one customer", place.ask(lambda: log.hours(METER, MONTH, subjects=one))
        yield "  an hour of all customers", place.ask(lambda: log.hours(METER, hour))
        yield "  one event by its id", place.ask(lambda: log.find(event.source, event.id))
        newest = log.newest()
        yield "  what has changed of late", place.ask(lambda: log.changes(after=newest - 1_000, limit=1_000))
        yield "  100 events of a customer", place.ask(lambda: list(log.events(subjects=one, limit=100)))
    with place.store.begin() as log:
        yield "  1,000 duplicates", place.ask(lambda: log.append(known, (METER,)))


def main() -> None:
    """Print the figures of the stores that were named, or of all."""
    kinds = ("sqlite", "postgresql", "clickhouse")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[[], *kinds], metavar="KIND", help=", ".join(kinds))
    parser.add_argument("--events", type=int, default=200_000)
    asked = parser.parse_args()
    for kind in asked.kinds or kinds:
        for name, figure in measure(kind, asked.events):
            print(f"{name:64} {figure:>32}", flush=True)


if __name__ == "__main__":
    main()
