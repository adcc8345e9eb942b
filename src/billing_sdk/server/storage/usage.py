"""Usage of agreements: what the usage log says of them, by features and any stretch of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.metering import (
    HourOfUsage,
    Intake,
    MeasuredEvent,
    Meter,
    Recorded,
    StoredEvent,
    Stretch,
    Tenure,
    Valued,
    level_of,
    recount,
    source_of,
    turns_of,
    valued,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.agreements import AgreementRepository
from billing_sdk.server.storage.meters import MeterRepository
from billing_sdk.server.storage.subjects import SubjectRepository
from billing_sdk.server.storage.usage_stores import UsageLog
from billing_sdk.server.storage.usage_windows import Windows

NOTHING = Valued()
# Later than anything counts; periods have an end.
FOREVER = timedelta(days=366 * 200)


class UsageRepository:
    """Tells what was used under agreements; whoever adds holds the lock on the agreement's customer."""

    def __init__(
        self, log: UsageLog, agreements: AgreementRepository, subjects: SubjectRepository, meters: MeterRepository
    ) -> None:
        self._log = log
        self._windows = Windows(log)
        self._agreements = agreements
        self._subjects = subjects
        self._meters = meters
        self._known_meters: dict[str, Meter | None] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._read_ahead: dict[str, Period] = {}
        self._hours: dict[tuple[str, str], list[HourOfUsage]] = {}

    def read_ahead(self, periods: Mapping[str, Period], feature_keys: Collection[str]) -> None:
        """Read at once what was used under many agreements in a period of each and since; nobody records meanwhile.

        The caller holds the locks on their customers.

        Args:
            periods: the periods, by the agreements' ids.
            feature_keys: of which features.
        """
        meters = {meter.id: meter for meter in self._find_meters(feature_keys).values()}
        self._names.update(self._subjects.of_agreements(periods))
        agreements_of: defaultdict[str, list[str]] = defaultdict(list)
        for agreement_id in periods:
            for subject in (agreement_id, *self._names.get(agreement_id, ())):
                agreements_of[subject].append(agreement_id)
        first = min(period.start for period in periods.values())
        # Hours are put together where one agreement alone asks for them.
        alone = {subject: ids[0] for subject, ids in agreements_of.items() if len(ids) == 1}
        stretches = {
            subject: periods[alone[subject]] if subject in alone else Period(first, first) for subject in agreements_of
        }
        for meter in meters.values():
            self._hours.update(((agreement_id, meter.id), []) for agreement_id in periods)
            for one in self._log.folded(meter, Period(first, first + FOREVER), stretches):
                for agreement_id in agreements_of[one.series.subject]:
                    self._hours[agreement_id, meter.id].append(one)
        self._read_ahead.update(periods)

    def look_ahead(self, agreement_ids: Collection[str], since: Mapping[str, datetime]) -> None:
        """Read at once what was used under agreements of a customer; the transaction records nothing.

        Args:
            agreement_ids: the agreements.
            since: from when on, by the features' keys; as many queries as there are different instants.
        """
        meters = self._find_meters(since)
        names = self._subjects.of_agreements(agreement_ids)
        self._names.update(names)
        subjects = frozenset(agreement_ids).union(*names.values())
        for start in sorted(set(since.values())):
            of_start = {meters[key].id: meters[key] for key in since if since[key] == start and key in meters}
            self._log.look_ahead(tuple(of_start.values()), start, subjects)

    def find(self, agreement_id: str, id: str) -> StoredEvent | None:  # noqa: A002 - what events call it
        """Return what was told of an agreement with an id, as it stands."""
        return self._log.find(source_of(agreement_id), id)

    def intake_of(self, meter: Meter) -> Intake:
        """Return what the meters ask that count events of a meter's type, itself among them."""
        others = [other for other in self._meters.of_type((meter.event_type,)) if other.id != meter.id]
        return Intake.of((meter, *others))

    def add(self, event: MeasuredEvent, meters: Collection[Meter]) -> Recorded:
        """Record what was told of an agreement.

        Args:
            event: what was told.
            meters: those of its type.
        """
        self._read_ahead.pop(event.event.subject, None)
        (recorded,) = self._log.append([event], meters)
        return recorded

    def meter_of(self, feature_key: str) -> Meter | None:
        """Return the meter that counts the usage of a feature, if there is one."""
        if feature_key not in self._known_meters:
            self._find_meters((feature_key,))
        return self._known_meters[feature_key]

    def total(self, agreement_id: str, feature_key: str, period: Period) -> Decimal:
        """Return how much of a feature was used in a stretch of time, under an agreement."""
        return self.used(agreement_id, feature_key, period).total

    def used(
        self, agreement_id: str, feature_key: str, period: Period, *, foreseen: Collection[Agreement] = ()
    ) -> Valued:
        """Return how much of a feature was used in a stretch of time, and of that with each set of dimensions.

        What the agreement's customer used counts as far as it was the agreement's turn; see `turns_of`.

        Args:
            agreement_id: under which agreement.
            feature_key: which feature.
            period: the stretch of time.
            foreseen: agreements of the customer as they are about to be stored, so that what ends is billed by whose
                turn it will have been.
        """
        meter = self.meter_of(feature_key)
        if meter is None:
            return NOTHING
        if meter.aggregation == "weighted_sum":
            return self._level(agreement_id, feature_key, meter, period, foreseen)
        if meter.newest_within is not None:
            # Roll-ups hold each event; there are few where each says all of an hour or a day.
            found = recount(meter, self._events(agreement_id, feature_key, meter, period, foreseen))
            return valued(found, meter.aggregation, period)
        hours = self._own_hours(agreement_id, meter, period)
        own = [one for one in hours if one.series.subject == agreement_id]
        if len(own) == len(hours) or (turns := self._turns(agreement_id, feature_key, period, foreseen)) == (period,):
            return valued(self._windows.cut(meter, hours, period), meter.aggregation, period)
        found = self._windows.cut(meter, own, period)
        found += self._windows.hours(meter, self._names_of(agreement_id), turns)
        return valued(found, meter.aggregation, period)

    def totals(self, agreement_id: str, feature_keys: Collection[str], period: Period) -> dict[str, Decimal]:
        """Return how much of each of some features was used in a stretch of time, by the features' keys."""
        return {key: self.total(agreement_id, key, period) for key in feature_keys}

    def events(self, agreement_id: str, feature_key: str, period: Period) -> Iterator[StoredEvent]:
        """Yield the events that count of a feature, in a stretch of time and under an agreement, as they arrived."""
        meter = self.meter_of(feature_key)
        if meter is not None:
            yield from self._events(agreement_id, feature_key, meter, period)

    def _events(
        self,
        agreement_id: str,
        feature_key: str,
        meter: Meter,
        period: Period,
        foreseen: Collection[Agreement] = (),
    ) -> Iterator[StoredEvent]:
        turns = self._turns(agreement_id, feature_key, period, foreseen)
        subjects = {agreement_id, *self._names_of(agreement_id)}
        for stored in self._log.events(period, types=(meter.event_type,), subjects=subjects):
            is_own = stored.event.subject == agreement_id
            if is_own or any(turn.contains(stored.event.counted_at) for turn in turns):
                yield stored

    def _level(
        self, agreement_id: str, feature_key: str, meter: Meter, period: Period, foreseen: Collection[Agreement]
    ) -> Valued:
        stretches = [self._stretch(meter, (agreement_id,), period)]
        names, turns = self._names_of(agreement_id), self._turns(agreement_id, feature_key, period, foreseen)
        stretches += [self._stretch(meter, names, turn) for turn in turns]
        return level_of(stretches, period)

    def _stretch(self, meter: Meter, subjects: Collection[str], part: Period) -> Stretch:
        return Stretch(
            part, self._windows.hours(meter, subjects, (part,)), self._windows.before(meter, subjects, part.start)
        )

    def _own_hours(self, agreement_id: str, meter: Meter, period: Period) -> list[HourOfUsage]:
        """Return the hours that overlap a period of an agreement and of its customer."""
        ahead = self._read_ahead.get(agreement_id)
        is_read = ahead is not None and (
            period.start >= ahead.end or (period.start == ahead.start and period.end >= ahead.end)
        )
        found = self._hours.get((agreement_id, meter.id)) if is_read else None
        if found is None:
            subjects = {agreement_id, *self._names_of(agreement_id)}
            return self._log.folded(meter, period, dict.fromkeys(subjects, period))
        return [one for one in found if one.bucket.first_at < period.end and one.bucket.last_at >= period.start]

    def _turns(
        self, agreement_id: str, feature_key: str, period: Period, foreseen: Collection[Agreement] = ()
    ) -> tuple[Period, ...]:
        """Return when what the customer of an agreement used of a feature counts under it."""
        planned = {one.id: one for one in foreseen}
        mine = planned.get(agreement_id) or self._agreements.get(agreement_id)
        tenures = list(self._tenures(mine, feature_key))
        if not tenures:  # it has included the feature, or nobody would ask
            tenures = [Tenure(mine.started_at, mine.id, mine.started_at, mine.ended_at, mine.ended_at is not None)]
        tenures = [part for tenure in tenures for part in tenure.without(mine.pauses, mine.paused_at)]
        has_end = any(one.is_over and one.until is not None and one.until < period.end for one in tenures)
        others = {one.id: one for one in self._agreements.of_customer(mine.customer_id)} | planned
        for other in others.values():
            is_earlier = (other.started_at, other.id) < (mine.started_at, mine.id)
            if (is_earlier or (has_end and other.id != mine.id)) and self._take_turns(mine, other, feature_key):
                for tenure in self._tenures(other, feature_key):
                    tenures += tenure.without(other.pauses, other.paused_at)
        return turns_of(agreement_id, tenures, period)

    def _take_turns(self, mine: Agreement, other: Agreement, feature_key: str) -> bool:
        """Tell whether what is used counts under one of two agreements of a customer, and not under both.

        What a rate card prices is charged by each agreement that has one. What takes the place of an agreement, or
        begins when it has ended, follows it all the same.
        """
        if mine.subscription_id == other.subscription_id:
            return True
        if mine.ended_at is not None and mine.ended_at <= other.started_at:
            return True
        versions = self._agreements.versions({mine.plan_version_id, other.plan_version_id})
        return not any(version.prices_by_card(feature_key) for version in versions.values())

    def _tenures(self, agreement: Agreement, feature_key: str) -> Iterator[Tenure]:
        """Yield from when until when an agreement has included a feature, by its plan or by add-ons."""
        begin, over, is_over = agreement.started_at, agreement.ended_at, agreement.ended_at is not None
        changes = [one for one in agreement.number_changes if one.is_add_on and one.plan_version_id is not None]
        versions = self._agreements.versions(
            {
                agreement.plan_version_id,
                *(one.plan_version_id for one in agreement.add_ons),
                *(one.plan_version_id for one in changes if one.plan_version_id is not None),
            }
        )
        if versions[agreement.plan_version_id].measures(feature_key):
            yield Tenure(begin, agreement.id, begin, over, is_over)
            return
        for add_on in agreement.add_ons:
            if versions[add_on.plan_version_id].measures(feature_key):
                yield Tenure(begin, agreement.id, add_on.added_at or begin, over, is_over)
        for change in changes:
            if not change.becomes and versions[change.plan_version_id or ""].measures(feature_key):
                came = [one.at for one in changes if one.key == change.key and not one.was and one.at <= change.at]
                yield Tenure(begin, agreement.id, max(came, default=begin), change.at, is_over=True)

    def _names_of(self, agreement_id: str) -> frozenset[str]:
        if agreement_id not in self._names:
            self._names.update(self._subjects.of_agreements((agreement_id,)))
        return self._names.get(agreement_id, frozenset())

    def _find_meters(self, feature_keys: Iterable[str]) -> dict[str, Meter]:
        wanted = set(feature_keys)
        if unknown := wanted - self._known_meters.keys():
            self._known_meters.update(dict.fromkeys(unknown))
            self._known_meters.update(self._meters.of_features(unknown))
        found = ((key, self._known_meters[key]) for key in wanted)
        return {key: meter for key, meter in found if meter is not None}
