"""Rate limits: how often one caller may ask, and when to ask again.

The counts are kept in memory by each process: a limit holds a flood off a process, and several processes allow
several times as much. What has to hold exactly, such as attempts at a password, is counted in the database instead.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from billing_sdk.errors import RateLimited
from billing_sdk.server.settings import Settings

LimitKind = Literal[
    "token", "management", "usage", "account", "portal_link", "refused", "denial", "invoice_file", "invitation"
]
MOST_CALLERS = 20_000
FILES_PER_MINUTE = 30  # of one invoice: each is set anew
INVITATIONS_PER_MINUTE = 20  # of one organization: each is a mail to somebody who has not asked for it
DENIALS_PER_MINUTE = 10  # of one client, that are worth a record of their own


@dataclass(frozen=True, slots=True)
class Limit:
    """A steady rate, and how many requests may come at once after a pause.

    Attributes:
        every_seconds: the time in which one more request is allowed; 0 where there is no limit.
        burst: how many at once.
    """

    every_seconds: float
    burst: int

    @classmethod
    def of(cls, count: int, *, seconds: int, burst: int) -> Limit:
        """Return the limit of `count` requests in some seconds; none where the count is 0."""
        return cls(seconds / count if count else 0.0, burst)


class RateLimits:
    """Counts the requests of each caller, from any number of threads.

    It is the generic cell rate algorithm: of each caller only the time is kept at which its allowance is whole again.
    When there are more callers than it has room for, those that were quiet the longest are forgotten.
    """

    def __init__(self) -> None:
        self._whole_at: OrderedDict[tuple[LimitKind, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, kind: LimitKind, caller: str, *, limit: Limit, at: datetime) -> None:
        """Count one request of a caller.

        Raises:
            RateLimited: it is one too many; `retry_after_seconds` says when the next one is allowed.
        """
        if not limit.every_seconds:
            return
        now = at.timestamp()
        most = limit.every_seconds * (limit.burst - 1)
        with self._lock:
            # A clock that was set back must not shut anybody out for longer than the allowance takes to refill.
            whole_at = min(max(self._whole_at.get((kind, caller), now), now), now + most + limit.every_seconds)
            wait = whole_at - now - most
            self._whole_at[kind, caller] = whole_at + (limit.every_seconds if wait <= 0 else 0)
            self._whole_at.move_to_end((kind, caller))
            if len(self._whole_at) > MOST_CALLERS:
                self._whole_at.popitem(last=False)
        if wait > 0:
            raise RateLimited("there are too many requests", retry_after_seconds=max(1, math.ceil(wait)))


def limit_of(kind: LimitKind, settings: Settings) -> Limit:
    """Return what the settings allow of a kind of request."""
    match kind:
        case "token":
            return _per_second(settings.token_requests_per_second)
        case "management":
            return _per_second(settings.management_requests_per_second)
        case "usage":
            return _per_second(settings.usage_requests_per_second)
        case "account":
            return _per_second(settings.account_requests_per_second)
        case "portal_link":
            return _per_minute(settings.portal_links_per_minute)
        case "refused":
            return _per_minute(settings.refused_requests_per_minute)
        case "denial":
            return _per_minute(DENIALS_PER_MINUTE)
        case "invoice_file":
            return _per_minute(FILES_PER_MINUTE)
        case "invitation":
            return _per_minute(INVITATIONS_PER_MINUTE)


@lru_cache(maxsize=64)  # as many as there are settings
def _per_second(count: int) -> Limit:
    return Limit.of(count, seconds=1, burst=2 * count)


@lru_cache(maxsize=64)  # as above
def _per_minute(count: int) -> Limit:
    return Limit.of(count, seconds=60, burst=count)
