"""Reservations: units that are set aside before they are used, so that a limit holds whoever asks at once.

Everything that can happen to a reservation's status is in this table. What was used stays used, and what was given
back can't be used; the same thing said twice is said once. A reservation that nobody has settled in time has expired:
its units are free again, and whoever still wants to commit them needs room for them once more.

A lease is a reservation that is settled in parts: its holder lets many uses in by itself, and reports from time to time
how much that comes to. It reports a running total and never a difference, so that a report which arrives twice, late
or out of order counts nothing twice. When a lease is over its holder lets nobody in any more, yet may not have said
everything: it is overdue then, and what is left of it stays set aside for a while. What was used of it counts at any
time, because it was used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from billing_sdk.errors import InvalidQuantity, LimitReached, ReservationEnded
from billing_sdk.money import EXACT, digits_of
from billing_sdk.server.domain.metering.usage import parse_quantity, plus

ReservationStatus = Literal["held", "overdue", "committed", "released", "expired"]
ReservationEvent = Literal["report", "commit", "release", "fall_due", "expire"]

TRANSITIONS: dict[tuple[ReservationStatus, ReservationEvent], ReservationStatus] = {
    ("held", "report"): "held",
    ("held", "commit"): "committed",
    ("held", "release"): "released",
    ("held", "fall_due"): "overdue",
    ("held", "expire"): "expired",
    ("overdue", "report"): "overdue",
    ("overdue", "commit"): "committed",
    ("overdue", "release"): "released",
    ("overdue", "expire"): "expired",
    ("expired", "report"): "expired",
    ("expired", "commit"): "committed",
    ("expired", "release"): "released",
    ("committed", "report"): "committed",
    ("committed", "commit"): "committed",
    ("released", "release"): "released",
}
# What is stored: whether a reservation is overdue or has expired is a matter of time, and nobody has to note it down.
SETTLED: frozenset[ReservationStatus] = frozenset({"committed", "released"})


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units of a metered feature that are set aside for one use, or for the uses that the holder of a lease lets in.

    Attributes:
        id: starts with `reservation_`.
        units: how many were set aside, those that are used by now included.
        expires_at: from then on nobody may be let in by them.
        held_until: from then on they are free again, unless they were committed; a lease's holder has had time to say
            by then what it has let in.
        requires_credit: they have to be paid with credit.
        is_lease: it is settled in parts.
        used: how many of them were counted; it may be more than were set aside.
    """

    id: str
    agreement_id: str
    feature_key: str
    units: Decimal
    status: ReservationStatus
    reserved_at: datetime
    expires_at: datetime
    held_until: datetime
    requires_credit: bool = False
    is_lease: bool = False
    used: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        """How many units are set aside that nobody has used yet."""
        return max(EXACT.subtract(self.units, self.used), Decimal(0))

    def as_of(self, at: datetime) -> Reservation:
        """Return the reservation as it stands at an instant: one that is still held then may be overdue or expired."""
        if self.status in SETTLED or at < self.expires_at:
            return self
        return self.after("expire" if at >= self.held_until else "fall_due")

    def after(self, event: ReservationEvent) -> Reservation:
        """Return the reservation as it is after an event.

        Raises:
            ReservationEnded: it was settled the other way.
        """
        try:
            return replace(self, status=TRANSITIONS[self.status, event])
        except KeyError:
            raise ReservationEnded(f"the reservation is {self.status}", reservation_status=self.status) from None

    def counted(self, total: Decimal) -> tuple[Reservation, Decimal]:
        """Return the reservation with a running total of what was used of it, and how much of that is new.

        A total that is below one which was told before was told earlier, and arrives late.
        """
        new = max(EXACT.subtract(total, self.used), Decimal(0))
        return replace(self, used=EXACT.add(self.used, new)), new


def share_of(remaining: Decimal | None, *, asked: Decimal, least: Decimal) -> Decimal:
    """Return how many units a lease gets: at most half of what is left, so that several holders come to the end alike.

    Args:
        remaining: how many units the limit leaves; None is without limit.
        asked: how many are wished for.
        least: how many are needed right away; whether there is room for them is for others to say.
    """
    most = asked if remaining is None else min(asked, EXACT.divide(remaining, Decimal(2)))
    # As many uses as it was asked for: what is left over of a lease is of no use to anybody.
    uses = EXACT.divide_int(most, least)
    return max(EXACT.multiply(uses, least), least)


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
    feature_key: str,
    *,
    limit: Decimal | int | None,
    used: Decimal,
    held: Decimal,
    asked: Decimal,
    resets_at: datetime,
) -> None:
    """Check that a period has room for more units.

    Args:
        feature_key: what is used.
        limit: how many units may be used; None is without limit.
        used: what the period's readings add up to.
        held: what others have reserved and not settled yet.
        asked: how many more.
        resets_at: when use is counted anew.

    Raises:
        LimitReached: it has not.
    """
    if limit is None or plus(plus(used, held), asked) <= limit:
        return
    shown = digits_of(Decimal(limit))
    reserved = f" and {digits_of(held)} reserved" if held else ""
    resets = f"{resets_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    raise LimitReached(
        f"{digits_of(used)} of {shown} units of {feature_key} are used{reserved}, which leaves no room for"
        f" {digits_of(asked)} before {resets}",
        feature=feature_key,
        limit=int(limit) if limit == int(limit) else shown,
        used=digits_of(used),
        held=digits_of(held),
        asked=digits_of(asked),
        resets_at=resets,
    )
