"""Prices of language models that somebody has put before the ones that are built in."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from billing_sdk.money import digits_of
from billing_sdk.server.domain.costs import LLMPrice, Pricing
from billing_sdk.server.storage.tables.konnect import llm_prices as table


class LLMPriceRepository:
    """Keeps prices of language models, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, price: LLMPrice) -> None:
        """Store a price, whether it is new or not."""
        values = _to_row(price)
        if not self._connection.execute(update(table).where(table.c.id == price.id).values(values)).rowcount:
            self._connection.execute(insert(table), values)

    def find(self, price_id: str) -> LLMPrice | None:
        """Return a price that was not deleted, if there is one with this id."""
        wanted = select(table).where(table.c.id == price_id, table.c.deleted_at.is_(None))
        row = self._connection.execute(wanted).mappings().first()
        return None if row is None else _from_row(row)

    def of_model(self, price: LLMPrice) -> LLMPrice | None:
        """Return the price that there is already of the model of another one, in the same currency."""
        wanted = select(table).where(
            table.c.provider == price.provider,
            table.c.model_id == price.model_id,
            table.c.currency == price.currency,
            table.c.deleted_at.is_(None),
        )
        row = self._connection.execute(wanted).mappings().first()
        return None if row is None else _from_row(row)

    def list(self) -> tuple[LLMPrice, ...]:
        """Return all that were not deleted, the oldest first."""
        rows = self._connection.execute(select(table).where(table.c.deleted_at.is_(None)).order_by(table.c.id))
        return tuple(_from_row(row) for row in rows.mappings())

    def delete(self, price_id: str, *, at: datetime) -> None:
        """Let a price hold no more, for no time."""
        self._connection.execute(update(table).where(table.c.id == price_id).values(updated_at=at, deleted_at=at))


def _to_row(price: LLMPrice) -> dict[str, Any]:
    values = {column.name: getattr(price, column.name) for column in table.columns}
    pricing = {name: digits_of(each) for name, each in asdict(price.pricing).items() if each is not None}
    return {**values, "pricing": pricing}


def _from_row(row: RowMapping) -> LLMPrice:
    values: dict[str, Any] = dict(row)
    pricing = Pricing(**{name: Decimal(each) for name, each in values.pop("pricing").items()})
    return LLMPrice(**values, pricing=pricing)
