"""Units that are set aside before they are used."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final, Literal

from billing_sdk._operation import C, Call, Resource, operation
from billing_sdk.errors import InvalidQuantity, InvalidRequest
from billing_sdk.models import Reservation
from billing_sdk.resources._base import MANAGEMENT, given, segment

PLAIN: Final = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
RESERVATIONS: Final = f"{MANAGEMENT}/billing/reservations"


class Reserving(Resource[C]):
    """Sets units aside for a use, and says what became of them; takes the machine credentials."""

    @operation
    def reserve(
        self,
        *,
        feature_code: str,
        units: Decimal | int | str = 1,
        agreement_id: str | None = None,
        user_id: str | None = None,
        org_code: str | None = None,
        requires_credit: bool = False,
        idempotency_key: str | None = None,
    ) -> Call[Reservation]:
        """Set units of a metered feature aside, before they are used; an extension that only our own server has.

        However many ask at once, what is used and what is set aside stay within the limit of the plan. Commit or
        release the reservation: otherwise its units are free again when it expires, after five minutes by default.

        Args:
            feature_code: the feature's key.
            units: how many, exactly; more than zero.
            agreement_id: the customer's agreement; or else
            user_id: who uses them, and
            org_code: for which organization; the more generous of both agreements counts.
            requires_credit: whether credit has to pay for the units, as far as they cost anything.
            idempotency_key: makes the call safe to repeat.

        Raises:
            PaymentRequired: the plan does not include the feature.
            LimitReached: it does, and what is left is not enough.
            CreditExhausted: there is room, and not enough credit.
            InvalidQuantity: the units are not a plain number above zero.
            UnknownFeature: the feature is not metered.
        """
        if (agreement_id is None) == (user_id is None and org_code is None):
            raise InvalidRequest("name the agreement, or else who uses the feature")
        body = {
            "billing_feature_code": feature_code,
            "meter_value": plain_quantity(units),
            **given(customer_agreement_id=agreement_id, user_id=user_id, org_code=org_code),
            **given(requires_credit=requires_credit or None),
        }
        return Call(
            "POST",
            RESERVATIONS,
            Reservation.read,
            json=body,
            credential="machine",
            idempotency_key=idempotency_key,
        )

    @operation
    def commit(self, reservation: Reservation, *, units: Decimal | int | str | None = None) -> Call[Reservation]:
        """Count reserved units as used; a second time changes nothing, so it is sent again where an answer is lost.

        Args:
            reservation: what `reserve` gave.
            units: how many were used, if not all of them. If it is more, all of it counts, because it was used; none
                counts nothing, and gives all of them back.

        Raises:
            ReservationEnded: it was released.
            LimitReached: it has expired, and others have taken the room.
            AgreementNotLive: it has expired, and the agreement has ended.
            InvalidQuantity: the units are not a plain number of zero or more.
        """
        return settling(reservation, "commit", units)

    @operation
    def release(self, reservation: Reservation) -> Call[Reservation]:
        """Give reserved units back; a second time changes nothing, so it is sent again where an answer is lost.

        Raises:
            ReservationEnded: it was committed.
        """
        return settling(reservation, "release")


def settling(
    reservation: Reservation, verb: Literal["commit", "release"], units: Decimal | int | str | None = None
) -> Call[Reservation]:
    """Describe the end of a reservation."""
    told = None if units is None else plain_quantity(units)
    # What was said of a lease may be said again with more in it: that is another thing to say.
    key = f"{verb}-{reservation.id}" if told is None else f"{verb}-{reservation.id}-{told}"
    return _telling(reservation, verb, {"units": told}, key)


def reporting(lease: Reservation, used: Decimal | int | str) -> Call[Reservation]:
    """Describe what was used of a lease until now, by its running total."""
    told = plain_quantity(used)
    return _telling(lease, "report", {"used": told}, f"report-{lease.id}-{told}")


def leasing(
    *,
    feature_code: str,
    units: Decimal | int | str,
    least: Decimal | int | str,
    agreement_id: str | None = None,
    user_id: str | None = None,
    org_code: str | None = None,
    requires_credit: bool = False,
    idempotency_key: str,
) -> Call[Reservation]:
    """Describe a lease: units for many uses, as many as are wished for or fewer, and enough for what is needed now."""
    body = {
        "billing_feature_code": feature_code,
        "meter_value": plain_quantity(units),
        "is_lease": True,
        "least": plain_quantity(least),
        **given(customer_agreement_id=agreement_id, user_id=user_id, org_code=org_code),
        **given(requires_credit=requires_credit or None),
    }
    return Call(
        "POST", RESERVATIONS, Reservation.read, json=body, credential="machine", idempotency_key=idempotency_key
    )


def _telling(reservation: Reservation, verb: str, facts: dict[str, Any], key: str) -> Call[Reservation]:
    return Call(
        "POST",
        f"{RESERVATIONS}/{segment('reservation', reservation.id)}/{verb}",
        Reservation.read,
        json={"customer_agreement_id": reservation.agreement_id, **given(**facts)},
        credential="machine",
        idempotency_key=key,
    )


def plain_quantity(value: Decimal | int | str) -> str:
    """Return a quantity in plain digits, such as `12` or `0.5`.

    Raises:
        InvalidQuantity: it is negative, not finite, not exact or longer than 40 characters.
    """
    if type(value) not in (Decimal, int, str) or len(str(value)) > 40:
        raise InvalidQuantity("a quantity has to be a Decimal, an int or their digits")
    if isinstance(value, str) and not PLAIN.fullmatch(value):
        raise InvalidQuantity("a quantity in text has to be digits with an optional fraction")
    number = Decimal(value)
    if not number.is_finite() or number.is_signed() or abs(number.adjusted()) > 40:
        raise InvalidQuantity("a quantity has to be zero or more, and finite")
    return f"{number:f}"
