"""Attend to a transaction: what it records is heard, and what follows for others is told before it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.audit import Recorded
from billing_sdk.server.usecases.standing_news import note_touched, tell_standings


def attend(tx: UnitOfWork, now: Callable[[], datetime]) -> None:
    """Tell a transaction the time, and listen to it; called once, when it begins.

    Args:
        tx: the transaction.
        now: where real time comes from.
    """
    tx.tell_time(now)

    def hear(recorded: Recorded) -> None:
        note_touched(tx, recorded)

    def speak() -> None:
        tell_standings(tx, now)

    tx.audit.heard = hear
    tx.at_end(speak)
