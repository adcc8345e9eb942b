"""What is in force: an agreement with its prices, and the lines that its service intervals make.

Service intervals are counted from the same anchor as the periods of the agreement. One that has begun before the
agreement was charged, because it follows the calendar, is charged for the rest of it only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Component, CreditGrant, LicenceFee, PlanVersion, Policies, Rate
from billing_sdk.server.domain.invoicing.course import Course, course_of
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.priced import fee_line, worth
from billing_sdk.server.domain.invoicing.usage_interval import UsageInterval
from billing_sdk.server.domain.periods import Cadence, Period, Schedule, periods_completed, periods_started
from billing_sdk.server.domain.rating import Usage, is_divisible

# The least that two times differ by: what happens at an instant lies before this much later.
INSTANT = timedelta(microseconds=1)

Lines = tuple[InvoiceLine, ...]


def nothing_used(feature_key: str, period: Period) -> Usage:  # noqa: ARG001 - as every `Used`
    """Stand for the usage of somebody who can't have used anything yet."""
    return Usage(Decimal(0))


@dataclass(frozen=True, slots=True)
class BoughtAddOn:
    """An add-on of an agreement, with the prices that it was bought at; in the agreement's currency.

    Attributes:
        since: when it was added; None for one that has been there from the start.
    """

    version: PlanVersion
    quantity: int = 1
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class InForce:
    """An agreement with its prices.

    Attributes:
        version: in the agreement's currency.
        gone: add-ons that have come and gone on credit, whose fees are not billed yet; there are none of them now.
    """

    agreement: Agreement
    version: PlanVersion
    add_ons: tuple[BoughtAddOn, ...]
    policies: Policies
    gone: tuple[BoughtAddOn, ...] = ()

    @property
    def plans(self) -> dict[str, str]:
        """The key of the plan, or the add-on, of each version that is in force."""
        versions = (self.version, *(one.version for one in (*self.add_ons, *self.gone)))
        return {version.id: version.plan_key for version in versions}

    @property
    def has_rates(self) -> bool:
        """Whether anything in it is charged by usage."""
        versions = (self.version, *(one.version for one in (*self.add_ons, *self.gone)))
        return any(isinstance(component, Rate) for version in versions for component in version.all_components)

    def fees_starting(self, at: datetime, *, is_first: bool, charged_before: datetime | None = None) -> Lines:
        """Return the fees for the service intervals that start at an instant, each for as much of it as follows.

        Args:
            at: when a period starts.
            is_first: it is the first one, so the intervals that have started before have to be paid for as well.
            charged_before: all intervals that have started before this instant are charged already.
        """
        if self.agreement.status == "paused":
            return ()
        return _charged(
            line
            for one in self._fees_in_advance(at)
            for interval in (self.schedule_of(one.fee.service).period_at(at),)
            if is_first or interval.start == at
            if charged_before is None or interval.start >= charged_before
            for line in self._fee_lines(one, Period(at, interval.end), interval)
        )

    def fees_started(self, after: datetime, before: datetime) -> Lines:
        """Return the fees for the service intervals that have started after an instant and before another one.

        An add-on that came within one was charged for the rest of it when it came, unless it came on credit.
        """
        before = min(before, self.agreement.paused_at or before)
        return _charged(
            line
            for one in self._fees_in_advance(after)
            for interval in periods_started(self.schedule_of(one.fee.service), after, before)
            if interval.start < before and (one.since <= interval.start or self.came_on_credit(one, interval))
            for line in self._fee_lines(one, interval, interval)
        )

    def intervals_completed(self, after: datetime, until: datetime) -> tuple[UsageInterval, ...]:
        """Return the service intervals of usage that have ended after an instant and by another one."""
        return tuple(
            self._usage_interval(one, interval, interval.end, counted_until=interval.end)
            for one in self._rates(after)
            for interval in periods_completed(self.schedule_of(one.rate.service), after, until)
            if one.since < interval.end
        )

    def intervals_cut_short(self, at: datetime, following: InForce) -> tuple[UsageInterval, ...]:
        """Return the service intervals of usage that are not over, where other prices take over at an instant.

        What was used until then is charged at the old prices, and what is used from then on at the new ones.
        """
        after = self.agreement.billed_period.start
        return tuple(
            self._usage_interval(one, interval, at, counted_until=at)
            for one in self._rates(after)
            if self.version.id != following.version.id or one.phase != following._phase(one.version, at)
            for interval in (self.schedule_of(one.rate.service).period_at(at),)
            if interval.start < at
        )

    def intervals_unfinished(self, at: datetime) -> tuple[UsageInterval, ...]:
        """Return the service intervals of usage that have begun by an instant and not ended.

        What was used in them counts, at that very instant as well; nothing is used after it. Whoever asks how much
        that is leaves out what counts under something that follows.
        """
        return tuple(
            self._usage_interval(one, interval, at, counted_until=at + INSTANT)
            for one in self._rates(self.agreement.billed_period.start)
            for interval in (self.schedule_of(one.rate.service).period_at(at),)
        )

    def intervals_unbilled(self, until: datetime) -> tuple[UsageInterval, ...]:
        """Return the service intervals of usage that no billing date before an instant has billed.

        Those that go on then are rated as far as they are: what they come to in the end may depend on the whole.
        """
        over = self.intervals_completed(self.agreement.billed_period.start, until)
        return (*over, *(replace(one, is_over=False) for one in self.intervals_unfinished(until)))

    def intervals_under_way(self, at: datetime) -> tuple[UsageInterval, ...]:
        """Return the service intervals of usage that go on, of prices that can be billed in parts, as far as they are.

        Those that have completed since the last billing date are among them: no invoice has billed them, either.
        """
        rates = [one for one in self._rates(self.agreement.billed_period.start) if is_divisible(one.rate.terms.price)]
        return tuple(
            replace(
                self._usage_interval(one, interval, interval.end, counted_until=interval.end),
                is_over=interval.end <= at,
            )
            for one in rates
            for interval in self._unbilled(one, at)
        )

    def fees_at(self, at: datetime) -> Iterator[Fee]:
        """Return the fees that count at an instant: those of the phase of the plan, and those of the add-ons."""
        for version, add_on, fee in self._components(at, self.gone):
            if isinstance(fee, LicenceFee):
                is_add_on = add_on is not None
                number = self.agreement.quantity_of(fee.key) if add_on is None else add_on.quantity
                yield Fee(
                    plan_version_id=version.id,
                    fee=fee,
                    key=version.plan_key if is_add_on else fee.key,
                    is_add_on=is_add_on,
                    number=number if is_add_on or fee.is_licensed else 1,
                    since=self._since(add_on),
                    begins=self._begins(version, add_on, fee, at),
                )

    def credit_at(self, at: datetime) -> Iterator[GrantedCredit]:
        """Return the credit that comes with the service intervals that contain an instant, in the phase of then."""
        for version, add_on, component in self._components(at):
            if isinstance(component, CreditGrant):
                interval = self.schedule_of(component.service).period_at(at)
                yield GrantedCredit(
                    component=component,
                    name=f"{version.plan_key}/{component.key}",
                    times=1 if add_on is None else add_on.quantity,
                    interval=interval,
                    since=max(interval.start, self._since(add_on)),
                )

    def schedule_of(self, service: Cadence | None) -> Schedule:
        """Return the boundaries of service intervals."""
        return Schedule(self.agreement.anchor, service or self.agreement.cadence, self.agreement.zone)

    def course(self, one: Fee, interval: Period, *, is_billed: bool) -> Course:
        """Return how the number of a fee went within a service interval; see `course_of`.

        Args:
            one: the fee.
            interval: the service interval.
            is_billed: the last billing date, or one before, has billed it. What changed at the very start of one that
                it has billed has changed after that.
        """
        starts_with_period = is_billed and interval.start == self.agreement.billed_period.start
        changes = [
            change
            for change in self.agreement.number_changes
            if (change.key, change.is_add_on) == (one.key, one.is_add_on)
            and (not change.is_settled if starts_with_period else change.at > interval.start)
        ]
        return course_of(changes, one.number, interval, lambda number: self.worth(one, number))

    def worth(self, one: Fee, number: int) -> Fraction:
        """Return what a number of licences, or of an add-on, comes to for a whole service interval; none is free."""
        if not number:
            return Fraction(0)
        licences, times = one.charged_as(number)
        return worth(one.fee, licences=licences, times=times, policies=self.policies)

    def fee_line(self, one: Fee, number: int, part: Period, interval: Period) -> InvoiceLine:
        """Return the line of a number of licences, or of an add-on, for a part of a service interval."""
        licences, times = one.charged_as(number)
        return fee_line(
            one.fee,
            agreement_id=self.agreement.id,
            plan_version_id=one.plan_version_id,
            licences=licences,
            times=times,
            part=part,
            interval=interval,
            zone=self.agreement.zone,
            policies=self.policies,
        )

    def _fee_lines(self, one: Fee, part: Period, interval: Period) -> Iterator[InvoiceLine]:
        """Return what is billed of a service interval at a billing date: a line for each number that counted in it."""
        parts = self.course(one, interval, is_billed=False).parts
        ends = [*(start for start, _ in parts[1:]), interval.end]
        for (start, number), end in zip(parts, ends, strict=True):
            stretch = Period(start, end).within(part)
            if number and stretch is not None:
                yield self.fee_line(one, number, stretch, interval)

    def came_on_credit(self, one: Fee, interval: Period) -> bool:
        """Tell whether a fee came by the end of a service interval, with an add-on, and was not charged then."""
        return any(
            (change.key, change.is_add_on, change.at) == (one.key, one.is_add_on, one.since) and not change.is_charged
            for change in self.agreement.number_changes
            if change.at < interval.end
        )

    def _usage_interval(self, one: _Rate, interval: Period, end: datetime, *, counted_until: datetime) -> UsageInterval:
        start = max(interval.start, one.since)
        counted = Period(start, counted_until)
        return UsageInterval(self.agreement.id, one.version.id, one.rate, Period(start, end), interval, counted)

    def _unbilled(self, one: _Rate, at: datetime) -> Iterator[Period]:
        schedule = self.schedule_of(one.rate.service)
        for interval in periods_completed(schedule, self.agreement.billed_period.start, at):
            if one.since < interval.end:
                yield interval
        yield schedule.period_at(max(at, one.since))

    def _components(
        self, at: datetime, gone: tuple[BoughtAddOn, ...] = ()
    ) -> Iterator[tuple[PlanVersion, BoughtAddOn | None, Component]]:
        index = self._index_at(at)
        for component in self.version.components_in(index):
            yield self.version, None, component
        for add_on in (*self.add_ons, *gone):
            for component in add_on.version.components_in(index):
                yield add_on.version, add_on, component

    def _index_at(self, at: datetime) -> int:
        schedule = self.agreement.schedule
        return max(0, schedule.index_at(at) - schedule.index_at(self.agreement.charged_from))

    def _phase(self, version: PlanVersion, at: datetime) -> int:
        """Return the period with which the present phase of a version has begun."""
        begins = [0, *accumulate(phase.periods for phase in version.opening_phases)]
        return max(begin for begin in begins if begin <= self._index_at(at))

    def _rates(self, at: datetime) -> Iterator[_Rate]:
        for version, add_on, rate in self._components(at):
            if isinstance(rate, Rate):
                phase = self._phase(version, at)
                since = max(self._since(add_on), self.agreement.priced_from, self._begin_of(phase))
                yield _Rate(version, rate, since, phase)

    def _begin_of(self, phase: int) -> datetime:
        schedule = self.agreement.schedule
        return schedule.boundary(schedule.index_at(self.agreement.charged_from) + phase)

    def _fees_in_advance(self, at: datetime) -> Iterator[Fee]:
        return (one for one in self.fees_at(at) if one.fee.charged == "in_advance")

    def _begins(self, version: PlanVersion, add_on: BoughtAddOn | None, fee: LicenceFee, at: datetime) -> datetime:
        since = self._since(add_on)
        match fee.charged:
            case "in_advance":
                return since
            case "in_arrears":
                return max(since, self.agreement.priced_from, self._begin_of(self._phase(version, at)))
            case "once":
                # A version that takes over has been paid for by the one before.
                return max(since, self._begin_of(self._phase(version, at)))

    def _since(self, add_on: BoughtAddOn | None) -> datetime:
        start = self.agreement.charged_from
        return start if add_on is None or add_on.since is None else max(start, add_on.since)


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee of an agreement.

    Attributes:
        key: what its number is known by: the fee's own, or that of the add-on that it belongs to.
        number: how many are agreed: licences of a plan's fee, or how often the add-on was taken.
        since: from when on it is there.
        begins: the same, or the begin of the phase or the prices that it belongs to, where it isn't charged in advance.
    """

    plan_version_id: str
    fee: LicenceFee
    key: str
    is_add_on: bool
    number: int
    since: datetime
    begins: datetime

    def charged_as(self, number: int) -> tuple[int, int]:
        """Return how many licences a number stands for, and how often the fee is charged."""
        return (number, 1) if self.fee.is_licensed else (1, number)


@dataclass(frozen=True, slots=True)
class GrantedCredit:
    """Credit that comes with a service interval of an agreement.

    Attributes:
        name: what the component is known by in every version: the keys of its plan and of its own.
        times: how often it is granted, such as with an add-on that was taken twice.
        since: from when on it counts: the interval may have begun before the agreement.
    """

    component: CreditGrant
    name: str
    times: int
    interval: Period
    since: datetime


@dataclass(frozen=True, slots=True)
class _Rate:
    version: PlanVersion
    rate: Rate
    since: datetime
    phase: int


def _charged(lines: Iterator[InvoiceLine]) -> Lines:
    """Leave out what comes to nothing."""
    return tuple(line for line in lines if line.amount)
