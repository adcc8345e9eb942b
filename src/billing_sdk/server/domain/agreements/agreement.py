"""An agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from billing_sdk.errors import EndPlanned, NothingPending
from billing_sdk.server.domain.agreements.lifecycle import GRANTING, LIVE, AgreementEvent, AgreementStatus, after
from billing_sdk.server.domain.agreements.pending import (
    AgreedAddOn,
    AgreedDiscount,
    NumberChange,
    PendingCancellation,
    PendingChange,
)
from billing_sdk.server.domain.periods import Cadence, Period, Schedule


@dataclass(frozen=True, slots=True)
class Agreement:
    """A customer's contract for one version of a plan.

    Attributes:
        id: starts with `agreement_`.
        currency: that of every price in it.
        cadence: how often it is billed.
        anchor: what all its period boundaries are counted from; before its start where it follows the calendar.
        zone: the IANA name of the time zone in which its days are counted.
        started_at: from when on the customer has what the plan includes.
        is_unpaid: something is owed, for want of a card or because it was declined, and asked for at each sign-in
            until it is paid: an open invoice, or the price of a plan that was assigned and never invoiced.
        trial_ends_at: nothing is charged before; kept after the trial, since there is one for each plan only.
        billed_until: the end of the period that was billed last, which is when the next one is billed; in a trial
            the trial's end.
        cancel_at: when a planned cancellation happens.
        cancellation: what was asked for with it.
        paused_at: since when it is paused.
        pauses: those that are over, from each start to before it went on.
        billing_cadence_id: the cadence of its customer that it is billed by, together with whatever else is; None where
            its rhythm is its own.
        suspended_at: since when the customer doesn't have what it includes, because nothing was paid in time; a
            payment brings it back.
        version_since: when its present version took over from another one; None where it has had no other.
        next_version_id: the version that takes over with the next period.
        pending_change: what happens to it later.
        quantities: how many of a licensed fee, such as seats, by the fee's key; one where it isn't named.
        number_changes: how numbers of licences and add-ons have changed since the last billing date; in a pause there
            are none of anything.
        billed_discounts: the discounts that counted for the period that was billed last.
        metadata: the seller's own.
        first_id: the first of the agreements that it has modified one after the other; None where it is the first.
    """

    id: str
    customer_id: str
    group_id: str
    plan_key: str
    plan_version_id: str
    status: AgreementStatus
    currency: str
    cadence: Cadence
    anchor: datetime
    started_at: datetime
    billed_until: datetime
    zone: str = "UTC"
    ended_at: datetime | None = None
    is_unpaid: bool = False
    trial_ends_at: datetime | None = None
    cancel_at: datetime | None = None
    cancellation: PendingCancellation | None = None
    paused_at: datetime | None = None
    suspended_at: datetime | None = None
    version_since: datetime | None = None
    next_version_id: str | None = None
    pending_change: PendingChange | None = None
    quantities: Mapping[str, int] = field(default_factory=dict)
    add_ons: tuple[AgreedAddOn, ...] = ()
    discounts: tuple[AgreedDiscount, ...] = ()
    number_changes: tuple[NumberChange, ...] = ()
    billed_discounts: tuple[AgreedDiscount, ...] = ()
    pauses: tuple[Period, ...] = ()
    billing_cadence_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    first_id: str | None = None

    @property
    def subscription_id(self) -> str:
        """What it is known by through all that was modified about it."""
        return self.first_id or self.id

    @property
    def plan_keys(self) -> frozenset[str]:
        """The plans and add-ons that it names, now or as planned."""
        pending = self.pending_change
        planned = () if pending is None else (pending.plan_key, *pending.add_ons)
        return frozenset((self.plan_key, *(one.plan_key for one in self.add_ons), *planned))

    @property
    def is_live(self) -> bool:
        """Whether the customer is bound by it."""
        return self.status in LIVE

    @property
    def grants(self) -> bool:
        """Whether the customer has what the plan includes."""
        return self.status in GRANTING and self.suspended_at is None

    @property
    def schedule(self) -> Schedule:
        """The boundaries between its billing periods."""
        return Schedule(self.anchor, self.cadence, self.zone)

    @property
    def charged_from(self) -> datetime:
        """When its first billing period starts: with it, or with the end of its trial."""
        return self.trial_ends_at or self.started_at

    @property
    def priced_from(self) -> datetime:
        """From when on the prices of its version count."""
        return max(self.charged_from, self.version_since or self.charged_from)

    def period_at(self, at: datetime) -> Period:
        """Return the period that contains an instant; one from before the agreement counts as its start.

        A trial is a period of its own. The first one after it is shorter than the others where the anchor lies
        before it, and so is the first one of a version with another cadence.
        """
        at = max(at, self.started_at)
        if at < self.charged_from:
            return Period(self.started_at, self.charged_from)
        whole = self.schedule.period_at(at)
        begin = self.priced_from if at >= self.priced_from else self.charged_from
        return Period(max(whole.start, begin), whole.end)

    @property
    def billed_period(self) -> Period:
        """The period that was billed last; in a trial, the trial."""
        whole = self.schedule.period(self.schedule.index_at(self.billed_until) - 1)
        if self.billed_until <= self.charged_from:
            return Period(self.started_at, self.charged_from)
        return Period(max(whole.start, self.priced_from), self.billed_until)

    @property
    def gone_on_credit(self) -> frozenset[str]:
        """The versions of add-ons that have come and gone since the last billing date and were never charged."""
        there = {add_on.plan_version_id for add_on in self.add_ons}
        gone = (one for one in self.number_changes if not one.is_settled and not one.is_charged)
        return frozenset(one.plan_version_id for one in gone if one.plan_version_id is not None) - there

    def quantity_of(self, fee_key: str) -> int:
        """Return how many of a licensed fee are agreed."""
        return self.quantities.get(fee_key, 1)

    def ended_by(self, event: Literal["replace", "cancel"], at: datetime) -> Agreement:
        """Return the agreement as it is after an event that ends it; whatever was planned for it is off.

        Raises:
            AgreementNotLive: it has ended before.
        """
        ended = self._after(event)
        return replace(ended._without_plans(), ended_at=at, next_version_id=None)

    def with_trial_ended(self) -> Agreement:
        """Return the agreement as it is when its trial is over and its first period is billed.

        Raises:
            AgreementNotLive: it isn't in a trial.
        """
        ended = self._after("end_trial")
        return replace(ended, billed_until=ended.period_at(ended.charged_from).end)

    def with_next_period_billed(self) -> Agreement:
        """Return the agreement as it is when the period that starts at `billed_until` is billed."""
        return replace(self.billed_from(self.billed_until), billed_until=self.period_at(self.billed_until).end)

    def billed_from(self, start: datetime) -> Agreement:
        """Return the agreement with the changes of numbers settled that a period which is billed from its start ends.

        Those of later happened before the billing date was attended to, and count for the period. Those of the period
        before are kept as well, for a service interval that has started in it and goes on.
        """
        kept = [one for one in self.number_changes if one.at > self.billed_period.start]
        return replace(self, number_changes=tuple(replace(one, is_settled=one.at <= start) for one in kept))

    def paused_from(self, at: datetime) -> Agreement:
        """Return the agreement as it is while nothing is charged and nothing is included.

        Raises:
            AgreementPaused: it is paused already.
            NotPausable: it is in its trial.
            AgreementNotLive: it has ended.
        """
        return replace(self._after("pause"), paused_at=at)

    def resumed_at(self, at: datetime) -> Agreement:
        """Return the agreement as it is after a pause, billed up to the end of the present period.

        Raises:
            NotPaused: it isn't paused.
            AgreementNotLive: it has ended.
        """
        pauses = (*self.pauses, Period(self.paused_at or at, at))
        resumed = replace(self._after("resume"), paused_at=None, pauses=pauses)
        if at < self.billed_until:
            return resumed
        return replace(resumed.billed_from(at), billed_until=self.period_at(at).end)

    def without_plans(self) -> Agreement:
        """Return the agreement without the change or cancellation that was planned.

        Raises:
            NothingPending: neither was.
        """
        if self.cancel_at is None and self.pending_change is None:
            raise NothingPending("neither a change nor a cancellation is planned")
        return self._without_plans()

    def to_change(self, pending: PendingChange) -> Agreement:
        """Return the agreement with a change planned for it, in place of whatever was planned before.

        Raises:
            EndPlanned: only its quantities are to change, while it is planned to end or to give way to another plan.
        """
        standing = self.pending_change
        gives_way = standing is not None and not standing.is_alteration
        if pending.is_alteration and (gives_way or self.cancel_at is not None):
            raise EndPlanned("the agreement is planned to end, and would not if its quantities were planned instead")
        return replace(self._without_plans(), pending_change=pending)

    def to_end(self, at: datetime, cancellation: PendingCancellation) -> Agreement:
        """Return the agreement with its end planned, in place of whatever was planned before."""
        return replace(self._without_plans(), cancel_at=at, cancellation=cancellation)

    def _without_plans(self) -> Agreement:
        return replace(self, cancel_at=None, cancellation=None, pending_change=None)

    def _after(self, event: AgreementEvent) -> Agreement:
        return replace(self, status=after(self.status, event))
