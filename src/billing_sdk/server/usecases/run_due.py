"""Run what is due in real time: the worker loop of every server process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from billing_sdk.server.domain.timers import Timer, rest_after
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.follow_usage import follow_usage
from billing_sdk.server.usecases.run_timer import reason_of, run_timer
from billing_sdk.server.usecases.timer_handlers import TOGETHER

# So many are locked and written in one transaction; no request waits for it for long.
MOST_AT_ONCE = 100

logger = logging.getLogger(__name__)


def run_due(engine: Engine, *, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Run every timer that is due, one after the other, and return how many ran.

    What usage events have changed is attended to first. Any number of processes may do so at once: each timer is taken
    by one of them, and those of one customer run in their order. A timer that fails rests for a while and holds up what
    is due to the same customer, nobody else.

    Args:
        engine: whose timers.
        is_stopping: asked before each timer.
    """
    follow_usage(engine, is_stopping=is_stopping)
    with engine.read() as tx:  # most looks find nothing, and should hold up nobody
        if not tx.timers.has_due(engine.now()):
            return 0
    count = 0
    while not is_stopping() and (taken := _claim(engine)):
        alone = _run_together(engine, taken)
        count += len(taken) - len(alone)
        for timer in alone:
            try:
                run_timer(engine, timer)
                count += 1
            except Exception as error:  # noqa: BLE001 - one timer that fails must not hold up those of others
                _let_rest(engine, timer, error)
    return count


def _claim(engine: Engine) -> tuple[Timer, ...]:
    now = engine.now()
    leased_until = now + timedelta(seconds=engine.settings.timer_lease_seconds)
    with engine.begin() as tx:
        first = tx.timers.claim(now=now, leased_until=leased_until)
        if first is None or first.kind not in TOGETHER:
            return () if first is None else (first,)
        others = tx.timers.claim_more(first.kind, now=now, leased_until=leased_until, limit=MOST_AT_ONCE - 1)
        return first, *others


def _run_together(engine: Engine, taken: tuple[Timer, ...]) -> tuple[Timer, ...]:
    """Run what can be run in one transaction, and return the other timers."""
    if len(taken) == 1:
        return taken
    try:
        return TOGETHER[taken[0].kind](engine, taken)
    except Exception as error:  # noqa: BLE001 - one of them must not hold up the others
        logger.warning("%d timers of %r are run one by one (%s)", len(taken), taken[0].kind, reason_of(error))
        return taken


def _let_rest(engine: Engine, timer: Timer, error: Exception) -> None:
    rest = rest_after(timer.attempts)
    logger.error(
        "%s (%s of %s) failed at attempt %d (%s); trying again in %s",
        timer.id,
        timer.kind,
        timer.subject_id,
        timer.attempts,
        reason_of(error),
        rest,
    )
    with engine.begin() as tx:
        tx.timers.rest(timer, until=engine.now() + rest)
