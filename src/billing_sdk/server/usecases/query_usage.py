"""Query usage: what a meter shows, by windows and by groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from functools import partial
from itertools import islice

from billing_sdk.server.domain.metering import (
    CUSTOMER,
    EVERYBODY,
    MOST_EVENTS,
    Folding,
    HourOfUsage,
    Meter,
    UsageQuery,
    UsageRow,
    parted,
    parted_events,
    recount,
    require_few,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

# So much time is read at once to begin with, of a few and of everybody, then as much as comes to about so many hours
# of single subjects: a long time takes no more memory than a short one, and an empty one few questions.
FEW = 100
FIRST_STRETCH_OF_FEW = timedelta(days=31)
FIRST_STRETCH, LONGEST_STRETCH, SHORTEST_STRETCH = timedelta(hours=6), timedelta(days=366), timedelta(hours=1)
FEW_HOURS, MANY_HOURS = 5_000, 50_000


def query_usage(
    engine: Engine,
    *,
    meter_key: str,
    query: UsageQuery,
    subjects: Collection[str] = (),
    customer_ids: Collection[str] = (),
) -> list[UsageRow]:
    """Return what a meter shows: by window, and then by group; there is no row where there was no usage.

    Args:
        engine: the engine.
        meter_key: of the meter, which may be archived.
        query: what is asked.
        subjects: whose usage; everybody's where neither subjects nor customers are given.
        customer_ids: whose usage, whatever they go by; what is used under their agreements is theirs.

    Raises:
        NotFound: there is no such meter, or customer.
        QueryTooLarge: there are too many rows, or too many events to read one by one.
    """
    with engine.read() as tx:
        meter = tx.meters.get(meter_key)
        return usage_of(tx, meter, query, _subjects(tx, subjects, customer_ids))


def usage_of(tx: UnitOfWork, meter: Meter, query: UsageQuery, wanted: frozenset[str] | None) -> list[UsageRow]:
    """Return what a meter shows of some subjects, or of everybody; see `query_usage`.

    Raises:
        QueryTooLarge: as `query_usage`.
    """
    if meter.newest_within is not None:
        return _of_newest(tx, meter, query, wanted)
    found = None
    if meter.aggregation != "unique_count" and not query.tells_subjects_apart:
        found = answered(tx, meter, query, wanted, partial(tx.usage_log.hours_together, meter, subjects=wanted))
    if found is None:
        found = answered(tx, meter, query, wanted, partial(tx.usage_log.hours, meter, subjects=wanted))
    return found or []


def _of_newest(tx: UnitOfWork, meter: Meter, query: UsageQuery, wanted: frozenset[str] | None) -> list[UsageRow]:
    """Return the answer from single events, of each hour or day the newest: roll-ups hold all of them."""
    events = list(
        islice(tx.usage_log.events(query.window, types=(meter.event_type,), subjects=wanted), MOST_EVENTS + 1)
    )
    require_few(hours=0, events=len(events))
    hours = recount(meter, events)
    by_window: defaultdict[Period, list[HourOfUsage]] = defaultdict(list)
    for one in hours:
        by_window[query.window_at(one.bucket.last_at)].append(one)
    folding = Folding(query, meter.aggregation)
    folding.take(by_window)
    folding.close(query.window.end, _customers(tx, query, hours))
    return folding.rows()


def answered(
    tx: UnitOfWork,
    meter: Meter,
    query: UsageQuery,
    wanted: frozenset[str] | None,
    hours_in: Callable[[Period], list[HourOfUsage] | None],
) -> list[UsageRow] | None:
    """Return the answer from the hours of one stretch after the other; None where these can't be told in this way."""
    folding = Folding(query, meter.aggregation)
    customers: dict[str, str] = {}
    if meter.aggregation == "weighted_sum":
        before = tx.usage_log.before(meter, query.hours.start, subjects=wanted)
        customers |= _customers(tx, query, before)
        folding.begin_at(before, customers)
    looked_at = to_read = 0
    start = query.hours.start
    length = FIRST_STRETCH if wanted is None or len(wanted) > FEW else FIRST_STRETCH_OF_FEW
    while start < query.hours.end:
        stretch = Period(start, min(start + length, query.hours.end))
        hours = hours_in(stretch)
        if hours is None:
            return None
        pieces = parted(query, hours)
        looked_at, to_read = looked_at + len(hours), to_read + sum(pieces.cut.values())
        require_few(hours=looked_at, events=to_read)
        folding.take(pieces.by_window)
        for run in pieces.runs():
            whose = wanted if EVERYBODY in run.subjects else run.subjects
            events = tx.usage_log.events(run.window, types=(meter.event_type,), subjects=whose)
            folding.take(parted_events(query, meter, pieces.cut, events))
        customers |= _customers(tx, query, hours)
        folding.close(stretch.end, customers)
        start, length = stretch.end, _following(length, len(hours))
    return folding.rows()


def _following(length: timedelta, hours: int) -> timedelta:
    """Return how much time to read next, where so much came to so many hours of single subjects."""
    if hours < FEW_HOURS:
        return min(2 * length, LONGEST_STRETCH)
    return max(length // 2 // SHORTEST_STRETCH * SHORTEST_STRETCH, SHORTEST_STRETCH) if hours > MANY_HOURS else length


def _subjects(tx: UnitOfWork, subjects: Collection[str], customer_ids: Collection[str]) -> frozenset[str] | None:
    """Return whose usage is asked for; None for everybody's."""
    of_customers = frozenset[str]().union(*(everything_of(tx, customer_id) for customer_id in customer_ids))
    if subjects and customer_ids:
        return of_customers & frozenset(subjects)
    return of_customers or frozenset(subjects) or None


def everything_of(tx: UnitOfWork, customer_id: str) -> frozenset[str]:
    """Return all subjects that are a customer's: what the customer goes by, and its agreements.

    Raises:
        NotFound: there is no such customer.
    """
    tx.customers.get(customer_id)
    agreements = tx.agreements.of_customer(customer_id)
    return tx.subjects.of_customer(customer_id) | {agreement.id for agreement in agreements}


def _customers(tx: UnitOfWork, query: UsageQuery, hours: Iterable[HourOfUsage]) -> dict[str, str]:
    """Return whose the subjects are, where that is asked for."""
    if CUSTOMER not in query.group_by:
        return {}
    found = tx.subjects.find_many({one.series.subject for one in hours})
    return {subject: who.customer_id for subject, who in found.items()}
