"""A worker in a process of its own, which runs what is due until it is killed: `python -m soak._timer_worker URL`."""

from __future__ import annotations

import sys
import time

from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.opening import create_engine
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.timer_handlers import HANDLERS

# Short, so that what a killed worker leaves is taken up while the scenario runs.
LEASE_SECONDS = 2
# Between the first and the last statement of an effect, so that kills come in the middle of many.
HALFWAY_SECONDS = 0.002
ACTION = "soak.effect"


def settings(database_url: str) -> Settings:
    """Return how workers, and whoever prepares their work, are set up."""
    return Settings(
        base_url="http://127.0.0.1:9", database_url=database_url, timer_lease_seconds=LEASE_SECONDS, timer_seconds=1
    )


def leave_a_trace(engine: Engine, timer: Timer) -> None:
    """Record in the audit that a timer has run, in the transaction that removes it."""
    with engine.begin() as tx:
        tx.timers.done(timer)
        tx.audit.record(f"attempt {timer.attempts}", ACTION, timer.subject_id, engine.now())
        time.sleep(HALFWAY_SECONDS)


def main() -> None:
    """Work until somebody kills this process."""
    HANDLERS["trial_reminder"] = leave_a_trace
    engine = create_engine(settings(sys.argv[1]))
    while True:
        run_due(engine)
        time.sleep(0.05)


if __name__ == "__main__":
    main()
