"""A metered limit is used up exactly (R8): 1,000 requests at once, room for 100 of them, one view in ten raises.

Two applications with a gate each, against two server processes on one PostgreSQL. The plan includes 1,000 tokens, and
each request uses ten. While the requests run, the database is asked how much is used and held together. A unit that
a view has held and given back may be free only when everybody else was refused already, so more requests are sent
afterwards, one by one, until one is refused: then the limit has to be used up to the last unit.

A gate waits three seconds for the server; here it waits a minute, because the limit is measured and not the machine.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import Any
from unittest.mock import patch

import psycopg
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from billing_sdk._transport import AsyncTransport
from billing_sdk.contrib import SignedInUser, _meter
from billing_sdk.server.opening import create_engine
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.subscribe import subscribe
from soak._postgres import postgres
from soak._servers import Servers, machine_headers, servers
from soak.report import Bar
from tests.unit.contrib.doors import StarletteDoor, World, ada_signs_in
from tests.unit.contrib.making import session

REQUESTS = 1_000
LIMIT = 1_000
UNITS = 10
ROOM = LIMIT // UNITS
ONE_RAISES_OF = 10
PATIENCE_SECONDS = 60.0
FAILING = {"x-fail": "yes"}

# One statement sees one moment.
TAKEN = """
    SELECT coalesce((SELECT sum(hours.total::numeric) FROM usage_hours AS hours
                     JOIN usage_names AS names ON names.number = hours.subject_no
                     WHERE names.name = %(agreement)s), 0),
           coalesce((SELECT sum(units::numeric - used::numeric) FROM reservations
                     WHERE agreement_id = %(agreement)s AND status = 'held' AND held_until > now()), 0)
"""


@dataclass
class Ledger:
    """What the database says of one agreement.

    Attributes:
        most: the most that was used and held together, of all the times that it was looked.
        looks: how many times that was.
    """

    uri: str
    agreement_id: str
    most: int = 0
    looks: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def taken(self, connection: Any) -> tuple[int, int]:
        """Return what is used, and what is held."""
        used, held = connection.execute(TAKEN, {"agreement": self.agreement_id}).fetchone()
        return int(used), int(held)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look again and again while the block runs."""
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self.is_over.set()
            thread.join()

    def _watch(self) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            while not self.is_over.wait(0.005):
                self.most = max(self.most, sum(self.taken(connection)))
                self.looks += 1


def run(scale: float) -> tuple[Bar, ...]:
    """Measure on a PostgreSQL and two server processes of its own."""
    count = max(2 * ROOM, round(REQUESTS * scale))
    with (
        postgres() as uri,
        servers(uri) as running,
        patch.object(_meter, "LONGEST_WAIT_SECONDS", PATIENCE_SECONDS),
    ):
        user_id, agreement_id = _customer(uri, running)
        doors = tuple(_door(running, address, user_id) for address in running.addresses)
        ledger = Ledger(uri, agreement_id)
        with ledger.watched():
            storm, after, seconds = asyncio.run(_storm(doors, count))
        with psycopg.connect(uri) as connection:
            used, held = ledger.taken(connection)
    served, raised = storm[200] + after[200], storm[500]
    strange = {status: found for status, found in (storm + after).items() if status not in (200, 402, 500)}
    return (
        Bar(f"{count} requests at once", f"{seconds:.1f} s, {dict(storm)}", "measured only", is_met=True),
        Bar("requests served in the end", f"{served}, {raised} raised", f"exactly {ROOM}", served == ROOM),
        Bar("units counted", str(used), f"exactly {LIMIT}", used == LIMIT),
        Bar("units still held", str(held), "0", held == 0),
        Bar(
            "most used and held together",
            f"{ledger.most} in {ledger.looks} looks",
            f"at most {LIMIT}",
            ledger.most <= LIMIT,
        ),
        Bar("answers that are none of 200, 402 and the view's own 500", str(strange), "none", not strange),
    )


async def _storm(doors: tuple[StarletteDoor, ...], count: int) -> tuple[Counter[int], Counter[int], float]:
    """Send requests at once, then one by one until one is refused."""
    began = time.monotonic()
    asked = [
        _ask(doors[number % len(doors)], is_failing=number % ONE_RAISES_OF == 0, number=number)
        for number in range(count)
    ]
    storm = Counter(await asyncio.gather(*asked))
    seconds = time.monotonic() - began
    after: Counter[int] = Counter()
    for door in cycle(doors):
        after[await _ask(door)] += 1
        if after.total() > after[200]:
            break
    for door in doors:
        await door.billing.client.close()
    return storm, after, seconds


async def _ask(door: StarletteDoor, *, is_failing: bool = False, number: int = 0) -> int:
    headers = {"accept": "application/json", "cookie": door.cookie, **(FAILING if is_failing else {})}
    status, *_ = await door._ask(f"/use?number={number}", "GET", headers)
    return status


def _customer(uri: str, running: Servers) -> tuple[str, str]:
    """Make somebody who is on the free plan, without going through the server."""
    engine = create_engine(Settings(base_url=running.addresses[0], database_url=uri))
    user = create_user(engine, email="metered@example.com")
    customer = become_customer(engine, user_id=user.id, billing_email=user.email)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="free")
    engine.database.close()
    return user.id, agreement.id


def _door(running: Servers, address: str, user_id: str) -> StarletteDoor:
    """Make an application whose client calls one of the processes."""
    ready = running.wait_for(running.ports[0])
    settings = {
        "issuer": running.addresses[0],
        "client_id": ready["client_id"],
        "m2m_client_id": ready["m2m_client_id"],
        "m2m_client_secret": ready["m2m_client_secret"],
        "audience": ready["audience"],
        "redirect_uri": "https://app.example/billing/callback",
        "deadline_seconds": PATIENCE_SECONDS,
    }
    door = StarletteDoor(World(features=("ai_tokens",)), settings=settings)
    client = door.billing.client
    # A client knows one issuer. This one has its token already, and sends its calls to the process that it is given.
    client._provider.machine._token = machine_headers(running)["Authorization"].removeprefix("Bearer ")
    client._provider.machine._renew_at = time.monotonic() + 3_600
    client._transport = AsyncTransport(replace(client.config, issuer=address))
    somebody = replace(session(), issuer=running.addresses[0], user=SignedInUser(user_id))
    door.cookie = ada_signs_in(door.billing, door.billing.application.sessions, somebody)

    async def view(request: Request) -> Response:
        await asyncio.sleep(0.01)
        if request.headers.get("x-fail"):
            raise RuntimeError("the view fails")
        return PlainTextResponse("done")

    door.app.router.routes.append(Route("/use", door.billing.consumes("ai_tokens", units=UNITS)(view)))
    return door
