"""Tells whoever listens in this process that something has been queued."""

from __future__ import annotations

from collections.abc import Callable


class Bell:
    """Rung after a commit that has queued something; nobody needs to hear it, the queue is also polled."""

    def __init__(self) -> None:
        self._listeners: tuple[Callable[[], None], ...] = ()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function, which returns at once and raises nothing, each time that the bell rings."""
        self._listeners = (*self._listeners, listener)

    def ring(self) -> None:
        """Call everybody who listens."""
        for listener in self._listeners:
            listener()
