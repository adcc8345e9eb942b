"""Eight processes race for the last 1,000 units of a hard limit: exactly 1,000 are let in, in each of 50 races.

Every process uses up what it can get until it is refused. In one half of the races it asks the server for each use,
twenty units at a time; in the other it holds leases, and lets in one unit at a time by itself. On SQLite one process
serves, on PostgreSQL two, and the racing processes call one or the other. After each race the database is asked
through a process that took no part: what is used has to be what was let in, and nothing may be held any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from billing_sdk import Client
from billing_sdk._transport import SyncTransport
from billing_sdk.server.opening import create_engine
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.subscribe import subscribe
from soak._postgres import postgres
from soak._servers import Servers, machine_headers, servers
from soak.report import Bar
from tests.racing import FEATURE, Racers, racers

RACES = 50
PROCESSES = 8
LIMIT = 1_000
PATIENCE_SECONDS = 60.0
WAYS = (("asking for each use", 20, None), ("holding leases of 100", 1, 100))


def run(scale: float) -> Iterator[Bar]:
    """Measure on a SQLite file with one server process, and on a PostgreSQL with two."""
    races = max(2, round(RACES * scale))
    yield from _races("SQLite", _sqlite, 1, races)
    yield from _races("PostgreSQL", postgres, 2, races)


def _races(kind: str, database: Callable[[], object], count: int, races: int) -> Iterator[Bar]:
    with database() as uri, servers(uri, count=count) as running:  # type: ignore[attr-defined] # a context manager
        engine = create_engine(Settings(base_url=running.addresses[0], database_url=uri))
        headers = machine_headers(running)
        clients = [_client_of(running, headers, number) for number in range(PROCESSES)]
        with racers(clients) as racing:
            for what, units, lease in WAYS:
                began = time.monotonic()
                found = [_race(engine, racing, number, units, lease) for number in range(races)]
                exact = sum(let_in == used == LIMIT and not held for let_in, used, held in found)
                measured = f"{exact} of {races} in {time.monotonic() - began:.0f} s"
                odd = [one for one in found if one != (LIMIT, LIMIT, 0)]
                yield Bar(f"{kind}, {what}", f"{measured} {odd or ''}", f"exactly {LIMIT} in each", exact == races)
        engine.database.close()


def _race(engine: Engine, racing: Racers, number: int, units: int, lease: int | None) -> tuple[int, int, int]:
    """Return what was let in, and what is used and held according to the database."""
    user = create_user(engine, email=f"racing-{number}-{lease}@example.com")
    customer = become_customer(engine, user_id=user.id, billing_email=user.email)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="free")
    let_in = sum(racing.race(agreement.id, units=units, lease=lease))
    at = engine.now()
    with engine.read() as tx:
        used = tx.usage.total(agreement.id, FEATURE, agreement.period_at(at))
        held = tx.reservations.held(agreement.id, FEATURE, at=at)
    return let_in, int(used), int(held)


def _client_of(running: Servers, headers: dict[str, str], number: int) -> Callable[[], Client]:
    """Return what makes a client that calls one of the server processes."""
    ready = running.wait_for(running.ports[0])
    address = running.addresses[number % len(running.addresses)]

    def make() -> Client:
        client = Client(
            issuer=running.addresses[0],
            m2m_client_id=str(ready["m2m_client_id"]),
            m2m_client_secret=str(ready["m2m_client_secret"]),
            audience=str(ready["audience"]),
            deadline_seconds=PATIENCE_SECONDS,
        )
        # A client knows one issuer. This one has its token already, and sends its calls to the process it is given.
        client._provider.machine._token = headers["Authorization"].removeprefix("Bearer ")
        client._provider.machine._renew_at = time.monotonic() + 3_600
        client._transport = SyncTransport(replace(client.config, issuer=address))
        return client

    return make


@contextmanager
def _sqlite() -> Iterator[str]:
    with TemporaryDirectory(prefix="billing-soak-") as folder:
        yield f"sqlite:///{Path(folder) / 'billing.db'}"
