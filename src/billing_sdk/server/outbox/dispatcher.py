"""The loop that sends what is due, in a thread of its own.

Sending is asynchronous, so an endpoint that hangs costs a socket and not a thread: it can't hold up the others.
The loop keeps nothing of its own. It may be killed at any time, and any number of processes may run one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from billing_sdk.server.outbox.letter import Answer, Letter
from billing_sdk.server.outbox.sender import Sender

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
GRACE_SECONDS = 5.0
# Looking a name up blocks a thread: as many as there can be attempts under way, so that none waits for another's.
LOOKUP_THREADS = 80


class Dispatcher:
    """Claims letters, sends them and settles the answers, until it is stopped.

    Args:
        claim: takes what is due and returns it signed.
        settle: stores what came of one letter.
        make_sender: called once, in the loop's thread.
        poll_seconds: how often to look for what other processes have queued; `wake` is for this one's.
    """

    def __init__(
        self,
        *,
        claim: Callable[[], Sequence[Letter]],
        settle: Callable[[Letter, Answer], object],
        make_sender: Callable[[], Sender],
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._claim = claim
        self._settle = settle
        self._make_sender = make_sender
        self._poll_seconds = poll_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._is_stopping = False
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="billing-dispatcher", daemon=True)

    def start(self) -> None:
        """Start the loop, and return when it runs."""
        self._thread.start()
        self._is_ready.wait()

    def wake(self) -> None:
        """Say that something has been queued; safe from any thread, at any time."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: whatever is queued waits for the next one
                self._loop.call_soon_threadsafe(self._news.set)

    @property
    def is_stopped(self) -> bool:
        """Whether the loop has ended, or was never started."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """End the loop and wait for it; attempts under way get a few seconds, what is left is tried again later."""
        self._is_stopping = True
        self.wake()
        if not self.is_stopped:
            self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._loop.set_default_executor(ThreadPoolExecutor(LOOKUP_THREADS, "billing-lookup"))
            self._is_ready.set()
            runner.run(self._dispatch())

    async def _dispatch(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        # Two threads for the database, apart from those that may be stuck looking names up.
        with ThreadPoolExecutor(2, "billing-outbox") as database:
            sender = self._make_sender()
            while not self._is_stopping:
                self._news.clear()
                for letter in await self._claim_in(database):
                    task = asyncio.create_task(self._deliver(letter, sender, database))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), self._poll_seconds)
            await _finish(under_way)

    async def _claim_in(self, database: ThreadPoolExecutor) -> Sequence[Letter]:
        try:
            return await asyncio.get_running_loop().run_in_executor(database, self._claim)
        except Exception as error:  # noqa: BLE001 - the loop outlives an outage of the database
            logger.error("webhooks can't be read from the database (%s); trying again", type(error).__name__)  # noqa: TRY400 - a traceback would show statements and their values
            return ()

    async def _deliver(self, letter: Letter, sender: Sender, database: ThreadPoolExecutor) -> None:
        answer = await sender.send(letter)
        try:
            await asyncio.get_running_loop().run_in_executor(database, self._settle, letter, answer)
        except Exception as error:  # noqa: BLE001 - as above; the lease runs out and the delivery is made again
            logger.error("the outcome of delivery %s is lost (%s)", letter.delivery.id, type(error).__name__)  # noqa: TRY400 - a traceback would show statements and their values
        self._news.set()  # the customer's next event may go now


async def _finish(under_way: set[asyncio.Task[None]]) -> None:
    if not under_way:
        return
    _, late = await asyncio.wait(under_way, timeout=GRACE_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
