"""When a failed delivery is tried again, and when that stops.

Source: Kinde documentation, "Webhook retry policy": at once, after 5 seconds, 30 seconds, 2 minutes, 10 minutes,
1 hour, 4 hours, then every 12 hours; an endpoint that fails for 72 hours on end is disabled. The attempts go on for
longer than that, so that an endpoint which was away over a long weekend is disabled before anything for it is dead,
and loses nothing when it is enabled again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

SECOND, MINUTE, HOUR = 1, 60, 3_600
FIRST_DELAYS_SECONDS = (5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 1 * HOUR, 4 * HOUR)
RETRY_DELAYS_SECONDS = FIRST_DELAYS_SECONDS + 7 * (12 * HOUR,)
# Later than the last attempt with all its jitter; only waits that an endpoint asks for come up against it.
HORIZON = timedelta(hours=120)
DISABLE_AFTER = timedelta(hours=72)
# A part of each delay, so that what failed together does not come back together.
JITTER = 0.1
LONGEST_WAIT_ASKED_FOR_SECONDS = 12 * HOUR


def next_attempt_at(
    delivery_id: str, *, attempts: int, queued_at: datetime, at: datetime, retry_after_seconds: int = 0
) -> datetime | None:
    """Return when to try again after a failure, or None where that was the last attempt.

    Args:
        delivery_id: spreads the jitter: the same delivery always waits for the same time.
        attempts: how many have failed, this one included.
        queued_at: when the first one was due.
        at: when this one failed.
        retry_after_seconds: what the endpoint asked for (RFC 9110, section 10.2.3); it only ever prolongs a wait.
    """
    if attempts > len(RETRY_DELAYS_SECONDS):
        return None
    delay = RETRY_DELAYS_SECONDS[attempts - 1] * (1 + JITTER * _spread(delivery_id, attempts))
    asked_for = min(retry_after_seconds, LONGEST_WAIT_ASKED_FOR_SECONDS)
    due_at = at + timedelta(seconds=max(delay, asked_for))
    return due_at if due_at <= queued_at + HORIZON else None


def is_failing_too_long(failing_since: datetime, at: datetime) -> bool:
    """Tell whether an endpoint has failed for so long that it is to be left alone."""
    return at - failing_since >= DISABLE_AFTER


def _spread(delivery_id: str, attempts: int) -> float:
    """Return a number from 0 to 1 that looks random and repeats for the same attempt."""
    digest = hashlib.sha256(f"{delivery_id}/{attempts}".encode()).digest()
    return int.from_bytes(digest[:4]) / 0xFFFFFFFF
