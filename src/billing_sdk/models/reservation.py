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
    """Units that are set aside for one use, or as a lease for many.

    Attributes:
        agreement_id: the agreement that they count under.
        status: `held`, `committed`, `released`, `expired`, or of a lease `overdue`: its time is over, and what is left
            of it is still set aside.
        expires_on: from then on nobody may be let in by them.
        used: how many of them were counted.
        is_lease: whether they are settled in parts.
        lasts_seconds: from when they were reserved until `expires_on`.
    """

    id: str
    agreement_id: str
    feature_code: str
    units: Decimal
    status: str
    expires_on: datetime
    used: Decimal = Decimal(0)
    is_lease: bool = False
    lasts_seconds: int = 0

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
            used=document.exact_or_none("used") or Decimal(0),
            is_lease=document.flag("is_lease"),
            lasts_seconds=document.whole_or_none("lasts_seconds") or 0,
        )
