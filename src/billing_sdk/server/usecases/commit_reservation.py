"""Commit a reservation: its units were used. Report a lease: so many of its units were used until now."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from billing_sdk.errors import InvalidRequest, PaymentRequired
from billing_sdk.money import digits_of
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.entitlements import allowance_of
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.metering import Reading, Reservation, parse_quantity, plus
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.record_usage import count_reading, require_metered
from billing_sdk.server.usecases.require_credit import require_credit
from billing_sdk.server.usecases.reserve_usage import check_room


def commit_reservation(
    engine: Engine, *, reservation_id: str, agreement_id: str, units: str | None = None, source: EventSource = "api"
) -> Reservation:
    """Count reserved units as used, in the transaction that ends the reservation; a second time changes nothing.

    What is held was admitted, and is counted although the agreement has ended meanwhile. Units whose reservation has
    expired were free for others; they are counted if there is still room for them. Of a lease they are counted
    anyway, because they were used.

    Args:
        engine: the engine.
        reservation_id: which reservation.
        agreement_id: what it was made under.
        units: how many were used, all that were reserved by default. If it is more, all of it is counted, because it
            was used. Of a lease it is the running total, by default what was reported last.
        source: who caused it, as events name them.

    Raises:
        NotFound: the agreement has no such reservation.
        InvalidQuantity: the units are not a plain decimal number.
        ReservationEnded: it was released.
        AgreementNotLive: the reservation has expired, and the agreement has ended.
        LimitReached: the reservation has expired, and others have taken the room.
        CreditExhausted: the reservation has expired, and others have used up the credit that it needs.
        PaymentRequired: the reservation has expired, and the agreement includes the feature no more.
    """
    told = None if units is None else parse_quantity(units)
    with engine.begin() as tx:
        customer = tx.customers.lock(tx.agreements.get(agreement_id).customer_id)
        at = engine.now_for(tx, customer)
        reservation = tx.reservations.get(reservation_id, agreement_id=agreement_id).as_of(at)
        committed = reservation.after("commit")
        if reservation.is_lease:
            return _count(tx, customer, committed, reservation.used if told is None else told, source=source, at=at)
        if reservation.status == "committed":
            return reservation
        total = reservation.units if told is None else told
        if reservation.status == "expired":
            _require_still_room(tx, customer, reservation, total, at=at)
        return _count(tx, customer, committed, total, source=source, at=at)


def report_lease(
    engine: Engine, *, reservation_id: str, agreement_id: str, used: str, source: EventSource = "api"
) -> Reservation:
    """Count what was used of a lease until now; the rest of it stays set aside.

    Args:
        engine: the engine.
        reservation_id: which lease.
        agreement_id: what it was made under.
        used: the running total since the lease began. What is in it for the first time is counted; a total that is not
            above the last one changes nothing.
        source: who caused it, as events name them.

    Raises:
        NotFound: the agreement has no such reservation.
        InvalidRequest: it is no lease.
        InvalidQuantity: the total is not a plain decimal number.
        ReservationEnded: it was released.
    """
    total = parse_quantity(used)
    with engine.begin() as tx:
        customer = tx.customers.lock(tx.agreements.get(agreement_id).customer_id)
        at = engine.now_for(tx, customer)
        reservation = tx.reservations.get(reservation_id, agreement_id=agreement_id).as_of(at)
        if not reservation.is_lease:
            raise InvalidRequest("only a lease is reported in parts", remedy="Commit or release the reservation.")
        return _count(tx, customer, reservation.after("report"), total, source=source, at=at)


def _require_still_room(
    tx: UnitOfWork, customer: Customer, reservation: Reservation, units: Decimal, *, at: datetime
) -> None:
    agreement = tx.agreements.get(reservation.agreement_id)
    require_metered(tx, agreement, reservation.feature_key)
    included = tx.agreements.version_included(agreement)
    allowance = allowance_of([(agreement, included)], reservation.feature_key)
    if allowance is None:
        raise PaymentRequired("the plan does not include it any more", feature=reservation.feature_key)
    check_room(tx, allowance, reservation.feature_key, units, at)
    if reservation.requires_credit:
        require_credit(tx, customer, agreement, reservation.feature_key, units, at=at)


def _count(
    tx: UnitOfWork, customer: Customer, reservation: Reservation, total: Decimal, *, source: EventSource, at: datetime
) -> Reservation:
    """Count what is new in a running total.

    Each part is named after the total before it. A usage store of its own may have kept a part although this
    transaction's forerunner failed: it is found by its name then, and what follows goes on after it.
    """
    agreement = tx.agreements.get(reservation.agreement_id)
    counted, new = reservation.counted(total)
    while new:
        name = f"{reservation.id}.{digits_of(reservation.used)}"
        part = _kept(tx, reservation, name) or new
        # Counted now, not when it was reserved: nothing that was reported in between takes its place.
        reading = Reading(
            id=name,
            agreement_id=agreement.id,
            feature_key=reservation.feature_key,
            kind="delta",
            value=part,
            used_at=at,
            recorded_at=at,
            counted_at=at,
        )
        count_reading(tx, customer, agreement, reading, source=source)
        reservation, _ = reservation.counted(plus(reservation.used, part))
        counted, new = reservation.counted(total)
    tx.reservations.save(counted)
    return counted


def _kept(tx: UnitOfWork, reservation: Reservation, name: str) -> Decimal | None:
    """Return how much a part comes to that is counted already; None where it is not."""
    kept = tx.usage.find(reservation.agreement_id, name)
    meter = tx.usage.meter_of(reservation.feature_key)
    if kept is None or meter is None:
        return None
    return tx.usage.intake_of(meter).measure(kept.event.data)[0].value
