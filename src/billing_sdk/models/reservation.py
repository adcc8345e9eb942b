"""Reservations: units of a metered feature that are set aside before they are used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.errors import UnsafeAnswer
from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units that are set aside for one use.

    Attributes:
        agreement_id: the agreement that they count under.
        status: `held`, `committed`, `released` or `expired`.
        expires_on: from then on the units are free again, unless they were committed.
    """

    id: str
    agreement_id: str
    feature_code: str
    units: Decimal
    status: str
    expires_on: datetime

    @classmethod
    def read(cls, data: Any) -> Reservation:
        """Read the answer of the Management API."""
        document = Document(data, "answer").object("reservation")
        units, expires_on = document.exact_or_none("units"), document.instant_or_none("expires_on")
        if units is None or expires_on is None:
            raise UnsafeAnswer("a reservation has no units or no end")
        return cls(
            id=document.text("id"),
            agreement_id=document.text("customer_agreement_id"),
            feature_code=document.text("feature_code"),
            units=units,
            status=document.text("status"),
            expires_on=expires_on,
        )
