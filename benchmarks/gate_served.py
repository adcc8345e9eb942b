"""What is left of a route's requests a second once it has a gate: uvicorn, 64 connections, all routes in turn.

`python -m benchmarks.gate_served`: the routes do the same, and are asked with the same cookie. One is in an application
that knows nothing of billing; the others are in one that does: without a gate, without one and asking who is signed
in, with `requires`, and with `consumes` on a lease. Server and load have a core each, where there are two.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

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


def serve(is_bare: bool) -> None:
    """Serve until killed, and print the port and the cookie."""
    app = Starlette()
    cookie = ""
    routes = {"/bare": view} if is_bare else {"/open": view}
    if not is_bare:
        billing = Billing(app, **SETTINGS)
        cookie = sign_in(billing)

        async def known(request: Request) -> Response:
            assert billing.user is not None
            return await view(request)

        async def gated(request: Request) -> Response:
            return await view(request)

        async def leased(request: Request) -> Response:
            return await view(request)

        routes["/known"] = known
        routes["/gated"] = billing.requires("advanced_reports")(gated)
        routes["/leased"] = billing.consumes("advanced_reports", lease=100)(leased)
    app.router.routes += [Route(path, endpoint) for path, endpoint in routes.items()]
    listener = bind("127.0.0.1", 0)
    print(listener.getsockname()[1], cookie, flush=True)
    config = uvicorn.Config(app, http="httptools", loop="uvloop", access_log=False, log_config=None)
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def serving(name: str) -> Iterator[tuple[int, int, str]]:
    """Run one of the servers on the first core, and yield its port, its process id and the cookie."""
    command = [sys.executable, "-m", "benchmarks.gate_served", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port, _, cookie = process.stdout.readline().strip().partition(" ")
            _wait_for(int(port))
            _pin(process.pid, 0)
            yield int(port), process.pid, cookie
        finally:
            process.kill()


def measure() -> list[tuple[str, str]]:
    """Return how many requests each route answers a second, what one costs, and what is left of them with a gate."""
    rates: dict[str, list[float]] = {path: [] for path in ROUTES}
    costs: dict[str, list[float]] = {path: [] for path in ROUTES}
    with ExitStack() as stack:
        bare = stack.enter_context(serving("bare"))
        billed = stack.enter_context(serving("billed"))
        _pin(0, 1)
        for round_number in range(ROUNDS + 1):
            for path in ROUTES:
                port, process_id, _ = bare if path == "/bare" else billed
                request = request_for(path, billed[2])
                begun = _processor_seconds(process_id)
                rate, statuses = load.run(port, lambda request=request: request, seconds=SECONDS)
                cost = (_processor_seconds(process_id) - begun) / statuses.total()
                assert set(statuses) == {"200"}, statuses
                if round_number:  # the first one warms up
                    rates[path].append(rate)
                    costs[path].append(cost)
    found = {path: (statistics.median(rates[path]), statistics.median(costs[path]) * 1e6) for path in ROUTES}
    figures = [(says, f"{found[path][0]:,.0f}/s, {found[path][1]:.1f} µs") for path, says in ROUTES.items()]
    return [
        *figures,
        *(
            (f"{ROUTES[path]}: of {ROUTES[other]}", f"{found[other][1] / found[path][1]:.1%}")
            for path in ("/gated", "/leased")
            for other in ("/known", "/open", "/bare")
        ),
    ]


def request_for(path: str, cookie: str) -> bytes:
    """Return a request as a browser sends it."""
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nAccept-Encoding: gzip, deflate\r\n"
    return f"{head}Connection: keep-alive\r\nUser-Agent: benchmark\r\nCookie: {cookie}\r\n\r\n".encode()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(is_bare=sys.argv[1] == "bare")
    else:
        for described, figure in measure():
            print(f"{described:90} {figure:>20}")
