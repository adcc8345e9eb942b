"""How an entitlement of a customer's own stands: what was used, what is left, and how that came about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from itertools import pairwise

from billing_sdk.server.domain.entitlements import (
    AllowanceGrant,
    OwnEntitlement,
    Room,
    Segment,
    UsagePeriod,
    course_of,
    room_in,
)
from billing_sdk.server.domain.metering import UsageQuery, plus
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.look_up_allowances import AllowanceHistory, Window, WindowOfUsage, edges_of
from billing_sdk.server.usecases.query_usage import query_usage

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class OwnStanding:
    """How an entitlement stands at an instant.

    Attributes:
        segments: how that came about, as far back as it matters.
    """

    room: Room
    segments: tuple[Segment, ...]


class _Uses:
    """What the customer of an entitlement has used; each stretch is asked for once."""

    def __init__(self, engine: Engine, own: OwnEntitlement) -> None:
        with engine.read() as tx:
            meter = tx.usage.meter_of(own.feature_key)
        self._engine, self._own = engine, own
        self._meter_key = None if meter is None else meter.key
        self._known: dict[tuple[datetime, datetime], Decimal] = {}

    def until(self, one: UsagePeriod, at: datetime) -> Decimal:
        """Return what was used in a usage period until an instant."""
        start = one.period.start
        if self._meter_key is None or at <= start:
            return ZERO
        if (start, at) not in self._known:
            rows = query_usage(
                self._engine,
                meter_key=self._meter_key,
                query=UsageQuery(Period(start, at)),
                customer_ids=(self._own.customer_id,),
            )
            self._known[start, at] = reduce(plus, (row.value for row in rows), ZERO)
        return self._known[start, at]


def own_standing(engine: Engine, own: OwnEntitlement, *, at: datetime) -> OwnStanding:
    """Return how a metered entitlement stands.

    Raises:
        InvalidRequest: it had not begun by then.
    """
    return _standing(engine, own, at=at, since=None, cuts=())


def own_history(
    engine: Engine, own: OwnEntitlement, *, since: datetime | None, until: datetime | None, window: Window, at: datetime
) -> AllowanceHistory:
    """Return how the balance of a metered entitlement came about.

    Args:
        engine: the engine.
        own: the entitlement.
        since: from this instant on; from the start of the present usage period by default.
        until: to before this instant; now by default, and at the latest.
        window: how long each one is, on the calendar of UTC.
        at: the customer's present.

    Raises:
        InvalidRequest: there are more than 1,000 windows.
    """
    begin = max(since or own.periods_until(at)[-1].period.start, own.began_at)
    edges = tuple(edges_of(begin, min(until or at, at), window, "UTC"))
    cuts = edges[:-1] if edges[-1] == at else edges
    found = _standing(engine, own, at=at, since=begin, cuts=cuts).segments
    segments = [one for one in found if edges[0] <= one.period.start < edges[-1]]
    windows = []
    for start, end in pairwise(edges):
        inside = [one for one in segments if start <= one.period.start < end]
        usage = reduce(plus, (one.usage for one in inside), ZERO)
        windows.append(WindowOfUsage(Period(start, end), usage, inside[0].start.balance if inside else ZERO))
    return AllowanceHistory(tuple(windows), tuple(segments))


def _standing(
    engine: Engine, own: OwnEntitlement, *, at: datetime, since: datetime | None, cuts: Iterable[datetime]
) -> OwnStanding:
    uses, now = _Uses(engine, own), at + datetime.resolution
    with engine.read() as tx:
        grants = tx.allowances.of_feature(own.customer_id, own.feature_key)
    periods = _that_matter(own.periods_until(at), grants, since)
    last = periods[-1]
    if own.is_unlimited and since is None:
        return OwnStanding(Room(last.period, None, uses.until(last, now)), ())
    window = Period(periods[0].period.start, now)
    segments = course_of(periods, grants, uses.until, window, cuts=cuts)
    room = room_in(last, segments[-1].end, uses.until(last, now), is_soft=own.is_soft, at=at)
    return OwnStanding(room, segments)


def _that_matter(
    periods: Sequence[UsagePeriod], grants: Iterable[AllowanceGrant], since: datetime | None
) -> Sequence[UsagePeriod]:
    """Return the usage periods from the first that may have left something for the last."""
    begins = [grant.effective_at for grant in grants] + ([] if since is None else [since])
    if any(one.keeps_overage for one in periods):
        return periods
    first = min(begins, default=periods[-1].period.start)
    return [one for one in periods if one.period.end > first] or periods[-1:]
