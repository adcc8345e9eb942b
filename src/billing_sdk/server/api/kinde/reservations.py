"""Reservations of metered units: an extension, so that a limit holds whoever asks at once."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.money import digits_of
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import scoped
from billing_sdk.server.domain.metering import Reservation, ReservationStatus
from billing_sdk.server.usecases.commit_reservation import commit_reservation, report_lease
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.release_reservation import release_reservation
from billing_sdk.server.usecases.reserve_usage import lease_usage, reserve_usage
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Billing reservations"], route_class=StrictRoute)

ReservationId = Annotated[str, Path(min_length=1, max_length=64)]


class NewReservation(Body):
    """How much of what to set aside: under an agreement, or for a person and the organization they act for."""

    billing_feature_code: str = Field(max_length=64)
    meter_value: str = Field(max_length=40, description="A decimal number above zero such as `5` or `0.5`, as text.")
    customer_agreement_id: str | None = Field(default=None, max_length=64)
    user_id: str | None = Field(default=None, max_length=64)
    org_code: str | None = Field(default=None, max_length=64)
    requires_credit: bool = Field(default=False, description="Whether credit has to pay for the units.")
    is_lease: bool = Field(
        default=False, description="Whether they are settled in parts; `meter_value` is a wish then."
    )
    least: str | None = Field(default=None, max_length=40, description="Of a lease: how many are needed now; 1.")


class ReservedUnder(Body):
    """Which agreement the reservation was made under: with another one's id it is not there."""

    customer_agreement_id: str = Field(max_length=64)


class Committed(ReservedUnder):
    """What was used."""

    units: str | None = Field(
        default=None,
        max_length=40,
        description="How many were used, if not all that were reserved; of a lease the running total.",
    )


class Reported(ReservedUnder):
    """What was used of a lease until now."""

    used: str = Field(max_length=40, description="The running total since the lease began, as text.")


class ReservationView(BaseModel):
    """Units that are set aside until `expires_on`, or what became of them.

    The holder of a lease lets nobody in after `expires_on`, which is `lasts_seconds` after it was reserved; what is
    left of it stays set aside until `held_until`.
    """

    id: str
    customer_agreement_id: str
    feature_code: str
    units: str
    status: ReservationStatus
    expires_on: datetime
    used: str
    is_lease: bool
    lasts_seconds: int
    held_until: datetime

    @classmethod
    def of(cls, reservation: Reservation) -> ReservationView:
        """Show a reservation."""
        return cls(
            id=reservation.id,
            customer_agreement_id=reservation.agreement_id,
            feature_code=reservation.feature_key,
            units=digits_of(reservation.units),
            status=reservation.status,
            expires_on=reservation.expires_at,
            used=digits_of(reservation.used),
            is_lease=reservation.is_lease,
            lasts_seconds=int((reservation.expires_at - reservation.reserved_at).total_seconds()),
            held_until=reservation.held_until,
        )


class ReservationAnswer(Answer):
    """Success."""

    reservation: ReservationView


@router.post("/billing/reservations", response_model=ReservationAnswer, **scoped("create:meter_usage", extension=True))
def create_reservation(body: NewReservation, once: OnlyOnce) -> Response:
    """Set units of a metered feature aside, before they are used (extension).

    Refused with LIMIT_REACHED where the limit of the plan leaves no room beside what is used and what others have
    set aside, and with CREDIT_EXHAUSTED where credit has to pay for the units and is not enough. Commit or release it
    before `expires_on`; from then on the units are free again.

    A lease is for a process that lets many uses in by itself: it gets as many units as it wishes for or fewer, half of
    what is left at most and `least` at least, and reports what is used of them.
    """

    def serve(engine: Engine) -> ReservationAnswer:
        reserve = partial(lease_usage, least=body.least or "1") if body.is_lease else reserve_usage
        reservation = reserve(
            engine,
            feature_key=body.billing_feature_code,
            units=body.meter_value,
            agreement_id=body.customer_agreement_id,
            user_id=body.user_id,
            org_code=body.org_code,
            requires_credit=body.requires_credit,
        )
        return ReservationAnswer(reservation=ReservationView.of(reservation))

    return once(serve, body)


@router.post(
    "/billing/reservations/{reservation_id}/commit",
    response_model=ReservationAnswer,
    **scoped("create:meter_usage", extension=True),
)
def commit_units(reservation_id: ReservationId, body: Committed, once: OnlyOnce) -> Response:
    """Count reserved units as used; a second time changes nothing (extension).

    Fewer may have been used, or more, which all count. After the reservation has expired they are counted if there is
    still room for them; those of a lease are counted anyway.
    """

    def serve(engine: Engine) -> ReservationAnswer:
        agreement_id, units = body.customer_agreement_id, body.units
        reservation = commit_reservation(engine, reservation_id=reservation_id, agreement_id=agreement_id, units=units)
        return ReservationAnswer(reservation=ReservationView.of(reservation))

    return once(serve, body)


@router.post(
    "/billing/reservations/{reservation_id}/report",
    response_model=ReservationAnswer,
    **scoped("create:meter_usage", extension=True),
)
def report_units(reservation_id: ReservationId, body: Reported, once: OnlyOnce) -> Response:
    """Count what was used of a lease until now, by its running total (extension).

    What is in the total for the first time is counted, whenever it comes; a total that is not above the last one
    changes nothing.
    """

    def serve(engine: Engine) -> ReservationAnswer:
        reservation = report_lease(
            engine, reservation_id=reservation_id, agreement_id=body.customer_agreement_id, used=body.used
        )
        return ReservationAnswer(reservation=ReservationView.of(reservation))

    return once(serve, body)


@router.post(
    "/billing/reservations/{reservation_id}/release",
    response_model=ReservationAnswer,
    **scoped("create:meter_usage", extension=True),
)
def release_units(reservation_id: ReservationId, body: ReservedUnder, once: OnlyOnce) -> Response:
    """Give reserved units back, because they were not used; a second time changes nothing (extension)."""

    def serve(engine: Engine) -> ReservationAnswer:
        agreement_id = body.customer_agreement_id
        reservation = release_reservation(engine, reservation_id=reservation_id, agreement_id=agreement_id)
        return ReservationAnswer(reservation=ReservationView.of(reservation))

    return once(serve, body)
