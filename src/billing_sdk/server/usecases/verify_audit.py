"""Verify the audit: every record is as it was written, none is missing, and their order is the one it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.audit import Head
from billing_sdk.server.usecases.engine import Engine

logger = logging.getLogger(__name__)

MOST_PROBLEMS = 100
FULL_CHECK_EVERY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a check of the audit has found.

    Attributes:
        records: how many there are.
        head: the last link; kept elsewhere, it proves later that nothing was cut off before it.
        problems: what does not hold, the first hundred; none if all is well.
    """

    records: int
    head: Head
    problems: tuple[str, ...]


def link_audit(engine: Engine) -> Head:
    """Link the records that were committed since the last time, and return the last link."""
    with engine.begin() as tx:
        return tx.audit.link_new()


def verify_audit(engine: Engine, *, known: Head | None = None) -> AuditReport:
    """Check the whole audit; it takes time in proportion to its length, and holds up nobody.

    Args:
        engine: the engine.
        known: a link that was seen before, which has to be there still.
    """
    with engine.database.begin(read_only=True) as tx:
        return examine_audit(tx, known=known)


def examine_audit(tx: UnitOfWork, *, known: Head | None = None) -> AuditReport:
    """Check the whole audit within a transaction, which may be that of a user who can only read."""
    count, head = 0, Head()
    problems: list[str] = []
    for row in tx.audit.linked():
        record = row._mapping
        count += 1
        if row.number != head.number + 1:
            problems.append(f"links {head.number + 1} to {row.number - 1} are missing")
        if row.position is None:
            problems.append(f"record {row.linked_position} is missing")
        elif not tx.audit.is_genuine(record):
            problems.append(f"record {row.position} was changed, or was not written by this server")
        else:
            expected = tx.audit.next_head(head, row.position, row.mac)
            if (row.number, row.link) != (expected.number, expected.link):
                problems.append(f"link {row.number} does not follow from the one before")
        head = Head(row.number, row.link)
    for row in tx.audit.unlinked():
        count += 1
        if not tx.audit.is_genuine(row._mapping):
            problems.append(f"record {row.position} was changed, or was not written by this server")
    if known is not None and not tx.audit.holds(known):
        problems.append(f"link {known.number}, which was there before, is gone or another one")
    return AuditReport(count, head, tuple(problems[:MOST_PROBLEMS]))


class AuditWatch:
    """Looks after the audit while a server runs: links what is new, and says so loudly when something is wrong.

    Args:
        engine: the engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen = Head()
        self._checked_at: datetime | None = None

    def look(self) -> tuple[str, ...]:
        """Link what is new; check what was seen before, and once a day everything. Return what does not hold."""
        problems = tuple(self._problems())
        for problem in problems:
            logger.error("the audit does not hold: %s", problem)
        return problems

    def _problems(self) -> Iterator[str]:
        at = self._engine.now()
        is_due = self._checked_at is None or at - self._checked_at >= FULL_CHECK_EVERY
        with self._engine.begin() as tx:
            if not tx.audit.holds(self._seen):
                yield f"link {self._seen.number}, which was there before, is gone or another one"
            head = tx.audit.link_new(everything=is_due)
        if is_due:
            yield from verify_audit(self._engine).problems
            self._checked_at = at
        self._seen = head
