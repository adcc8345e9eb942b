"""Run one timer that its caller has taken."""

from __future__ import annotations

import logging

from billing_sdk.errors import BillingError
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage.timers import TimerTaken
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.obsolete import Obsolete
from billing_sdk.server.usecases.timer_handlers import HANDLERS, Handler

logger = logging.getLogger(__name__)


class HandlerFault(Exception):
    """A handler is wrong: it is missing, has left its timer in place, or has set it anew without moving it on."""


def run_timer(engine: Engine, timer: Timer) -> None:
    """Call the handler of a timer, and see that it has removed the timer together with its effect.

    Raises:
        HandlerFault: it has not.
        Exception: whatever the handler raises; the timer is then where it was.
    """
    handler = HANDLERS.get(timer.kind)
    if handler is None:
        raise HandlerFault(f"nothing is registered for timers of the kind {timer.kind!r}")
    try:
        _call(engine, handler, timer)
    except TimerTaken:
        logger.info("%s (%s of %s) was done or replaced meanwhile", timer.id, timer.kind, timer.subject_id)
        return
    with engine.read() as tx:
        following = tx.timers.find(timer.kind, timer.subject_id)
    if following is not None and following.id == timer.id:
        raise HandlerFault(f"the handler of {timer.kind!r} has left its timer in place")
    if following is not None and following.due_at <= timer.due_at:
        raise HandlerFault(f"the handler of {timer.kind!r} has set its timer anew without moving it on")


def _call(engine: Engine, handler: Handler, timer: Timer) -> None:
    try:
        handler(engine, timer)
    except Obsolete as reason:
        logger.warning("%s (%s of %s) is dropped: %s", timer.id, timer.kind, timer.subject_id, reason)
        with engine.begin() as tx:
            tx.timers.done(timer)


def reason_of(error: Exception) -> str:
    """Return what may be said of a failure: a traceback could show what a gateway or the database was asked."""
    return (
        f"{type(error).__name__}: {error}" if isinstance(error, (BillingError, HandlerFault)) else type(error).__name__
    )
