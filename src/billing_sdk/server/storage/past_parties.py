"""What customers and suppliers were called and where they were, until it changed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select

from billing_sdk.server.domain.customers import Address
from billing_sdk.server.ids import new_id
from billing_sdk.server.paper import Addressed
from billing_sdk.server.storage.tables.collection import past_parties

Whose = Literal["customer_id", "profile_id"]


class PastPartyRepository:
    """Keeps what was, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, whose: Whose, subject_id: str, party: Addressed, *, until: datetime) -> None:
        """Keep what a customer, or the supplier of a profile, was until an instant."""
        row = {
            "id": new_id("past"),
            whose: subject_id,
            "until": until,
            "name": party.name,
            "email": party.email,
            "address": None if party.address is None else asdict(party.address),
            "tax_ids": list(party.tax_ids),
        }
        self._connection.execute(insert(past_parties), row)

    def find(self, whose: Whose, subject_id: str, *, at: datetime) -> Addressed | None:
        """Return what it was at an instant; None where that is what it is now."""
        query = (
            select(past_parties)
            .where(past_parties.c[whose] == subject_id, past_parties.c.until > at)
            .order_by(past_parties.c.until, past_parties.c.id)
        )
        row: Any = self._connection.execute(query.limit(1)).first()
        if row is None:
            return None
        address = row.address and Address(**{**row.address, "lines": tuple(row.address["lines"])})
        return Addressed(row.name, address, tuple(row.tax_ids), row.email)
