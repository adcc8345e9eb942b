"""What is in force: an agreement with its prices, and the lines that its service intervals make.

Service intervals are counted from the same anchor as the periods of the agreement. One that has begun before the
agreement was charged, because it follows the calendar, is charged for the rest of it only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Component, LicenceFee, PlanVersion, Policies, Rate
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.priced import fee_line, usage_line
from billing_sdk.server.domain.periods import Cadence, Period, Schedule, periods_completed, periods_started
from billing_sdk.server.domain.rating import Usage

Used = Callable[[str, Period], Usage]
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
    """

    agreement: Agreement
    version: PlanVersion
    add_ons: tuple[BoughtAddOn, ...]
    policies: Policies

    @property
    def plans(self) -> dict[str, str]:
        """The key of the plan, or the add-on, of each version that is in force."""
        return {version.id: version.plan_key for version in (self.version, *(one.version for one in self.add_ons))}

    def fees_starting(self, at: datetime, *, is_first: bool) -> Lines:
        """Return the fees for the service intervals that start at an instant, each for as much of it as follows.

        Args:
            at: when a period starts.
            is_first: it is the first one, so the intervals that have started before have to be paid for as well.
        """
        if self.agreement.status == "paused":
            return ()
        return _charged(
            self._fee_line(one, Period(at, interval.end), interval)
            for one in self._fees(at)
            for interval in (self._schedule(one.fee.service).period_at(at),)
            if is_first or interval.start == at
        )

    def fees_started(self, after: datetime, before: datetime) -> Lines:
        """Return the fees for the service intervals that have started after an instant and before another one."""
        before = min(before, self.agreement.paused_at or before)
        return _charged(
            self._fee_line(one, Period(max(interval.start, one.since), interval.end), interval)
            for one in self._fees(after)
            for interval in periods_started(self._schedule(one.fee.service), after, before)
            if interval.start < before and one.since < interval.end
        )

    def usage_completed(self, after: datetime, until: datetime, used: Used) -> Lines:
        """Return the usage of the service intervals that have ended after an instant and by another one."""
        return _charged(
            self._usage_line(one, interval.end, interval, used)
            for one in self._rates(after)
            for interval in periods_completed(self._schedule(one.rate.service), after, until)
            if one.since < interval.end
        )

    def usage_cut_short(self, at: datetime, following: InForce, used: Used) -> Lines:
        """Return the usage of the service intervals that are not over, where other prices take over at an instant.

        What was used until then is charged at the old prices, and what is used from then on at the new ones.
        """
        after = self.agreement.billed_period.start
        ending = [
            one
            for one in self._rates(after)
            if self.version.id != following.version.id or one.phase != following._phase(one.version, at)
        ]
        return _charged(
            self._usage_line(one, at, interval, used, counted_until=at)
            for one in ending
            for interval in (self._schedule(one.rate.service).period_at(at),)
            if interval.start < at
        )

    def usage_unfinished(self, at: datetime, used: Used) -> Lines:
        """Return the usage of the service intervals that have begun by an instant and not ended.

        All that was used in them counts, at that very instant as well; nothing was used after it.
        """
        return _charged(
            self._usage_line(one, at, interval, used)
            for one in self._rates(self.agreement.billed_period.start)
            for interval in (self._schedule(one.rate.service).period_at(at),)
            if interval.start < at or used(one.rate.feature_key, interval).quantity
        )

    def _fee_line(self, one: _Fee, part: Period, interval: Period) -> InvoiceLine:
        return fee_line(
            one.fee,
            plan_version_id=one.plan_version_id,
            licences=one.licences,
            times=one.times,
            part=part,
            interval=interval,
            zone=self.agreement.zone,
            policies=self.policies,
        )

    def _usage_line(
        self, one: _Rate, end: datetime, interval: Period, used: Used, *, counted_until: datetime | None = None
    ) -> InvoiceLine:
        start = max(interval.start, one.since)
        return usage_line(
            one.rate,
            plan_version_id=one.version.id,
            used=used(one.rate.feature_key, Period(start, counted_until or interval.end)),
            part=Period(start, end),
            interval=interval,
            policies=self.policies,
        )

    def _schedule(self, service: Cadence | None) -> Schedule:
        return Schedule(self.agreement.anchor, service or self.agreement.cadence, self.agreement.zone)

    def _components(self, at: datetime) -> Iterator[tuple[PlanVersion, BoughtAddOn | None, Component]]:
        index = self._index_at(at)
        for component in self.version.components_in(index):
            yield self.version, None, component
        for add_on in self.add_ons:
            for component in add_on.version.components_in(index):
                yield add_on.version, add_on, component

    def _index_at(self, at: datetime) -> int:
        schedule = self.agreement.schedule
        return max(0, schedule.index_at(at) - schedule.index_at(self.agreement.charged_from))

    def _phase(self, version: PlanVersion, at: datetime) -> int:
        """Return the period with which the present phase of a version has begun."""
        begins = [0, *accumulate(phase.periods for phase in version.opening_phases)]
        return max(begin for begin in begins if begin <= self._index_at(at))

    def _fees(self, at: datetime) -> Iterator[_Fee]:
        for version, add_on, fee in self._components(at):
            if isinstance(fee, LicenceFee):
                bought = 1 if add_on is None else add_on.quantity
                licences = self.agreement.quantity_of(fee.key) if add_on is None else bought
                yield _Fee(
                    plan_version_id=version.id,
                    fee=fee,
                    licences=licences if fee.is_licensed else 1,
                    times=1 if fee.is_licensed else bought,
                    since=self._since(add_on),
                )

    def _rates(self, at: datetime) -> Iterator[_Rate]:
        for version, add_on, rate in self._components(at):
            if isinstance(rate, Rate):
                phase = self._phase(version, at)
                since = max(self._since(add_on), self.agreement.priced_from, self._begin_of(phase))
                yield _Rate(version, rate, since, phase)

    def _begin_of(self, phase: int) -> datetime:
        schedule = self.agreement.schedule
        return schedule.boundary(schedule.index_at(self.agreement.charged_from) + phase)

    def _since(self, add_on: BoughtAddOn | None) -> datetime:
        start = self.agreement.charged_from
        return start if add_on is None or add_on.since is None else max(start, add_on.since)


@dataclass(frozen=True, slots=True)
class _Fee:
    plan_version_id: str
    fee: LicenceFee
    licences: int
    times: int
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
