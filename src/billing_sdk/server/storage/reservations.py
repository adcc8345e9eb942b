"""Reservations of metered units."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, insert, select, update

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.metering import Reservation, plus
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.billing import agreements, reservations

COLUMNS = [reservations.c[field.name] for field in fields(Reservation)]


class ReservationRepository:
    """Keeps reservations, in the transaction of its connection; whoever adds holds the lock on the customer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, reservation: Reservation) -> None:
        """Store a new reservation."""
        self._connection.execute(insert(reservations).values(row_of(reservation)))

    def save(self, reservation: Reservation) -> None:
        """Store a reservation that has changed."""
        changed = update(reservations).where(reservations.c.id == reservation.id)
        self._connection.execute(changed.values(status=reservation.status))

    def get(self, reservation_id: str, *, agreement_id: str) -> Reservation:
        """Return a reservation of an agreement.

        Raises:
            NotFound: the agreement has none with this id; another one may have.
        """
        query = select(*COLUMNS).where(reservations.c.id == reservation_id, reservations.c.agreement_id == agreement_id)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no reservation {reservation_id[:64]!r}")
        return Reservation(**row)

    def held(self, agreement_id: str, feature_key: str, *, at: datetime) -> Decimal:
        """Return how many units of a feature are held at an instant."""
        query = _held(feature_key, at).where(reservations.c.agreement_id == agreement_id)
        return reduce(plus, self._connection.execute(query).scalars(), Decimal(0))

    def held_of(self, customer_id: str, *, at: datetime) -> dict[tuple[str, str], Decimal]:
        """Return how many units a customer holds at an instant, by the agreement and the feature."""
        query = (
            select(reservations.c.agreement_id, reservations.c.feature_key, reservations.c.units)
            .join(agreements, agreements.c.id == reservations.c.agreement_id)
            .where(agreements.c.customer_id == customer_id, *_is_held(at))
        )
        found: dict[tuple[str, str], Decimal] = {}
        for agreement_id, feature_key, units in self._connection.execute(query):
            found[agreement_id, feature_key] = plus(found.get((agreement_id, feature_key), Decimal(0)), units)
        return found

    def unfinished(self, agreement: Agreement, feature_key: str, *, at: datetime) -> Decimal:
        """Return how many units are held under earlier agreements of the customer for the same plan."""
        query = (
            _held(feature_key, at)
            .join(agreements, agreements.c.id == reservations.c.agreement_id)
            .where(
                agreements.c.customer_id == agreement.customer_id,
                agreements.c.plan_key == agreement.plan_key,
                agreements.c.id != agreement.id,
            )
        )
        return reduce(plus, self._connection.execute(query).scalars(), Decimal(0))


def _held(feature_key: str, at: datetime) -> Select[Any]:
    return select(reservations.c.units).where(reservations.c.feature_key == feature_key, *_is_held(at))


def _is_held(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (reservations.c.status == "held", reservations.c.expires_at > at)
