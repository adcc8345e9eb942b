"""Work that is done again and again, in a thread of its own, for as long as the server runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Periodic:
    """Calls `work` every so often, until it is stopped; work that fails is tried again the next time.

    Args:
        name: what the thread and the log call it.
        work: is called in that thread, never twice at once.
        every_seconds: the pause before each call, the first one as well.
        rest: so many times as long as a call took is the pause after it at least; with 9, work that takes long has a
            tenth of the time.
    """

    def __init__(self, name: str, work: Callable[[], object], *, every_seconds: float, rest: float = 0) -> None:
        self._name = name
        self._work = work
        self._every_seconds = every_seconds
        self._rest = rest
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"billing-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Start no more work, and wait for the end of what is under way."""
        self._is_stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause_seconds = self._every_seconds
        while not self._is_stopping.wait(pause_seconds):
            begun = time.monotonic()
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - the thread outlives an outage of the database
                logger.error("%s failed (%s); trying again", self._name, type(error).__name__)  # noqa: TRY400 - a traceback would show statements and their values
            pause_seconds = pause_after(time.monotonic() - begun, every_seconds=self._every_seconds, rest=self._rest)


def pause_after(spent_seconds: float, *, every_seconds: float, rest: float) -> float:
    """Return for how long to pause after work that took so long; see `Periodic`."""
    return max(every_seconds, rest * spent_seconds)
