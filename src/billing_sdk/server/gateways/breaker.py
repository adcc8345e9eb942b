"""A breaker: a processor that is out of reach is left alone for a while, so that nobody waits for it in vain."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, cast

from billing_sdk.errors import BillingError, GatewayUnreachable
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways.protocol import Gateway

# So many calls in a row that find nobody open it, and for so long nobody calls.
MOST_FAILURES: Final = 5
OPEN_FOR: Final = timedelta(seconds=15)
# Whoever is told to come back later than that has reached the processor: it is about one bill or refund.
ABOUT_ONE_SECONDS: Final = 3_600

logger = logging.getLogger(__name__)


class Breaker:
    """Counts calls to one processor that find nobody; safe to share between threads.

    Args:
        kind: of the processor.
        now: tells real time.
    """

    def __init__(self, kind: GatewayKind, now: Callable[[], datetime]) -> None:
        self._kind = kind
        self._now = now
        self._failures = 0
        self._open_until: datetime | None = None
        self._lock = threading.Lock()

    def admit(self) -> None:
        """Let a call pass; while it is open none, and when that is over one, which decides for the others.

        Raises:
            GatewayUnreachable: it is open; `retry_after_seconds` says for how long.
        """
        with self._lock:
            if self._open_until is None:
                return
            at = self._now()
            if at >= self._open_until:
                self._open_until = at + OPEN_FOR
                return
            left = math.ceil((self._open_until - at).total_seconds())
        raise GatewayUnreachable("the processor has been out of reach a moment ago", retry_after_seconds=left)

    def fail(self) -> None:
        """Count a call that has found nobody."""
        with self._lock:
            self._failures += 1
            if self._failures < MOST_FAILURES:
                return
            if self._open_until is None:
                logger.warning("%s is out of reach: it is asked every %d s", self._kind, OPEN_FOR.total_seconds())
            self._open_until = self._now() + OPEN_FOR

    def succeed(self) -> None:
        """Count a call that was answered, with whatever words."""
        with self._lock:
            if self._open_until is not None:
                logger.warning("%s can be reached again", self._kind)
            self._failures, self._open_until = 0, None


class Guarded:
    """A gateway behind a breaker: every method of it asks the breaker first, and tells it what came of the call."""

    def __init__(self, gateway: Gateway, breaker: Breaker) -> None:
        self.gateway = gateway
        self._breaker = breaker

    def __getattr__(self, name: str) -> Any:
        """Return what the gateway has under a name, guarded where it can be called."""
        found = getattr(self.gateway, name)
        if not callable(found):
            return found

        @wraps(found)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            self._breaker.admit()
            try:
                answer = found(*args, **kwargs)
            except BillingError as error:
                if _finds_nobody(error):
                    self._breaker.fail()
                else:
                    self._breaker.succeed()
                raise
            self._breaker.succeed()
            return answer

        return guarded


def guard(gateway: Gateway, breaker: Breaker) -> Gateway:
    """Return a gateway that a breaker stands before."""
    return cast("Gateway", Guarded(gateway, breaker))


def unguarded(gateway: Gateway) -> Gateway:
    """Return the gateway itself, which is asked whatever its breaker says."""
    return gateway.gateway if isinstance(gateway, Guarded) else gateway


def _finds_nobody(error: BillingError) -> bool:
    return isinstance(error, GatewayUnreachable) and error.facts.get("retry_after_seconds", 0) < ABOUT_ONE_SECONDS
