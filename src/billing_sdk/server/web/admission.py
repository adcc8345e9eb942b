"""How many requests are served at once: who comes after that hears so at once, instead of waiting in a queue."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from billing_sdk.errors import ServerBusy

# Ten times what the thread pool works on at once.
MOST_REQUESTS = 400
RETRY_SECONDS = 1
HEALTH = "/health"
UNCOUNTED = nullcontext()


class Admission:
    """Counts the requests that are being served; as a context manager, it is the place of one of them.

    Args:
        most: how many have a place at the same time.
    """

    def __init__(self, *, most: int = MOST_REQUESTS) -> None:
        self._most = most
        self._served = 0

    def __enter__(self) -> None:
        self._served += 1

    def __exit__(self, *_: object) -> None:
        self._served -= 1

    def place_for(self, path: str) -> AbstractContextManager[None]:
        """Return what a request is served within; the question after the server's health is always admitted.

        Raises:
            ServerBusy: too many are being served.
        """
        if path == HEALTH:
            return UNCOUNTED
        if self._served >= self._most:
            raise ServerBusy("too many requests are being served", retry_after_seconds=RETRY_SECONDS)
        return self


def health_route(timer_lag: Callable[[], timedelta] = timedelta) -> Route:
    """Return the route that a load balancer asks.

    Args:
        timer_lag: for how long the oldest timer had been due when this process last looked.
    """

    async def answer(_request: Request) -> Response:
        """Say that this process serves; it needs neither a thread nor the database, so it can say so under any load."""
        lag = {"observedValue": round(timer_lag().total_seconds()), "observedUnit": "s"}
        return JSONResponse({"status": "pass", "checks": {"timers:lag": [lag]}}, media_type="application/health+json")

    return Route(HEALTH, answer, methods=["GET"])
