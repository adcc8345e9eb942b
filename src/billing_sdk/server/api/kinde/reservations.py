"""Reservations of metered units: an extension, so that a limit holds whoever asks at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.money import digits_of
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import scoped
from billing_sdk.server.domain.metering import Reservation, ReservationStatus
from billing_sdk.server.usecases.commit_reservation import commit_reservation
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.release_reservation import release_reservation
from billing_sdk.server.usecases.reserve_usage import reserve_usage

router = APIRouter(tags=["Billing reservations"], route_class=StrictRoute)

ReservationId = Annotated[str, Path(min_length=1, max_length=64)]


class NewReservation(Body):
    """How much of what to set aside: under an agreement, or for a person and the organization they act for."""

    billing_feature_code: str = Field(max_length=64)
    meter_value: str = Field(max_length=40, description="A decimal number above zero such as `5` or `0.5`, as text.")
    customer_agreement_id: str | None = Field(default=None, max_length=64)
    user_id: str | None = Field(default=None, max_length=64)
    org_code: str | None = Field(default=None, max_length=64)
    requires_credit: bool = Field(default=False, description="Whether credit has to pay for the units.")


class ReservedUnder(Body):
    """Which agreement the reservation was made under: with another one's id it is not there."""

    customer_agreement_id: str = Field(max_length=64)


class ReservationView(BaseModel):
    """Units that are set aside until `expires_on`, or what became of them."""

    id: str
    customer_agreement_id: str
    feature_code: str
    units: str
    status: ReservationStatus
    expires_on: datetime

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
    """

    def serve(engine: Engine) -> ReservationAnswer:
        reservation = reserve_usage(
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
def commit_units(reservation_id: ReservationId, body: ReservedUnder, once: OnlyOnce) -> Response:
    """Count reserved units as used; a second time changes nothing (extension).

    After the reservation has expired they are counted if there is still room for them.
    """

    def serve(engine: Engine) -> ReservationAnswer:
        agreement_id = body.customer_agreement_id
        reservation = commit_reservation(engine, reservation_id=reservation_id, agreement_id=agreement_id)
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
