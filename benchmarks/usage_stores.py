"""What a usage store can do: SQLite, PostgreSQL and ClickHouse within this process, side by side.

Run `python -m benchmarks.usage_stores [--events 1000000] [sqlite postgresql clickhouse]`. Every batch is one durable
transaction with its keys and roll-ups. With enough events it takes hours; the documentation says what was measured.
"""

from __future__ import annotations

import argparse
import resource
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from statistics import median

from billing_sdk.server.domain.metering import Measured, MeasuredEvent, Meter, UsageEvent
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.sealing import Sealer, SealingKey
from billing_sdk.server.storage.usage_stores import UsageStore, open_usage_store
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
            fingerprint=secrets.token_bytes(16),
        )
        yield MeasuredEvent(event, (Measured(METER.id, Decimal(17), None, (("model", model),)),))
        number += 1


def ordered_ids() -> Callable[[], str]:
    """Return what makes ids that begin with the time, as UUIDs of version 7 do."""
    return lambda: f"{time.time_ns() // 1_000:016x}{secrets.token_hex(8)}"


def random_ids() -> Callable[[], str]:
    """Return what makes ids without any order."""
    return lambda: secrets.token_hex(16)


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[UsageStore]:
    """Yield an empty store of a kind."""
    with ExitStack() as ended:
        urls = {"sqlite": f"sqlite:///{folder}/usage.db", "clickhouse": f"chdb://{folder}/clickhouse"}
        store = open_usage_store(urls.get(kind) or ended.enter_context(postgres()), SEALER)
        ended.callback(store.close)
        yield store


def record(store: UsageStore, batch: Sequence[MeasuredEvent]) -> float:
    """Record a batch durably, and return the seconds that it took."""
    begun = time.perf_counter()
    with store.begin() as log:
        answers = log.append(batch, (METER,))
    spent = time.perf_counter() - begun
    if any(answer.outcome != "accepted" for answer in answers):
        raise RuntimeError("an event was not accepted")
    return spent


def milliseconds(ask: Callable[[], object]) -> str:
    """Return the median time of a question."""
    spent = []
    for _ in range(15):
        begun = time.perf_counter()
        ask()
        spent.append(time.perf_counter() - begun)
    return f"{median(spent) * 1_000:.1f} ms"


def measure(kind: str, count: int) -> Iterator[tuple[str, str]]:
    """Yield the figures of one kind of store that comes to hold so many events."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as place, opened(kind, Path(place)) as store:
        source = events(ordered_ids(), 20 * 86_400 / count)
        size = BATCHES[-1] if kind == "clickhouse" else BATCHES[0]
        spent = [record(store, list(islice(source, size))) for _ in range(count // size)]
        tenth = max(1, len(spent) // 10)
        yield f"{kind}: {count:,} events, ids in order, batches of {size:,}", f"{count / sum(spent):,.0f}/s"
        yield "  the last tenth over the first, each event", f"{sum(spent[-tenth:]) / sum(spent[:tenth]):.2f}"
        for ids, name in ((ordered_ids, "ids in order"), (random_ids, "random ids")):
            for batch in BATCHES:
                rest = events(ids(), 20 * 86_400 / count)
                some = [record(store, list(islice(rest, batch))) for _ in range(max(3, 20_000 // batch))]
                yield f"  then {name}, batches of {batch:,}", f"{batch / median(some):,.0f}/s"
        known = list(islice(events(ordered_ids(), 1), 1_000))
        record(store, known)
        yield from _questions(store, known)
        if kind != "postgresql":
            size = sum(file.stat().st_size for file in Path(place).rglob("*") if file.is_file())
            yield "  on disk, each event", f"{size / count:.0f} bytes"
        yield "  most memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024:,} MiB"


def _questions(store: UsageStore, known: Sequence[MeasuredEvent]) -> Iterator[tuple[str, str]]:
    one = [CUSTOMERS[7]]
    event = known[0].event
    with store.begin() as log:
        yield "  a month of one customer", milliseconds(lambda: log.hours(METER, MONTH, subjects=one))
        yield (
            "  an hour of all customers",
            milliseconds(lambda: log.hours(METER, Period(START, START + timedelta(hours=1)))),
        )
        yield "  one event by its id", milliseconds(lambda: log.find(event.source, event.id))
        yield "  what has changed of late", milliseconds(lambda: log.changes(after=log.newest() - 1_000, limit=1_000))
        yield (
            "  a customer's last 100 events",
            milliseconds(lambda: list(log.events(subjects=one, after=log.newest() - 1_000_000, limit=100))),
        )
    with store.begin() as log:
        yield "  1,000 duplicates", milliseconds(lambda: log.append(known, (METER,)))


def main() -> None:
    """Print the figures of the stores that were named, or of all."""
    kinds = ("sqlite", "postgresql", "clickhouse")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[[], *kinds], metavar="KIND", help=", ".join(kinds))
    parser.add_argument("--events", type=int, default=200_000)
    asked = parser.parse_args()
    for kind in asked.kinds or kinds:
        for name, figure in measure(kind, asked.events):
            print(f"{name:72} {figure:>12}", flush=True)


if __name__ == "__main__":
    main()
