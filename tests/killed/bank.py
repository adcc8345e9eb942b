"""A bank that outlives whoever asks it: every answer is kept in a file, by its idempotency key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from billing_sdk.errors import CardDeclined
from billing_sdk.money import Money
from billing_sdk.server.gateways import Awaited, Bill, Charge, ManagedGateway, PaidBack

SCHEMA = """
    CREATE TABLE IF NOT EXISTS answers (
        key TEXT PRIMARY KEY, kind TEXT, reference TEXT, currency TEXT, minor INTEGER
    )
"""


class Bank(ManagedGateway):
    """Decides as the managed gateway does, and remembers in a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        with self._open() as answers:
            answers.execute(SCHEMA)

    def collect(self, bill: Bill, *, idempotency_key: str) -> Charge | Awaited:
        """Collect a bill once for each key."""
        try:
            answer = super().collect(bill, idempotency_key=idempotency_key)
        except CardDeclined:
            self._keep(idempotency_key, "declined", "", bill.amount)
            raise
        assert isinstance(answer, Charge), "nothing has to be waited for with these cards"
        return Charge(self._keep(idempotency_key, "charge", answer.reference, bill.amount), bill.amount)

    def refund(self, *, reference: str, amount: Money, idempotency_key: str) -> PaidBack:
        """Pay an amount back once for each key."""
        return PaidBack(self._keep(idempotency_key, "refund", f"refund of {reference}", amount), amount)

    def collected(self) -> list[tuple[str, int]]:
        """Return what was collected, an amount for each key, in the order of the amounts."""
        with self._open() as answers:
            query = "SELECT currency, minor FROM answers WHERE kind = 'charge' ORDER BY currency, minor"
            return [(currency, minor) for currency, minor in answers.execute(query)]

    def _keep(self, key: str, kind: str, reference: str, amount: Money) -> str:
        with self._open() as answers:
            row = (key, kind, reference, amount.currency, amount.minor)
            answers.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)", row)
            query = "SELECT reference, currency, minor FROM answers WHERE key = ?"
            kept: tuple[str, str, int] = answers.execute(query, (key,)).fetchone()
        assert kept[1:] == (amount.currency, amount.minor), f"{key} was used for another amount"
        return kept[0]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=60, isolation_level=None)) as answers:
            yield answers
