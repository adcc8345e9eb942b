"""A call: all that one request does happens once, together with the answer to its idempotency key.

Use cases state their transactions as blocks of `Engine.begin`. Within a call the blocks join one transaction, which
also holds the claim of the key and, at its end, the answer. So a process that dies leaves the effect and the answer,
or neither. Where money is collected on the way, which no transaction can span, there are two (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from billing_sdk.errors import BillingError
from billing_sdk.server.storage import Database, UnitOfWork
from billing_sdk.server.storage.database import Transaction
from billing_sdk.server.storage.idempotency import Claim, StoredAnswer, Unanswered
from billing_sdk.server.usecases.attend import Attendant, attend

# Longer than any request takes: only a process that died leaves a key without an answer for that long.
LEASE_SECONDS = 60


class Call:
    """One request while it is served; it belongs to one thread.

    Args:
        database: where its transaction is opened.
        attendant: attends to its transactions, and tells the present.
        claim: its idempotency key, if it has one.
        refusal: the answer that stands for an error.
    """

    def __init__(
        self,
        database: Database,
        attendant: Attendant,
        claim: Claim | None,
        refusal: Callable[[BillingError], StoredAnswer],
    ) -> None:
        self._database = database
        self._attendant = attendant
        self._now = attendant.now
        self._claim = claim
        self._refusal = refusal
        self._open: Transaction | None = None
        self._is_claim_committed = False
        self._is_over = False
        self.effect_id: str | None = None
        self.has_news = False
        self.changes_workspace = False

    @property
    def is_over(self) -> bool:
        """Whether it was answered or undone, after which nothing can be done within it."""
        return self._is_over

    def begin(self) -> StoredAnswer | None:
        """Claim the key; return the answer where the same request has been served before.

        Raises:
            IdempotencyMismatch: the key was used for another request.
            Conflict: the same request is being served right now.
        """
        if self._claim is None:
            return None
        at = self._now()
        with self.joined() as tx:
            found = tx.idempotency.claim(self._claim, at=at, lease_ends_at=at + timedelta(seconds=LEASE_SECONDS))
        if isinstance(found, Unanswered):
            self.effect_id = found.effect_id
            return None
        self.roll_back()
        return found

    @contextmanager
    def joined(self) -> Iterator[UnitOfWork]:
        """Yield the call's transaction; a block that raises undoes all of it, and ends the call."""
        if self._is_over:
            raise RuntimeError("a call went on after it had been undone")
        if self._open is None:
            self._open = self._database.open_transaction()
            attend(self._open.tx, self._attendant)
        tx = self._open.tx
        try:
            yield tx
        except BaseException:
            self.roll_back()
            self._is_over = True
            raise
        self.has_news = self.has_news or tx.outbox.has_news

    def checkpoint(self, effect_id: str | None = None) -> None:
        """Commit what has been done so far, because what follows can't be undone.

        Args:
            effect_id: what the request has begun to make; a process that takes the request up goes on from there.
        """
        if self._claim is not None and effect_id is not None:
            self.effect_id = effect_id
            with self.joined() as tx:
                tx.idempotency.begin_effect(self._claim, effect_id)
        if self._open is not None:
            self._commit()
            self._is_claim_committed = True

    def answer(self, answer: StoredAnswer) -> None:
        """Commit the effect together with the answer."""
        if self._claim is not None:
            with self.joined() as tx:
                tx.idempotency.store(self._claim, answer)
        self._commit()
        self._is_over = True

    def refuse(self, error: BillingError) -> None:
        """Commit a refusal that has left something behind, such as a payment that failed, as the answer."""
        self.answer(self._refusal(error))

    def roll_back(self) -> None:
        """Undo what has not been committed."""
        opened, self._open = self._open, None
        if opened is not None:
            opened.roll_back()

    def abandon(self) -> None:
        """Undo the call, so that the same request can be sent again."""
        self.roll_back()
        if self._is_claim_committed and self._claim is not None:
            with self._database.begin() as tx:
                tx.idempotency.give_back(self._claim, at=self._now())

    def _commit(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            opened.commit()
