"""Commit a reservation: its units were used."""

from __future__ import annotations

from billing_sdk.errors import PaymentRequired
from billing_sdk.server.domain.entitlements import allowance_of
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.metering import Reading, Reservation
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.record_usage import count_reading, require_metered
from billing_sdk.server.usecases.require_credit import require_credit
from billing_sdk.server.usecases.reserve_usage import check_room


def commit_reservation(
    engine: Engine, *, reservation_id: str, agreement_id: str, source: EventSource = "api"
) -> Reservation:
    """Count reserved units as used, in the transaction that ends the reservation; a second time changes nothing.

    What is held was admitted, and is counted although the agreement has ended meanwhile. Units whose reservation has
    expired were free for others; they are counted if there is still room for them.

    Raises:
        NotFound: the agreement has no such reservation.
        ReservationEnded: it was released.
        AgreementNotLive: the reservation has expired, and the agreement has ended.
        LimitReached: the reservation has expired, and others have taken the room.
        CreditExhausted: the reservation has expired, and others have used up the credit that it needs.
        PaymentRequired: the reservation has expired, and the agreement includes the feature no more.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(tx.agreements.get(agreement_id).customer_id)
        at = engine.now_for(tx, customer)
        reservation = tx.reservations.get(reservation_id, agreement_id=agreement_id).as_of(at)
        committed = reservation.after("commit")
        if reservation.status == "committed":
            return reservation
        agreement = tx.agreements.get(agreement_id)
        if reservation.status == "expired":
            require_metered(tx, agreement, reservation.feature_key)
            included = tx.agreements.version_included(agreement)
            allowance = allowance_of([(agreement, included)], reservation.feature_key)
            if allowance is None:
                raise PaymentRequired("the plan does not include it any more", feature=reservation.feature_key)
            check_room(tx, allowance, reservation.feature_key, reservation.units, at)
            if reservation.requires_credit:
                require_credit(tx, customer, agreement, reservation.feature_key, reservation.units, at=at)
        # Counted now, not when it was reserved: nothing that was reported in between takes its place.
        reading = Reading(
            id=new_id("reading"),
            agreement_id=agreement_id,
            feature_key=reservation.feature_key,
            kind="delta",
            value=reservation.units,
            used_at=at,
            recorded_at=at,
            counted_at=at,
        )
        count_reading(tx, customer, agreement, reading, source=source)
        tx.reservations.save(committed)
    return committed
