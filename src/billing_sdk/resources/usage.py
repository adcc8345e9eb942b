"""Metered usage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from billing_sdk._operation import C, Call, operation
from billing_sdk.errors import InvalidQuantity, InvalidRequest
from billing_sdk.models import Reservation
from billing_sdk.resources._base import MANAGEMENT, done, given, segment, wire_time
from billing_sdk.resources.usage_events import UsageEvents

PLAIN: Final = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


class Usage(UsageEvents[C]):
    """Tells the billing server what was used, or sets aside what is about to be; takes the machine credentials."""

    @operation
    def record_reading(
        self,
        *,
        agreement_id: str,
        feature_code: str,
        value: Decimal | int | str,
        kind: Literal["delta", "absolute"] = "delta",
        used_at: datetime | None = None,
        dimensions: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[None]:
        """Record a reading of a metered feature under an agreement: what was used, or what the period's total now is.

        Args:
            agreement_id: the customer's agreement for a plan that meters the feature.
            feature_code: the feature's key.
            value: how many units, exactly; a float is refused, because it is not exact.
            kind: `delta` adds to the period's usage, `absolute` replaces it.
            used_at: when, an aware time; now if it is left out. Our own server counts usage then, however late it is
                reported, and adjusts what was billed.
            dimensions: extension: what the usage is marked with, such as the model that answered; prices can depend
                on it.
            idempotency_key: makes the call safe to repeat where the server honours it.

        Raises:
            InvalidQuantity: the value is not a plain number of zero or more.
            UnknownFeature: the agreement's plan does not meter the feature.
        """
        body: dict[str, Any] = {
            "customer_agreement_id": agreement_id,
            "billing_feature_code": feature_code,
            "meter_value": plain_quantity(value),
            "meter_type_code": kind,
        }
        if used_at is not None:
            body["meter_usage_timestamp"] = wire_time(used_at, "used_at")
        if dimensions:
            body["dimensions"] = dict(dimensions)
        return Call(
            "POST",
            f"{MANAGEMENT}/billing/meter_usage",
            done,
            json=body,
            credential="machine",
            idempotency_key=idempotency_key,
        )

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
            f"{MANAGEMENT}/billing/reservations",
            Reservation.read,
            json=body,
            credential="machine",
            idempotency_key=idempotency_key,
        )

    @operation
    def commit(self, reservation: Reservation) -> Call[Reservation]:
        """Count reserved units as used; a second time changes nothing, so it is sent again where an answer is lost.

        Raises:
            ReservationEnded: it was released.
            LimitReached: it has expired, and others have taken the room.
            AgreementNotLive: it has expired, and the agreement has ended.
        """
        return settling(reservation, "commit")

    @operation
    def release(self, reservation: Reservation) -> Call[Reservation]:
        """Give reserved units back; a second time changes nothing, so it is sent again where an answer is lost.

        Raises:
            ReservationEnded: it was committed.
        """
        return settling(reservation, "release")


def settling(reservation: Reservation, verb: Literal["commit", "release"]) -> Call[Reservation]:
    """Describe the end of a reservation."""
    return Call(
        "POST",
        f"{MANAGEMENT}/billing/reservations/{segment('reservation', reservation.id)}/{verb}",
        Reservation.read,
        json={"customer_agreement_id": reservation.agreement_id},
        credential="machine",
        idempotency_key=f"{verb}-{reservation.id}",
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
