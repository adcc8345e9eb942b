"""Reservations of metered units."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, insert, select, update

from billing_sdk.errors import NotFound
from billing_sdk.money import EXACT
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.metering import SETTLED, Reservation, plus
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.billing import agreements, reservations

COLUMNS = [reservations.c[field.name] for field in fields(Reservation)]


class ReservationRepository:
    """Keeps reservations, in the transaction of its connection; whoever adds holds the lock on the customer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._customers: dict[str, str] = {}
        self._held: dict[tuple[str, datetime], dict[tuple[str, str], Decimal]] = {}
        self._plans: dict[str, str] = {}

    def look_ahead(self, mine: Collection[Agreement], *, at: datetime) -> None:
        """Read at once what is held at an instant under all agreements of a customer; the transaction changes none."""
        for customer_id in {agreement.customer_id for agreement in mine}:
            self._held[customer_id, at] = self.held_of(customer_id, at=at)
        self._customers.update((agreement.id, agreement.customer_id) for agreement in mine)
        self._plans.update((agreement.id, agreement.plan_key) for agreement in mine)

    def add(self, reservation: Reservation) -> None:
        """Store a new reservation."""
        self._connection.execute(insert(reservations).values(row_of(reservation)))

    def save(self, reservation: Reservation) -> None:
        """Store a reservation that has changed."""
        row = row_of(reservation)
        if reservation.status not in SETTLED:
            row["status"] = "held"
        self._connection.execute(update(reservations).where(reservations.c.id == reservation.id).values(row))

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
        ahead = self._held.get((self._customers.get(agreement_id, ""), at))
        if ahead is not None:
            return ahead.get((agreement_id, feature_key), Decimal(0))
        return self._left(_held(feature_key, at).where(reservations.c.agreement_id == agreement_id))

    def held_of(self, customer_id: str, *, at: datetime) -> dict[tuple[str, str], Decimal]:
        """Return how many units a customer holds at an instant, by the agreement and the feature."""
        if (customer_id, at) in self._held:
            return self._held[customer_id, at]
        query = (
            select(reservations.c.agreement_id, reservations.c.feature_key, reservations.c.units, reservations.c.used)
            .join(agreements, agreements.c.id == reservations.c.agreement_id)
            .where(agreements.c.customer_id == customer_id, *_is_held(at))
        )
        found: dict[tuple[str, str], Decimal] = {}
        for agreement_id, feature_key, units, used in self._connection.execute(query):
            name = (agreement_id, feature_key)
            found[name] = plus(found.get(name, Decimal(0)), _rest(units, used))
        return found

    def unfinished(self, agreement: Agreement, feature_key: str, *, at: datetime) -> Decimal:
        """Return how many units are held under earlier agreements of the customer for the same plan."""
        ahead = self._held.get((agreement.customer_id, at))
        if ahead is not None:
            others = {id_ for id_, plan_key in self._plans.items() if plan_key == agreement.plan_key} - {agreement.id}
            return reduce(plus, (ahead.get((id_, feature_key), Decimal(0)) for id_ in others), Decimal(0))
        query = (
            _held(feature_key, at)
            .join(agreements, agreements.c.id == reservations.c.agreement_id)
            .where(
                agreements.c.customer_id == agreement.customer_id,
                agreements.c.plan_key == agreement.plan_key,
                agreements.c.id != agreement.id,
            )
        )
        return self._left(query)

    def _left(self, query: Select[Any]) -> Decimal:
        rows = self._connection.execute(query)
        return reduce(plus, (_rest(units, used) for units, used in rows), Decimal(0))


def _held(feature_key: str, at: datetime) -> Select[Any]:
    columns = (reservations.c.units, reservations.c.used)
    return select(*columns).where(reservations.c.feature_key == feature_key, *_is_held(at))


def _rest(units: Decimal, used: Decimal) -> Decimal:
    # Of a lease a part is counted as used already; more of it may be than was set aside.
    return max(EXACT.subtract(units, used), Decimal(0))


def _is_held(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (reservations.c.status == "held", reservations.c.held_until > at)
