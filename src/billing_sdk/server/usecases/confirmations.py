"""What the test processor remembers of payments that are to be confirmed, in the database of this server."""

from __future__ import annotations

from billing_sdk.server.clock import Clock
from billing_sdk.server.domain.invoicing import Confirmation, ConfirmationAnswer
from billing_sdk.server.ids import new_secret
from billing_sdk.server.storage import Database


class DatabaseConfirmations:
    """Each call is a transaction of its own, so none of the caller's may be open.

    Args:
        database: where they are kept.
        clock: real time.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ask(self, charge_id: str, *, card: str) -> Confirmation:
        """Return the question about a charge, which is put once."""
        with self._database.begin() as tx:
            return tx.confirmations.ask(Confirmation(charge_id, new_secret(), card), at=self._clock.now())

    def find(self, charge_id: str) -> Confirmation | None:
        """Return the question about a charge, if it was put."""
        with self._database.look() as tx:
            return tx.confirmations.find(charge_id)

    def answer(self, charge_id: str, said: ConfirmationAnswer) -> ConfirmationAnswer | None:
        """Keep an answer, and return the one that counts: the first; None where nothing was asked."""
        with self._database.begin() as tx:
            tx.confirmations.answer(charge_id, said, at=self._clock.now())
            known = tx.confirmations.find(charge_id)
        return None if known is None else known.answer

    def has_confirmed(self, card: str) -> bool:
        """Tell whether the holder of a card has ever confirmed a payment with it."""
        with self._database.look() as tx:
            return tx.confirmations.has_confirmed(card)
