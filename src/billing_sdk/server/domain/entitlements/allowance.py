"""Allowance grants: what a customer may use of a feature beside what the plan includes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import takewhile
from typing import Literal

from billing_sdk.errors import AllowanceEnded, InvalidAllowance, TooManyAllowances
from billing_sdk.server.domain.periods import Cadence, Schedule

# What the plan includes is burnt before any grant.
INCLUDED_PRIORITY = 0
FIRST_PRIORITY, USUAL_PRIORITY, LAST_PRIORITY = 1, 100, 255
MOST_ALLOWANCES = 100
LONGEST_NAME = 100
ZERO = Decimal(0)

AllowanceStatus = Literal["planned", "active", "expired", "voided"]


@dataclass(frozen=True, slots=True)
class AllowanceGrant:
    """So many units of a metered feature that a customer may use.

    Attributes:
        id: starts with `allowance_`; what a plan includes in a usage period goes by its agreement and start.
        amount: how many units, in all or with each recurrence.
        effective_at: from when on they can be used.
        created_at: when it was made, on the customer's time line.
        name: what the customer reads.
        priority: 1 to 255; a lower one is burnt first.
        expires_at: from when on what is left can't be used any more; None is never.
        recurrence: how often it is filled up to its amount again; None is never.
        recurrence_anchor: one of the instants at which it is; when it takes effect, if None.
        min_rollover: how much there is at least after a usage period has ended.
        max_rollover: how much there is at most after a usage period has ended.
        voided_at: from when on it is void; what was burnt of it stays burnt.
        zone: where the days of its recurrence are counted.

    Source: OpenMeter documentation, "Grants".
    """

    id: str
    customer_id: str
    feature_key: str
    amount: Decimal
    effective_at: datetime
    created_at: datetime
    name: str = ""
    priority: int = USUAL_PRIORITY
    expires_at: datetime | None = None
    recurrence: Cadence | None = None
    recurrence_anchor: datetime | None = None
    min_rollover: Decimal = ZERO
    max_rollover: Decimal = ZERO
    voided_at: datetime | None = None
    zone: str = "UTC"

    @property
    def ends_at(self) -> datetime | None:
        """From when on nothing of it can be used, if it has an end."""
        ends = [end for end in (self.expires_at, self.voided_at) if end is not None]
        return min(ends, default=None)

    def is_active(self, at: datetime) -> bool:
        """Tell whether it can be used at an instant, as far as something is left of it."""
        return self.effective_at <= at and (self.ends_at is None or at < self.ends_at)

    def status(self, at: datetime) -> AllowanceStatus:
        """Return what has become of it by an instant."""
        if self.voided_at is not None and at >= self.voided_at:
            return "voided"
        if self.expires_at is not None and at >= self.expires_at:
            return "expired"
        return "active" if at >= self.effective_at else "planned"

    def refills(self, after: datetime, before: datetime) -> Iterator[datetime]:
        """Yield the instants between two at which it is filled up again."""
        if self.recurrence is None:
            return
        schedule = Schedule(self.recurrence_anchor or self.effective_at, self.recurrence, self.zone)
        end = before if self.ends_at is None else min(before, self.ends_at)
        start = max(after, self.effective_at)
        if start < end:
            yield from takewhile(lambda at: at < end, schedule.boundaries_after(start))

    def voided(self, at: datetime) -> AllowanceGrant:
        """Return the grant as it is when it is taken back.

        Raises:
            AllowanceEnded: it has ended before.
        """
        status = self.status(at)
        if status in ("voided", "expired"):
            raise AllowanceEnded(f"the allowance grant is {status}", allowance=self.id)
        return replace(self, voided_at=at)


def check_allowance(grant: AllowanceGrant, *, at: datetime) -> None:
    """Let a new grant pass.

    Raises:
        InvalidAllowance: it gives nothing, begins in the past, ends before it begins, or an amount, the name or the
            priority is out of its bounds.
    """
    if grant.amount <= 0:
        raise InvalidAllowance("an allowance grant of nothing grants nothing", parameter="amount")
    if not FIRST_PRIORITY <= grant.priority <= LAST_PRIORITY:
        raise InvalidAllowance(f"a priority is {FIRST_PRIORITY} to {LAST_PRIORITY}", parameter="priority")
    if len(grant.name) > LONGEST_NAME or not grant.name.isprintable():
        raise InvalidAllowance(f"a name has at most {LONGEST_NAME} characters", parameter="name")
    if grant.effective_at < at:
        raise InvalidAllowance("it would have begun in the past", parameter="effective_at")
    if grant.expires_at is not None and grant.expires_at <= grant.effective_at:
        raise InvalidAllowance("it would end before it began", parameter="expires_at")
    if not ZERO <= grant.min_rollover <= grant.max_rollover:
        raise InvalidAllowance("the least that rolls over is more than the most", parameter="min_rollover")
    if grant.recurrence is None and grant.recurrence_anchor is not None:
        raise InvalidAllowance("an anchor without a recurrence says nothing", parameter="recurrence_anchor")


def check_number_of_allowances(feature_key: str, number: int) -> None:
    """Let another grant pass, if a customer has not as many of a feature as there can be.

    Raises:
        TooManyAllowances: there are a hundred.
    """
    if number >= MOST_ALLOWANCES:
        raise TooManyAllowances(
            f"the customer has {number} allowance grants of {feature_key[:64]!r} that have not ended",
            feature=feature_key[:64],
            most=MOST_ALLOWANCES,
        )
