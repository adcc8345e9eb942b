"""What holders of test cards are asked to confirm, each once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, update

from billing_sdk.server.domain.invoicing import Confirmation, ConfirmationAnswer
from billing_sdk.server.storage.tables.gateways import confirmations
from billing_sdk.server.storage.upsert import insert_new

WHOLE = select(confirmations.c.charge_id, confirmations.c.reference, confirmations.c.card, confirmations.c.answer)


class ConfirmationRepository:
    """Keeps questions and their answers, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, wanted: Confirmation, *, at: datetime) -> Confirmation:
        """Store a question, and return the one that stands: an earlier one about the same charge."""
        values = {"charge_id": wanted.charge_id, "reference": wanted.reference, "card": wanted.card, "asked_at": at}
        insert_new(self._connection, confirmations, values)
        return self.find(wanted.charge_id) or wanted

    def find(self, charge_id: str) -> Confirmation | None:
        """Return the question about a charge, if there is one."""
        return _whole(self._connection.execute(WHOLE.where(confirmations.c.charge_id == charge_id)).mappings().first())

    def by_reference(self, reference: str) -> Confirmation | None:
        """Return the question that a page is about; None where nobody was sent there."""
        return _whole(self._connection.execute(WHOLE.where(confirmations.c.reference == reference)).mappings().first())

    def answer(self, charge_id: str, said: ConfirmationAnswer, *, at: datetime) -> bool:
        """Store an answer; False where there was one before, which counts."""
        table = confirmations.c
        unanswered = update(confirmations).where(table.charge_id == charge_id, table.answer.is_(None))
        return self._connection.execute(unanswered.values(answer=said, answered_at=at)).rowcount == 1

    def has_confirmed(self, card: str) -> bool:
        """Tell whether the holder of a card has ever confirmed a payment with it."""
        query = select(confirmations.c.charge_id).where(
            confirmations.c.card == card, confirmations.c.answer == "confirmed"
        )
        return self._connection.execute(query.limit(1)).first() is not None


def _whole(row: RowMapping | None) -> Confirmation | None:
    return None if row is None else Confirmation(**row)
