"""The engine: what every use case needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from billing_sdk.errors import BillingError
from billing_sdk.server.clock import Clock
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.workspace import Workspace
from billing_sdk.server.gateways import Gateways
from billing_sdk.server.outbox.bell import Bell
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import Database, UnitOfWork
from billing_sdk.server.storage.idempotency import Claim, StoredAnswer
from billing_sdk.server.usecases.attend import Attendant, ShowingDoor, attend
from billing_sdk.server.usecases.call import Call
from billing_sdk.server.usecases.callers import KnownMachines
from billing_sdk.server.usecases.hooks import Hooks
from billing_sdk.server.usecases.known_workspace import KnownWorkspace
from billing_sdk.server.usecases.rate_limits import LimitKind, RateLimits, limit_of


@dataclass(frozen=True, slots=True)
class Engine:
    """Made once, by the composition root, and handed to every use case; it keeps no state of its own.

    Attributes:
        hooks: functions of the seller that are asked before a plan is chosen or given up.
        bell: rung after each commit that has announced something.
        limits: how often each caller has asked of late.
        machines: those that were recognised a moment ago.
        known_workspace: the workspace as it was a moment ago.
        shows: shows things in the shapes of the door that events point to; it is handed in. Without it such events
            wait for a process that has it.
        call: the request that is being served, where all that it does is to happen in one transaction.
    """

    database: Database
    clock: Clock
    gateway: Gateways
    settings: Settings
    hooks: Hooks = field(default_factory=Hooks)
    bell: Bell = field(default_factory=Bell)
    limits: RateLimits = field(default_factory=RateLimits)
    machines: KnownMachines = field(default_factory=KnownMachines)
    known_workspace: KnownWorkspace = field(default_factory=KnownWorkspace)
    shows: ShowingDoor | None = None
    call: Call | None = None

    def now(self) -> datetime:
        """Return the present instant of real time: for deliveries, leases, tokens, sessions, and the audit."""
        return self.clock.now()

    def now_for(self, tx: UnitOfWork, customer: Customer) -> datetime:
        """Return the present instant of a customer: what the test clock tells that it was made on, else real time."""
        return self.now() if customer.clock_id is None else tx.clocks.time_of(customer.clock_id)

    @property
    def sends_mail(self) -> bool:
        """Whether there is a server to send mail by; it is only kept otherwise."""
        return self.settings.smtp_url is not None

    @property
    def _attendant(self) -> Attendant:
        return Attendant(self.now, self.shows, self.sends_mail)

    @property
    def sealer(self) -> Sealer:
        """What seals and opens with the keys of this server."""
        return self.database.sealer

    @property
    def workspace(self) -> Workspace:
        """The workspace as it was read less than a second ago, or is in the transaction of the call."""
        if self.call is not None:
            with self.read() as tx:
                return tx.workspace.get()
        at, changes = self.now(), self.known_workspace.changes
        known = self.known_workspace.recall(at=at)
        if known is None:
            with self.read() as tx:
                known = tx.workspace.get()
            self.known_workspace.remember(known, changes=changes, at=at)
        return known

    def workspace_in(self, tx: UnitOfWork) -> Workspace:
        """Return the workspace to somebody who has a transaction to read it in, if that is needed."""
        return self.known_workspace.recall(at=self.now()) or tx.workspace.get()

    def forget_workspace(self) -> None:
        """Let whoever asks next read the workspace again, at once or when the call has committed a change of it."""
        if self.call is None:
            self.known_workspace.forget()
        else:
            self.call.changes_workspace = True

    def admit(self, kind: LimitKind, caller: str) -> None:
        """Count one request of a caller.

        Raises:
            RateLimited: it is one too many; `retry_after_seconds` says when the next one is allowed.
        """
        limit = limit_of(kind, self.settings)
        if limit.every_seconds:
            self.limits.take(kind, caller, limit=limit, at=self.now())

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """Yield one transaction: it commits at the end of the block, and rolls back where the block raises.

        Within a call the block joins the call's transaction, which commits with the answer.
        """
        if self.call is not None:
            with self.call.joined() as tx:
                yield tx
            return
        with self.database.begin() as tx:
            attend(tx, self._attendant)
            yield tx
        if tx.outbox.has_news:
            self.bell.ring()

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Yield something to read with, which waits for nobody; within a call that is the call's transaction.

        What a call that was undone, or is answered, has left can still be read: by a page that says why, for one.
        """
        return self.database.look() if self.call is None or self.call.is_over else self.call.joined()

    @contextmanager
    def apart(self) -> Iterator[UnitOfWork]:
        """Yield a transaction that commits although the call is refused, whose own is undone first."""
        if self.call is not None:
            self.call.roll_back()
        with self.database.begin() as tx:
            attend(tx, self._attendant)
            yield tx

    def checkpoint(self, effect_id: str | None = None) -> None:
        """Commit what a call has done so far, because what follows, a question to a gateway, can't be undone."""
        if self.call is not None:
            self.call.checkpoint(effect_id)

    def refuse(self, error: BillingError) -> None:
        """Commit a refusal that has left something behind as the answer of the call."""
        if self.call is not None:
            self.call.refuse(error)

    def ring(self) -> None:
        """Tell the dispatcher that there is something to deliver, at once or when the call has committed it."""
        if self.call is None:
            self.bell.ring()
        else:
            self.call.has_news = True

    @contextmanager
    def calling(self, claim: Claim | None, *, refusal: Callable[[BillingError], StoredAnswer]) -> Iterator[Engine]:
        """Yield an engine that does everything within one call; its `call` has to be answered before the block ends.

        Args:
            claim: the idempotency key, if the request has one.
            refusal: the answer that stands for an error.
        """
        call = Call(self.database, self._attendant, claim, refusal)
        try:
            yield replace(self, call=call)
        except BaseException:
            call.abandon()
            raise
        finally:
            if call.has_news:
                self.bell.ring()
            if call.changes_workspace:
                self.known_workspace.forget()
