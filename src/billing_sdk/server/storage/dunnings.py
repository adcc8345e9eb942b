"""Dunning: how it stands with invoices that could not be collected."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from billing_sdk.server.domain.collection import Dunning
from billing_sdk.server.storage.billing_profiles import policy_from_json, policy_to_json
from billing_sdk.server.storage.tables.collection import dunnings

OF_INVOICE = select(dunnings).where(dunnings.c.invoice_id == bindparam("wanted"))
NAMES = tuple(field.name for field in fields(Dunning))


class DunningRepository:
    """Keeps what follows payments that fail, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, invoice_id: str) -> Dunning | None:
        """Return how it stands with an invoice; None where every attempt to collect it has gone well."""
        row = self._connection.execute(OF_INVOICE, {"wanted": invoice_id}).mappings().first()
        return None if row is None else _from_row(row)

    def add(self, dunning: Dunning) -> None:
        """Store that dunning for an invoice has begun."""
        self._connection.execute(insert(dunnings), _to_row(dunning))

    def save(self, dunning: Dunning) -> None:
        """Store how it stands now."""
        mine = dunnings.c.invoice_id == dunning.invoice_id
        self._connection.execute(update(dunnings).where(mine).values(_to_row(dunning)))

    def closed_of(self, customer_id: str) -> tuple[str, ...]:
        """Return the invoices that have closed a customer's access, whatever has become of the dunning for them."""
        theirs = dunnings.c.customer_id == customer_id
        query = select(dunnings.c.invoice_id).where(theirs, dunnings.c.closed_at.is_not(None))
        return tuple(self._connection.execute(query.order_by(dunnings.c.invoice_id)).scalars())


def _to_row(dunning: Dunning) -> dict[str, Any]:
    return {**{name: getattr(dunning, name) for name in NAMES}, "policy": policy_to_json(dunning.policy)}


def _from_row(row: RowMapping) -> Dunning:
    return Dunning(**{**row, "policy": policy_from_json(row["policy"])})
