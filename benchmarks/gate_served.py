"""What is left of a route's requests a second once it has a gate: uvicorn, 64 connections, all routes in turn.

`python -m benchmarks.gate_served`: the views do the same, and are asked with cookies of one length. One is in an
application that knows nothing of billing; the others are in some that do: without a gate, without one and asking who
is signed in, with `requires`, and with `consumes` on a lease. Each is the only route of its application, so that none
waits for a router to look at the others; all are served by one process. Server and load have a core each, where there
are two.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from benchmarks import load
from benchmarks.gate import SETTINGS, sign_in
from benchmarks.requests import _pin, _processor_seconds, _wait_for
from billing_sdk.contrib.starlette import Billing
from billing_sdk.server.running import bind

ROUNDS = 7
SECONDS = 1.0
ROUTES = {
    "/bare": "a route of an application without billing",
    "/open": "a route without a gate, beside gated ones",
    "/known": "the same, and it asks who is signed in",
    "/gated": "the same behind `requires`",
    "/leased": "the same behind `consumes`, by a lease",
}


async def view(_: Request) -> Response:
    """Answer whatever is asked."""
    return Response("open", media_type="text/plain")


async def plain(request: Request) -> Response:
    """Call the view, as those behind a gate do."""
    return await view(request)


def application(path: str) -> tuple[Starlette, str]:
    """Return an application with one route, and the cookie of somebody who is signed in to it."""
    app = Starlette()
    if path == "/bare":
        app.router.routes.append(Route(path, plain))
        return app, ""
    billing = Billing(app, **SETTINGS)

    async def known(request: Request) -> Response:
        assert billing.user is not None
        return await view(request)

    async def guarded(request: Request) -> Response:
        return await view(request)

    async def metered(request: Request) -> Response:
        return await view(request)

    endpoints: dict[str, Callable[[Request], Any]] = {
        "/open": plain,
        "/known": known,
        "/gated": billing.requires("advanced_reports")(guarded),
        "/leased": billing.consumes("advanced_reports", lease=100)(metered),
    }
    app.router.routes.append(Route(path, endpoints[path]))
    return app, sign_in(billing)


def serve() -> None:
    """Serve until killed, and print the port and a cookie for each route."""
    apps = {path: application(path) for path in ROUTES}
    cookies = [cookie for _, cookie in apps.values()]
    listener = bind("127.0.0.1", 0)
    print(listener.getsockname()[1], *(cookie or cookies[-1] for cookie in cookies), flush=True)

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[scope["path"]][0](scope, receive, send)

    config = uvicorn.Config(choose, http="httptools", loop="uvloop", lifespan="off", access_log=False, log_config=None)
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def serving() -> Iterator[tuple[int, int, dict[str, bytes]]]:
    """Run the server on the first core, and yield its port, its process id and what to ask it."""
    command = [sys.executable, "-m", "benchmarks.gate_served", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port, *cookies = process.stdout.readline().split()
            _wait_for(int(port))
            _pin(process.pid, 0)
            requests = [request_for(path, cookie) for path, cookie in zip(ROUTES, cookies, strict=True)]
            yield int(port), process.pid, dict(zip(ROUTES, requests, strict=True))
        finally:
            process.kill()


def measure() -> list[tuple[str, str]]:
    """Return how many requests each route answers a second, what one costs, and what is left of them with a gate."""
    rates: dict[str, list[float]] = {path: [] for path in ROUTES}
    costs: dict[str, list[float]] = {path: [] for path in ROUTES}
    with serving() as (port, process_id, requests):
        _pin(0, 1)
        for round_number in range(ROUNDS + 1):
            # To and fro, so that a machine that slows down is not one route's loss.
            for path in list(ROUTES)[:: -1 if round_number % 2 else 1]:
                begun = _processor_seconds(process_id)
                rate, statuses = load.run(port, lambda path=path: requests[path], seconds=SECONDS)
                cost = (_processor_seconds(process_id) - begun) / statuses.total()
                assert set(statuses) == {"200"}, statuses
                if round_number:  # the first one warms up
                    rates[path].append(rate)
                    costs[path].append(cost * 1e6)
    figures = [
        (says, f"{statistics.median(rates[path]):,.0f}/s, {statistics.median(costs[path]):.1f} µs")
        for path, says in ROUTES.items()
    ]
    return [
        *figures,
        *(
            (f"{ROUTES[path]}: of {ROUTES[other]}", left(costs[other], costs[path], rates[path], rates[other]))
            for path in ("/gated", "/leased")
            for other in ("/known", "/open", "/bare")
        ),
    ]


def left(cheap: list[float], dear: list[float], slow: list[float], fast: list[float]) -> str:
    """Return what is left by processor time and by requests a second, each the median of a round's ratios."""
    by_cost = statistics.median(one / other for one, other in zip(cheap, dear, strict=True))
    by_rate = statistics.median(one / other for one, other in zip(slow, fast, strict=True))
    return f"{by_cost:.1%}, {by_rate:.1%}"


def request_for(path: str, cookie: str) -> bytes:
    """Return a request as a browser sends it."""
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nAccept-Encoding: gzip, deflate\r\n"
    return f"{head}Connection: keep-alive\r\nUser-Agent: benchmark\r\nCookie: {cookie}\r\n\r\n".encode()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve()
    else:
        for described, figure in measure():
            print(f"{described:90} {figure:>20}")
