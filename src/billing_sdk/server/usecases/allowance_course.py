"""Work out what became of a customer's allowances of a feature, from usage and grants, usage period by usage period.

Which agreement the grants count for is said by `tenures_of`. Of each usage period of such an agreement there are three
rules: what the plan includes (`_included`), what of that was used elsewhere, before the grants counted for it or under
earlier agreements for the same plan (`_spent_before_its_turn`, `spent_before`), what is burnt in it (`_used_until`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing_sdk.server.domain.entitlements import (
    Allowance,
    AllowanceGrant,
    Segment,
    Spent,
    Standing,
    UsagePeriod,
    UsedUntil,
    allowance_under,
    course_of,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.allowances import Opening
from billing_sdk.server.usecases.usage_to_follow import unfollowed_since

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tenure:
    """The stretch of time in which a customer's grants count for an agreement: that of the one that began first."""

    allowance: Allowance
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class AllowanceCourse:
    """What became of allowances until an instant.

    Attributes:
        periods: usage periods, the last one being the present one.
        segments: what happened in them.
        opening: how everything stood just before the present usage period.
        is_kept: the opening is stored as it is.
    """

    grants: tuple[AllowanceGrant, ...]
    periods: tuple[UsagePeriod, ...]
    segments: tuple[Segment, ...]
    opening: Standing
    is_kept: bool

    @property
    def current(self) -> UsagePeriod:
        """The present usage period."""
        return self.periods[-1]

    @property
    def standing(self) -> Standing:
        """How everything stands now."""
        return self.segments[-1].end


def load_course(
    tx: UnitOfWork,
    allowance: Allowance,
    feature_key: str,
    at: datetime,
    *,
    since: datetime | None = None,
    cuts: Iterable[datetime] = (),
) -> AllowanceCourse | None:
    """Return what became of a customer's allowances; None where a plan's limit alone says what may be used.

    Grants of a customer count for one agreement at a time: of those that include the feature, the one that began
    first. What is used under another one beside it is covered by what that one includes.

    Args:
        tx: the transaction.
        allowance: the agreement that includes the feature.
        feature_key: a metered feature.
        at: the customer's present.
        since: how far back the course is to reach; as far as it has to by default.
        cuts: instants at which a segment is to end.
    """
    customer_id = allowance.agreement.customer_id
    grants = tx.allowances.of_feature(customer_id, feature_key)
    if allowance.limit is None or (since is None and not _is_more_than_its_limit(allowance, grants, at)):
        return None
    openings = tx.allowances.openings(customer_id, feature_key, since=since or at, at=at)
    if openings and openings[0].standing:
        changed = unfollowed_since(tx, customer_id, feature_key)
        if changed is not None and changed < openings[0].started_at:
            openings = tx.allowances.openings(customer_id, feature_key, since=changed, at=at)
    start = openings[0].started_at if openings and openings[0].standing else _first(allowance, grants, since, at)
    tenures = tenures_of(tx, customer_id, feature_key, start, at)
    if not tenures or tenures[-1].allowance.agreement.id != allowance.agreement.id:
        return None
    known = {one.started_at: one for one in openings}
    periods = [one for tenure in tenures for one in _periods_of(tx, tenure, feature_key, start, at, known)]
    opening = known.get(periods[0].period.start)
    begins_with = (opening.standing if opening else None) or Standing()
    window = Period(periods[0].period.start, at + datetime.resolution)
    used_until = _used_until(tx, tenures, feature_key, at)
    segments = course_of(periods, grants, used_until, window, opening=begins_with, cuts=cuts)
    current = periods[-1]
    before = [segment.end for segment in segments if segment.period.end <= current.period.start]
    stands = before[-1] if before else begins_with
    stored = known.get(current.period.start)
    is_kept = stored is not None and (stored.standing, stored.included) == (stands, current.included)
    return AllowanceCourse(grants, tuple(periods), segments, stands, is_kept)


def remember(tx: UnitOfWork, customer_id: str, feature_key: str, course: AllowanceCourse) -> None:
    """Keep how everything stood when the present usage period began; the caller holds the customer's lock."""
    if not course.is_kept:
        current = course.current
        opening = Opening(current.period.start, current.included, course.opening)
        tx.allowances.save_opening(customer_id, feature_key, opening)


def spent_before(tx: UnitOfWork, allowance: Allowance, feature_key: str, *, at: datetime) -> tuple[Spent, ...]:
    """Return what earlier agreements of the customer for the same plan have used, in usage periods not over by then.

    It counts where the plan costs nothing: otherwise a limit would last as long as its customer likes.
    """
    return tuple(
        Spent(tx.usage.total(agreement_id, feature_key, period), period.end)
        for agreement_id, period in _periods_before(tx, allowance, at)
    )


def reaches_back_to(tx: UnitOfWork, allowance: Allowance, feature_key: str, at: datetime) -> datetime:
    """Return from when on usage says what of an allowance is left at an instant; it may be earlier at times."""
    starts = [allowance.period_at(at).start, *(period.start for _, period in _periods_before(tx, allowance, at))]
    grants = tx.allowances.of_feature(allowance.agreement.customer_id, feature_key)
    if allowance.limit is not None and _is_more_than_its_limit(allowance, grants, at):
        openings = tx.allowances.openings(allowance.agreement.customer_id, feature_key, since=at, at=at)
        is_kept = openings and openings[0].standing
        starts.append(openings[0].started_at if is_kept else _first(allowance, grants, None, at))
    return min(starts)


