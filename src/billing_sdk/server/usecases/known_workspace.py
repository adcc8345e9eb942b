"""What the workspace was a moment ago: each request asks whether billing is on, and few switch it.

What was read is kept, in memory, for a second at the most. A process that switches billing itself forgets it at once,
so its next request knows; the other processes know within that second.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from billing_sdk.server.domain.workspace import Workspace

STALE_SECONDS: Final = 1.0
# From this age on one of those who ask reads again, while the others go by what is known: they don't all read at once.
RENEWED_AFTER_SECONDS: Final = 0.5


@dataclass(slots=True)
class _Known:
    workspace: Workspace
    read_at: float
    is_being_renewed: bool = False


class KnownWorkspace:
    """The workspace as it was read less than a second ago; safe to share between threads."""

    def __init__(self) -> None:
        self._known: _Known | None = None
        self._changes = 0
        self._lock = threading.Lock()

    @property
    def changes(self) -> int:
        """How often it was forgotten: who reads the workspace takes this number before."""
        return self._changes

    def recall(self, *, at: datetime) -> Workspace | None:
        """Return the workspace; None where it has to be read, now or again."""
        known = self._known
        if known is None:
            return None
        age_seconds = at.timestamp() - known.read_at
        # A clock that was set back must not keep billing on, or off, for longer.
        if not 0 <= age_seconds < STALE_SECONDS:
            return None
        if age_seconds >= RENEWED_AFTER_SECONDS and not known.is_being_renewed:
            known.is_being_renewed = True
            return None
        return known.workspace

    def remember(self, workspace: Workspace, *, changes: int, at: datetime) -> None:
        """Keep what was read, unless it was changed meanwhile.

        Args:
            workspace: what was read.
            changes: the number as it was before the reading.
            at: when the reading began.
        """
        with self._lock:
            if changes == self._changes:
                self._known = _Known(workspace, at.timestamp())

    def forget(self) -> None:
        """Keep nothing: the workspace has been changed."""
        with self._lock:
            self._changes += 1
            self._known = None
