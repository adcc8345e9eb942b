"""Roll-ups say what events say: thousands of interleavings of events, late ones, duplicates, corrections and rollbacks.

The tests try few histories, and the same each time; here others are tried, one after another in one database, so that
what one leaves behind meets the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings

from billing_sdk.server.storage.usage_stores import UsageStore
from soak._postgres import postgres
from soak.report import Bar
from tests.clickhouse import quick_store
from tests.engines import engine_on
from tests.usage_histories import METERS, Deed, Undone, deeds, differences, do

HISTORIES = 2_000


def run(scale: float) -> tuple[Bar, ...]:
    """Try histories on SQLite, and some of them on PostgreSQL and ClickHouse."""
    count = max(5, round(HISTORIES * scale))
    with TemporaryDirectory(prefix="billing-soak-") as folder, engine_on(f"sqlite:///{folder}/usage.db") as engine:
        on_sqlite = _tried("SQLite", engine.database.usage, count)
    with postgres() as uri, engine_on(uri) as engine:
        on_postgresql = _tried("PostgreSQL", engine.database.usage, count // 5)
    with TemporaryDirectory(prefix="billing-soak-") as folder:
        store = quick_store(f"chdb://{folder}")
        on_clickhouse = _tried("ClickHouse", store, count // 10)
        store.close()
    return on_sqlite, on_postgresql, on_clickhouse


def _tried(name: str, store: UsageStore, count: int) -> Bar:
    tried = 0
    different = 0

    # What is stored is not the same when a history is tried again, so none is made smaller.
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(deeds)
    def try_one(what: Sequence[Deed]) -> None:
        nonlocal tried, different
        do(store, [_named(deed, tried) for deed in what])
        tried += 1
        different += len(differences(store, METERS))

    try_one()
    return Bar(f"hours that differ on {name}", f"{different} after {tried} histories", "0", not different and tried > 0)


def _named(deed: Deed, history: int) -> Deed:
    """Return a deed about events of its history's own, in hours that all of them share."""
    if isinstance(deed, tuple):
        return f"{history}{deed[0]}", deed[1]
    if isinstance(deed, Undone):
        return Undone([one._replace(id=f"{history}{one.id}") for one in deed.events])
    return [one._replace(id=f"{history}{one.id}") for one in deed]
