"""The worker that every server process has: it looks for what is due, runs it, and knows how late the rest is."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.run_due import run_due

# What is later than that is not merely waiting for the next look.
LATE = timedelta(minutes=5)
# From so many on, several threads of a process share the work. One writes at a time on SQLite anyway.
MANY = 20
THREADS = 4

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is due in real time and not done: how many, the oldest, and how late that is."""

    count: int
    oldest: Timer | None
    lag: timedelta

    @property
    def is_late(self) -> bool:
        """Whether somebody should look into it."""
        return self.lag > LATE


def measure_backlog(engine: Engine) -> Backlog:
    """Return what is due in real time and not done."""
    now = engine.now()
    with engine.read() as tx:
        oldest = tx.timers.oldest_due(now)
        count = tx.timers.count_due(now) if oldest is not None else 0
    return Backlog(count, oldest, timedelta() if oldest is None else oldest.lag(now))


class TimerWorker:
    """Belongs to one thread, which calls `look` again and again; anybody may read `backlog` and call `stop`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_stopping = Event()
        self.backlog = Backlog(0, None, timedelta())

    def look(self) -> None:
        """Run everything that is due, and say in the log if something has been due for long."""
        self.backlog = measure_backlog(self._engine)
        if self.backlog.oldest is None:
            return
        self._run_due(self._threads_for(self.backlog.count))
        self.backlog = measure_backlog(self._engine)
        if self.backlog.is_late and self.backlog.oldest is not None:
            oldest = self.backlog.oldest
            logger.warning(
                "%d timers are due, %s of %s for %s",
                self.backlog.count,
                oldest.kind,
                oldest.subject_id,
                self.backlog.lag,
            )

    def _threads_for(self, count: int) -> int:
        """Return how many threads are worth it: most of the time of a renewal is spent waiting for the gateway."""
        return 1 if count < MANY or self._engine.database.is_sqlite else THREADS

    def _run_due(self, threads: int) -> None:
        with ThreadPoolExecutor(threads, thread_name_prefix="billing-timers") as pool:
            running = [pool.submit(run_due, self._engine, is_stopping=self._is_stopping.is_set) for _ in range(threads)]
        for run in running:
            run.result()

    def stop(self) -> None:
        """Begin nothing more."""
        self._is_stopping.set()
