"""The engine: what every use case needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from billing_sdk.server.clock import Clock
from billing_sdk.server.gateways import Gateway
from billing_sdk.server.outbox.bell import Bell
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import Database, UnitOfWork


@dataclass(frozen=True, slots=True)
class Engine:
    """Made once, by the composition root, and handed to every use case; it keeps no state of its own.

    Attributes:
        bell: rung after each commit that has announced something.
    """

    database: Database
    clock: Clock
    gateway: Gateway
    settings: Settings
    bell: Bell = field(default_factory=Bell)

    def now(self) -> datetime:
        """Return the present instant."""
        return self.clock.now()

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """Yield one transaction: it commits at the end of the block, and rolls back where the block raises."""
        with self.database.begin() as tx:
            yield tx
        if tx.outbox.has_news:
            self.bell.ring()

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Yield a transaction that only reads, and so waits for nobody."""
        return self.database.begin(read_only=True)
