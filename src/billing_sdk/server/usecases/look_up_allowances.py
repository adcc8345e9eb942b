"""Look up allowances: what a customer may still use of each feature, and how that came about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from itertools import count, pairwise
from typing import Literal

from billing_sdk.errors import InvalidRequest, PaymentRequired
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.entitlements import Allowance, AllowanceGrant, Room, Segment, allowances_of
from billing_sdk.server.domain.metering import plus
from billing_sdk.server.domain.periods import Cadence, Period, Schedule, calendar_anchor
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.allowance_course import AllowanceCourse, Tenure, load_course, tenures_of
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.room_of import look_ahead, room_on

Window = Literal["hour", "day", "month"]
MOST_WINDOWS = 1_000
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AllowanceBalance:
    """What a customer may still use of a feature under an agreement.

    Attributes:
        included: what is left of what the plan includes in the usage period; None is without limit.
        grants: those that can be used, and what is left of each.
    """

    agreement: Agreement
    feature_key: str
    room: Room
    included: Decimal | None
    grants: tuple[tuple[AllowanceGrant, Decimal], ...]


@dataclass(frozen=True, slots=True)
class WindowOfUsage:
    """How much was used in a window, and what was left at its start; None is without limit."""

    period: Period
    usage: Decimal
    balance_at_start: Decimal | None


@dataclass(frozen=True, slots=True)
class AllowanceHistory:
    """How a balance came about, by windows and from one change of the grants to the next."""

    windows: tuple[WindowOfUsage, ...]
    segments: tuple[Segment, ...]


def look_up_allowances(
    engine: Engine, *, customer_id: str, feature_key: str | None = None
) -> tuple[AllowanceBalance, ...]:
    """Return what a customer may still use of one metered feature or of all, with all usage that is recorded by now.

    Raises:
        NotFound: there is no such customer.
    """
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        at = engine.now_for(tx, customer)
        found = [one for one in _allowances(tx, customer.id) if feature_key in (None, one[0])]
        look_ahead(tx, customer.id, found, at)
        return tuple(balance_of(tx, allowance, key, at) for key, allowance in found)


def look_up_allowance_history(
    engine: Engine,
    *,
    customer_id: str,
    feature_key: str,
    since: datetime | None = None,
    until: datetime | None = None,
    window: Window = "day",
) -> AllowanceHistory:
    """Return how a customer's balance of a feature came about.

    Args:
        engine: the engine.
        customer_id: whose.
        feature_key: a metered feature.
        since: from this instant on, also under plans that were left since; the start of the present usage period by
            default.
        until: to before this instant; now by default, and at the latest.
        window: how long each one is, on the calendar of the agreement's zone.

    Raises:
        NotFound: there is no such customer.
        PaymentRequired: nothing that the customer has agreed to includes the feature.
        InvalidRequest: a time has no zone, or there are more than 1,000 windows.
    """
    for parameter, instant in (("since", since), ("until", until)):
        if instant is not None and instant.tzinfo is None:
            raise InvalidRequest(f"{parameter} has no time zone", parameter=parameter)
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        at = engine.now_for(tx, customer)
        allowance = next((one for key, one in _allowances(tx, customer.id) if key == feature_key), None)
        if allowance is None:
            raise PaymentRequired(f"the plan does not include {feature_key[:64]!r}", feature=feature_key[:64])
        begin = since or allowance.period_at(at).start
        tenures = _tenures_until(tx, allowance, feature_key, begin, at)
        begin = max(begin, tenures[0].start)
        edges = tuple(edges_of(begin, min(until or at, at), window, allowance.agreement.zone))
        # What is used at this very instant belongs to what is used until now.
        cuts = edges[:-1] if edges[-1] == at else edges
        course = load_course(tx, allowance, feature_key, at, since=begin, cuts=cuts)
        return _history(tx, tenures, feature_key, edges, at, course)


def balance_of(tx: UnitOfWork, allowance: Allowance, feature_key: str, at: datetime) -> AllowanceBalance:
    """Return what may still be used of a feature under an agreement, grant by grant."""
    course = load_course(tx, allowance, feature_key, at)
    room = room_on(tx, allowance, feature_key, at, course)
    if course is None:
        left = None if room.limit is None else max(Decimal(0), room.limit - room.used)
        return AllowanceBalance(allowance.agreement, feature_key, room, left, ())
    balances = course.standing.balances
    grants = tuple((grant, balances[grant.id]) for grant in course.grants if grant.id in balances)
    included = course.current.included_left(course.standing)
    return AllowanceBalance(allowance.agreement, feature_key, room, included, grants)


def _allowances(tx: UnitOfWork, customer_id: str) -> Iterator[tuple[str, Allowance]]:
    """Yield what a customer's agreements allow of each metered feature, in the order of the agreements' starts."""
    found = [(agreement, version) for agreement, version, _ in tx.agreements.live_with_plans(customer_id=customer_id)]
    found.sort(key=lambda one: (one[0].started_at, one[0].id))
    metered = {feature.key for feature in tx.features.list() if feature.is_metered}
    for key in dict.fromkeys(key for _, version in found for key in sorted(version.feature_keys & metered)):
        for allowance in allowances_of(found, key):
            yield key, allowance


def edges_of(begin: datetime, end: datetime, window: Window, zone: str) -> Iterator[datetime]:
    """Yield where the windows of a time begin, and where the last one ends.

    Raises:
        InvalidRequest: there are more than 1,000 of them.
    """
    yield begin
    for number, at in enumerate(_boundaries(begin, window, zone), start=1):
        if at >= end:
            break
        if number >= MOST_WINDOWS:
            raise InvalidRequest(f"that is more than {MOST_WINDOWS:,} windows", parameter="window")
        yield at
    if end > begin:
        yield end


def _boundaries(begin: datetime, window: Window, zone: str) -> Iterator[datetime]:
    if window == "hour":
        start = begin.replace(minute=0, second=0, microsecond=0)
        return (start + HOUR * hours for hours in count(1))
    cadence = Cadence(window)
    return Schedule(calendar_anchor(begin, cadence, zone), cadence, zone).boundaries_after(begin)


def _tenures_until(
    tx: UnitOfWork, allowance: Allowance, feature_key: str, since: datetime, at: datetime
) -> tuple[Tenure, ...]:
    """Return the agreements that the customer's grants have counted for up to one; itself alone if they don't."""
    agreement = allowance.agreement
    tenures = tenures_of(tx, agreement.customer_id, feature_key, since, at)
    if tenures and tenures[-1].allowance.agreement.id == agreement.id:
        return tenures
    return (Tenure(allowance, agreement.started_at, agreement.ended_at),)


def _history(
    tx: UnitOfWork,
    tenures: Sequence[Tenure],
    feature_key: str,
    edges: Sequence[datetime],
    at: datetime,
    course: AllowanceCourse | None,
) -> AllowanceHistory:
    segments = () if course is None else tuple(one for one in course.segments if edges[0] <= one.period.start)
    # What is without limit is not in the segments.
    others = [one for one in tenures if course is None or one.allowance.limit is None]
    windows = []
    for start, end in pairwise(edges):
        whole = Period(start, end + datetime.resolution if end == at else end)
        inside = [one for one in segments if start <= one.period.start < end]
        usage = reduce(plus, (one.usage for one in inside), Decimal(0))
        for one in others:
            over = whole.end if one.end is None else one.end + datetime.resolution
            part = whole.within(Period(one.start, over)) if one.start < whole.end else None
            if part is not None:
                usage = plus(usage, tx.usage.total(one.allowance.agreement.id, feature_key, part))
        is_limited = inside and not any(one.start <= start and (one.end is None or start < one.end) for one in others)
        windows.append(WindowOfUsage(Period(start, end), usage, inside[0].start.balance if is_limited else None))
    return AllowanceHistory(tuple(windows), tuple(_shown(one, at) for one in segments if one.period.start < edges[-1]))


def _shown(segment: Segment, at: datetime) -> Segment:
    end = min(segment.period.end, max(at, segment.period.start))
    return replace(segment, period=Period(segment.period.start, end))
