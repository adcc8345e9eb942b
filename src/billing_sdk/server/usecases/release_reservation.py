"""Release a reservation: its units were not used."""

from __future__ import annotations

from billing_sdk.server.domain.metering import Reservation
from billing_sdk.server.usecases.engine import Engine


def release_reservation(engine: Engine, *, reservation_id: str, agreement_id: str) -> Reservation:
    """Give reserved units back; a second time changes nothing.

    Raises:
        NotFound: the agreement has no such reservation.
        ReservationEnded: it was committed.
    """
    with engine.begin() as tx:
        at = engine.now_for(tx, tx.customers.lock(tx.agreements.get(agreement_id).customer_id))
        released = tx.reservations.get(reservation_id, agreement_id=agreement_id).as_of(at).after("release")
        tx.reservations.save(released)
    return released
