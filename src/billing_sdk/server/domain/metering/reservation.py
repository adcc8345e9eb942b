"""Reservations: units that are set aside before they are used, so that a limit holds whoever asks at once.

Everything that can happen to a reservation's status is in this table. What was used stays used, and what was given
back can't be used; the same thing said twice is said once. A reservation that nobody has settled in time has expired:
its units are free again, and whoever still wants to commit them needs room for them once more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from billing_sdk.errors import InvalidQuantity, LimitReached, ReservationEnded
from billing_sdk.money import digits_of
from billing_sdk.server.domain.metering.usage import parse_quantity, plus

ReservationStatus = Literal["held", "committed", "released", "expired"]
ReservationEvent = Literal["commit", "release", "expire"]

TRANSITIONS: dict[tuple[ReservationStatus, ReservationEvent], ReservationStatus] = {
    ("held", "commit"): "committed",
    ("held", "release"): "released",
    ("held", "expire"): "expired",
    ("expired", "commit"): "committed",
    ("expired", "release"): "released",
    ("committed", "commit"): "committed",
    ("released", "release"): "released",
}


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units of a metered feature that are set aside for one use.

    Attributes:
        id: starts with `reservation_`.
        expires_at: from then on the units are free again, unless they were committed.
        requires_credit: they have to be paid with credit.
    """

    id: str
    agreement_id: str
    feature_key: str
    units: Decimal
    status: ReservationStatus
    reserved_at: datetime
    expires_at: datetime
    requires_credit: bool = False

    def as_of(self, at: datetime) -> Reservation:
        """Return the reservation as it stands at an instant: one that is still held then may have expired."""
        return self.after("expire") if self.status == "held" and at >= self.expires_at else self

    def after(self, event: ReservationEvent) -> Reservation:
        """Return the reservation as it is after an event.

        Raises:
            ReservationEnded: it was settled the other way.
        """
        try:
            return replace(self, status=TRANSITIONS[self.status, event])
        except KeyError:
            raise ReservationEnded(f"the reservation is {self.status}", reservation_status=self.status) from None


def parse_units(text: str) -> Decimal:
    """Read how much to reserve: a quantity above zero.

    Raises:
        InvalidQuantity: the text is anything else.
    """
    units = parse_quantity(text)
    if not units:
        raise InvalidQuantity("there is nothing to reserve")
    return units


def require_room(
    feature_key: str, *, limit: Decimal | int | None, used: Decimal, held: Decimal, asked: Decimal
) -> None:
    """Check that a period has room for more units.

    Args:
        feature_key: what is used.
        limit: how many units may be used; None is without limit.
        used: what the period's readings add up to.
        held: what others have reserved and not settled yet.
        asked: how many more.

    Raises:
        LimitReached: it has not.
    """
    if limit is None or plus(plus(used, held), asked) <= limit:
        return
    shown = digits_of(Decimal(limit))
    reserved = f" and {digits_of(held)} reserved" if held else ""
    raise LimitReached(
        f"{digits_of(used)} of {shown} units of {feature_key} are used{reserved}, which leaves no room for"
        f" {digits_of(asked)}",
        feature=feature_key,
        limit=int(limit) if limit == int(limit) else shown,
        used=digits_of(used),
        held=digits_of(held),
        asked=digits_of(asked),
    )
