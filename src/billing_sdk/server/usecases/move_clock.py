"""Move a test clock while nobody waits for it: what is due on the way may take longer than a client waits."""

from __future__ import annotations

import logging
from datetime import datetime
from threading import Thread

from billing_sdk.errors import BillingError
from billing_sdk.server.domain.timers import TestClock
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.engine import Engine

logger = logging.getLogger(__name__)


def move_clock(engine: Engine, clock_id: str, *, to: datetime, actor: str, patience_seconds: float) -> TestClock:
    """Set a clock out, and return it as it is once it has arrived, or nobody has the patience to wait any longer.

    A clock that stops on the way, because something that was due has failed, stays there, and goes on from there when
    it is moved again; so does one whose process has ended.

    Args:
        engine: outside of a call, or in one that has committed what it did so far.
        clock_id: which clock.
        to: where to.
        actor: who moves it, as the audit names them.
        patience_seconds: how long the caller waits.

    Raises:
        NotFound, ClockNotAllowed, ClockMovedBack, ClockTooFar, ClockOutOfRange, Conflict, ClockStopped: as
            `advance_clock`, as far as it happens while the caller waits.
    """
    failed: list[BillingError] = []

    def move() -> None:
        try:
            advance_clock(engine, clock_id, to=to, actor=actor)
        except BillingError as error:
            failed.append(error)
            logger.warning("the test clock %s stopped on its way (%s)", clock_id, error.code)

    mover = Thread(target=move, name=f"mover of {clock_id}", daemon=True)
    mover.start()
    mover.join(patience_seconds)
    if failed:
        raise failed[0]
    with engine.read() as tx:
        return tx.clocks.get(clock_id)