def _periods_before(tx: UnitOfWork, allowance: Allowance, at: datetime) -> Iterator[tuple[str, Period]]:
    """Yield earlier agreements of the customer for the same free plan, and their last usage periods if not over."""
    mine = allowance.agreement
    for earlier in () if allowance.has_fee else tx.agreements.of_customer(mine.customer_id):
        is_earlier = (earlier.started_at, earlier.id) < (mine.started_at, mine.id)
        period = replace(allowance, agreement=earlier).period_at(earlier.ended_at or at)
        if earlier.plan_key == mine.plan_key and is_earlier and at < period.end:
            yield earlier.id, period


def _is_more_than_its_limit(allowance: Allowance, grants: Sequence[AllowanceGrant], at: datetime) -> bool:
    """Tell whether anything but the plan's limit counts in the present usage period."""
    start = allowance.period_at(at).start
    return allowance.keeps_overage or any(
        grant.effective_at <= at and (grant.ends_at is None or grant.ends_at > start) for grant in grants
    )


def _first(allowance: Allowance, grants: Sequence[AllowanceGrant], since: datetime | None, at: datetime) -> datetime:
    """Return how far back a course has to reach of which nothing is kept."""
    begun = [grant.effective_at for grant in grants if grant.effective_at <= at]
    if allowance.keeps_overage:
        begun.append(allowance.agreement.started_at)
    if since is not None:
        begun.append(since)
    return min(begun)


def _used_until(tx: UnitOfWork, tenures: Sequence[Tenure], feature_key: str, at: datetime) -> UsedUntil:
    """Return what tells how much was used; what is without limit covers its own use.

    What is told of an agreement after its end, as of a lease that goes on, was admitted under it: it counts as used at
    its end.
    """
    unlimited = {one.allowance.agreement.id for one in tenures if one.allowance.limit is None}
    meter = tx.usage.meter_of(feature_key)
    is_level = meter is not None and meter.aggregation == "weighted_sum"  # it would go on for ever
    ends = {one.allowance.agreement.id: one.end for one in tenures if one.end is not None and not is_level}

    def used_until(one: UsagePeriod, until: datetime) -> Decimal:
        if one.agreement_id in unlimited:
            return ZERO
        end = max(until, at + datetime.resolution) if until == ends.get(one.agreement_id) else until
        return tx.usage.total(one.agreement_id, feature_key, Period(one.period.start, end))

    return used_until


def tenures_of(tx: UnitOfWork, customer_id: str, feature_key: str, start: datetime, at: datetime) -> tuple[Tenure, ...]:
    """Return for which agreements a customer's grants have counted since a start, one after the other."""
    found: list[Tenure] = []
    free_from: datetime | None = start
    for agreement in tx.agreements.since(customer_id, start):
        allowance = allowance_under(agreement, tx.agreements.version_included(agreement), feature_key)
        if allowance is None or agreement.started_at > at or free_from is None:
            continue
        begins = max(agreement.started_at, free_from) if found else agreement.started_at
        if agreement.ended_at is not None and agreement.ended_at <= begins:
            continue
        found.append(Tenure(allowance, begins, agreement.ended_at))
        free_from = agreement.ended_at
    return tuple(found)


def _periods_of(
    tx: UnitOfWork, tenure: Tenure, feature_key: str, start: datetime, at: datetime, known: Mapping[datetime, Opening]
) -> Iterator[UsagePeriod]:
    """Yield the usage periods of a tenure, or the parts of them that lie in it."""
    allowance = tenure.allowance
    cursor = max(tenure.start, allowance.period_at(start).start)
    while cursor <= at and (tenure.end is None or cursor < tenure.end):
        whole = allowance.period_at(cursor)
        part = Period(cursor, whole.end if tenure.end is None else min(whole.end, tenure.end))
        yield UsagePeriod(
            agreement_id=allowance.agreement.id,
            period=part,
            included=_included(allowance, part, at, known),
            spent=(
                *_spent_before_its_turn(tx, allowance, feature_key, whole, part),
                *spent_before(tx, allowance, feature_key, at=cursor),
            ),
            keeps_overage=allowance.keeps_overage and cursor > tenure.start,
        )
        cursor = part.end


def _included(allowance: Allowance, part: Period, at: datetime, known: Mapping[datetime, Opening]) -> Decimal:
    """Return what the plan includes: of what is over what it did include, if that is kept, and else what it does."""
    kept = known.get(part.start) if part.end <= at else None
    return kept.included if kept is not None else Decimal(allowance.limit or 0)


def _spent_before_its_turn(
    tx: UnitOfWork, allowance: Allowance, feature_key: str, whole: Period, part: Period
) -> Iterator[Spent]:
    """Yield what was used in a usage period before the customer's grants counted for it."""
    if whole.start < part.start:
        used = tx.usage.total(allowance.agreement.id, feature_key, Period(whole.start, part.start))
        yield Spent(used, whole.end)
