"""What a gate adds to a view when the customer's snapshot is at hand, and a lease where it counts.

`python -m benchmarks.gate`
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from flask import Flask

from billing_sdk._operation import Flow
from billing_sdk.auth import TokenSet
from billing_sdk.contrib import Session, SignedInUser, _asgi, flask as for_flask, starlette as for_starlette
from billing_sdk.contrib._billing import BillingBase
from billing_sdk.contrib._visit import AsgiVisit
from billing_sdk.entitlements import Snapshots
from billing_sdk.models import Entitlement, EntitlementSnapshot, Reservation
from billing_sdk.resources import Holder, Leased, Slice
from billing_sdk.resources._slices import monotonic

DAY = 86_400
CALLS = 50_000
ROUNDS = 7
SETTINGS = {
    "m2m_client_id": "machine",
    "m2m_client_secret": "not a secret either",
    "issuer": "http://127.0.0.1:9",  # nobody listens there: a call to the server would fail the benchmark
    "client_id": "benchmark",
    "client_secret": "not a secret",
    "redirect_uri": "http://127.0.0.1:5000/billing/callback",
    "session_secret": "only for the benchmark, 32 bytes",
}


def measure() -> list[tuple[str, str]]:
    """Return what was measured, a name and a figure each."""
    return [*measure_flask(), *asyncio.run(measure_starlette())]


def measure_flask() -> list[tuple[str, str]]:
    """Time a bare view, and the same behind a gate, in one request and in a new request each time."""
    app = Flask(__name__)
    billing = for_flask.Billing(app, **SETTINGS)
    cookie = sign_in(billing)

    def view() -> str:
        return "open"

    gated = billing.requires("advanced_reports")(view)
    metered = billing.consumes("advanced_reports", lease=100)(view)
    with app.test_request_context("/", headers={"Cookie": cookie}) as context:
        assert gated() == metered() == "open"
        environ = context.request.environ

        def first_of_a_request() -> str:
            del environ[for_flask.VISIT]
            return gated()

        bare, again, first, leased = (nanoseconds(call) for call in (view, gated, first_of_a_request, metered))
    billing.client.usage.leases.start_over()
    return [
        ("Flask: bare view", shown(bare)),
        ("Flask: added by a gate that counts by a lease", shown(leased - bare)),
        ("Flask: added by a gate", shown(again - bare)),
        ("Flask: added by the first gate of a request (cookie and session, too)", shown(first - bare)),
    ]


async def measure_starlette() -> list[tuple[str, str]]:
    """Time a bare endpoint, and the same behind a gate."""
    billing = for_starlette.Billing(**SETTINGS)
    billing._assemble()
    cookie = sign_in(billing)

    async def view() -> str:
        return "open"

    gated = billing.requires("advanced_reports")(view)
    metered = billing.consumes("advanced_reports", lease=100)(view)

    headers = [(b"cookie", cookie.encode())]

    def arrive() -> None:
        _asgi.VISIT.set(AsgiVisit({"headers": headers}))

    async def first_of_a_request() -> str:
        arrive()
        return await gated()

    arrive()
    assert await gated() == await metered() == "open"
    bare, again, first, leased = [
        await awaited_nanoseconds(call) for call in (view, gated, first_of_a_request, metered)
    ]
    billing.client.usage.leases.start_over()
    await billing.client.close()
    return [
        ("Starlette: bare endpoint", shown(bare)),
        ("Starlette: added by a gate that counts by a lease", shown(leased - bare)),
        ("Starlette: added by a gate", shown(again - bare)),
        ("Starlette: added by the first gate of a request (cookie and session, too)", shown(first - bare)),
    ]


def sign_in(billing: BillingBase) -> str:
    """Put a session and a snapshot where a sign-in puts them, and return the cookie header."""
    now = datetime.now(UTC)

    def fetch(_token: str) -> Flow[EntitlementSnapshot]:
        yield from ()
        granted = Entitlement("entitlement_1", "advanced_reports")
        return EntitlementSnapshot(org_code=None, plans=(), entitlements=(granted,), taken_at=now)

    snapshots = Snapshots(fetch, fresh_seconds=3600, usable_seconds=3600)
    billing._application = application = dataclasses.replace(billing.application, snapshots=snapshots)
    tokens = TokenSet(access_token="a token", expires_at=now + timedelta(hours=1))
    user = SignedInUser("kp_benchmark")
    session = Session(user, SETTINGS["issuer"], "org_1", frozenset(), tokens, now + timedelta(hours=8))
    key, header = application.session_cookie.issue()
    application.sessions.save(key, session)
    with contextlib.suppress(StopIteration):
        next(snapshots.load(session.owner, "a token"))
    hold_a_lease(billing, session)
    return header.split(";")[0]


def hold_a_lease(billing: BillingBase, session: Session) -> None:
    """Hold more units than a benchmark uses, for longer than it takes; nobody tells the server of them."""
    leases = billing.application.client.usage.leases
    lease = Reservation(
        "r1", "agreement_1", "advanced_reports", Decimal(10**12), "held", session.expires_at, Decimal(0), True, DAY
    )
    holder = Holder()
    holder.add(Slice.of(lease, asked_at=monotonic(), wished=0))
    leased = Leased("advanced_reports", None, session.user.id, session.org_code)
    leases._holders[leased] = holder
    leases.tender = holder


def nanoseconds(call: Callable[[], object]) -> float:
    """Return the best round's time for one call."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        for _ in range(CALLS):
            call()
        rounds.append((time.process_time_ns() - started) / CALLS)
    return statistics.median(rounds)


async def awaited_nanoseconds(call: Callable[[], object]) -> float:
    """Return the same of something that is awaited."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        for _ in range(CALLS):
            await call()
        rounds.append((time.process_time_ns() - started) / CALLS)
    return statistics.median(rounds)


def shown(figure: float) -> str:
    """Return a figure as it is printed."""
    return f"{figure / 1000:.2f} µs"


if __name__ == "__main__":
    for described, figure in measure():
        print(f"{described:90} {figure:>20}")
