"""What the test processor remembers of payments that holders of cards are to confirm."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Protocol

from billing_sdk.server.domain.invoicing import Confirmation, ConfirmationAnswer
from billing_sdk.server.ids import new_secret


class Confirmations(Protocol):
    """Keeps questions and their answers, durable with each call; no transaction of the caller's may be open."""

    def ask(self, charge_id: str, *, card: str) -> Confirmation:
        """Return the question about a charge, which is put once."""
        ...

    def find(self, charge_id: str) -> Confirmation | None:
        """Return the question about a charge, if it was put."""
        ...

    def answer(self, charge_id: str, said: ConfirmationAnswer) -> ConfirmationAnswer | None:
        """Keep an answer, and return the one that counts: the first; None where nothing was asked."""
        ...

    def has_confirmed(self, card: str) -> bool:
        """Tell whether the holder of a card has ever confirmed a payment with it."""
        ...


class ConfirmationsInMemory:
    """Those of one process, which forgets them when it ends; safe to share between threads."""

    def __init__(self) -> None:
        self._known: dict[str, Confirmation] = {}
        self._lock = threading.Lock()

    def ask(self, charge_id: str, *, card: str) -> Confirmation:
        """Return the question about a charge, which is put once."""
        with self._lock:
            return self._known.setdefault(charge_id, Confirmation(charge_id, new_secret(), card))

    def find(self, charge_id: str) -> Confirmation | None:
        """Return the question about a charge, if it was put."""
        return self._known.get(charge_id)

    def answer(self, charge_id: str, said: ConfirmationAnswer) -> ConfirmationAnswer | None:
        """Keep an answer, and return the one that counts: the first; None where nothing was asked."""
        with self._lock:
            known = self._known.get(charge_id)
            if known is None:
                return None
            if known.answer is None:
                known = self._known[charge_id] = replace(known, answer=said)
            return known.answer

    def has_confirmed(self, card: str) -> bool:
        """Tell whether the holder of a card has ever confirmed a payment with it."""
        with self._lock:
            return any(one.card == card and one.answer == "confirmed" for one in self._known.values())
