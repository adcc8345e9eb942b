"""Outages: one caller finds out that the server does not answer, and the others need not.

A server that hangs is worse than one that refuses: every question costs its whole deadline. So the first failure is
remembered. While it is, nobody waits; of those who come, one at a time tries in the background, and the first answer
ends the outage.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeGuard

from billing_sdk._fork import new_lock
from billing_sdk.errors import APIError, BillingError, Conflict, RouteNotFound, Unreachable

# Long enough that a busy application never waits twice; after a quiet time the next caller tries by itself.
REMEMBERED_SECONDS: Final = 5.0
# Between the end of one failed attempt and the next.
PAUSE_SECONDS: Final = 1.0
# A proxy answers for a server that does not.
ABSENT_STATUSES: Final = frozenset({502, 503, 504})
CLIENT_ERRORS: Final = range(400, 500)
# Too slow, or too often: asked later, the server may say yes.
PASSING_STATUSES: Final = frozenset({408, 425, 429})
# About the request itself, and not about who sends it, where to or when.
FINAL_STATUSES: Final = frozenset({400, 402, 404, 409, 410, 413, 422})


class Outage:
    """Whether the server has failed to answer a moment ago, for every thread and event loop of the process.

    Args:
        attempt_seconds: an attempt in the background takes at most this long.
        monotonic: tells seconds that never run backwards.
    """

    def __init__(self, *, attempt_seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._attempt_seconds = attempt_seconds
        self._monotonic = monotonic
        self._lock = new_lock()
        self._failure: BillingError | None = None
        self._over_at = 0.0
        self._next_attempt_at = 0.0

    @property
    def failure(self) -> BillingError | None:
        """What the server failed with a moment ago; None where it may be asked."""
        failure = self._failure
        return failure if failure is not None and self._monotonic() < self._over_at else None

    def may_try(self) -> bool:
        """Return whether this caller is the one that tries now, in the background; count it if so."""
        with self._lock:
            now = self._monotonic()
            if now < self._next_attempt_at:
                return False
            # By time rather than by a flag: an attempt that is cancelled does not stand in the way of the next.
            self._next_attempt_at = now + self._attempt_seconds + PAUSE_SECONDS
            # Whoever comes while it is under way does not wait either.
            self._over_at = now + self._attempt_seconds + REMEMBERED_SECONDS
            return True

    def note(self, error: BillingError) -> None:
        """Take an error into account: silence begins an outage, any answer of the server itself ends it."""
        if not is_absence(error):
            self.end()
            return
        with self._lock:
            now = self._monotonic()
            self._failure = error
            self._over_at = now + REMEMBERED_SECONDS
            self._next_attempt_at = now + PAUSE_SECONDS

    def end(self) -> None:
        """Forget the failure: the server has answered."""
        self._failure = None


def is_refusal(error: BillingError) -> bool:
    """Return whether an error means that the server understood and said no: not an outage, whatever else is amiss."""
    if not isinstance(error, APIError):
        return False
    status = error.http_status or error.status
    return status in CLIENT_ERRORS and status not in PASSING_STATUSES


def is_about_what_was_sent(error: BillingError) -> TypeGuard[APIError]:
    """Return whether an error means that the server will never take what was sent, and might take something else.

    Credentials that are wrong or lack a scope are about the sender, a route that isn't there is about the address, a
    plain conflict is about what others do meanwhile.
    """
    if not isinstance(error, APIError) or isinstance(error, RouteNotFound) or type(error) is Conflict:
        return False
    return (error.http_status or error.status) in FINAL_STATUSES


def is_absence(error: BillingError) -> bool:
    """Return whether an error means that the server did not answer, rather than that it said no."""
    return isinstance(error, Unreachable) or (isinstance(error, APIError) and error.http_status in ABSENT_STATUSES)
