"""Answers to queries: hours of usage, and events of cut ones, put together to rows.

Roll-ups answer for every hour that lies in one window, events alone for an hour that a boundary cuts. An hour is cut
only where there was usage on both sides of the boundary.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billing_sdk.errors import QueryTooLarge
from billing_sdk.money import EXACT
from billing_sdk.server.domain.metering.boundaries import recount
from billing_sdk.server.domain.metering.bucket import (
    HOUR,
    ZERO,
    Bucket,
    HourOfUsage,
    Series,
    beside,
    by_series,
    hour_of,
    value_of,
)
from billing_sdk.server.domain.metering.event import StoredEvent
from billing_sdk.server.domain.metering.meter import Aggregation, Meter
from billing_sdk.server.domain.metering.query import EARLIEST, EVERYBODY, Group, UsageQuery, UsageRow
from billing_sdk.server.domain.metering.windows import windows_of
from billing_sdk.server.domain.periods import Period

MOST_ROWS = 10_000
MOST_HOURS = 1_000_000
MOST_EVENTS = 200_000


class CutRun(NamedTuple):
    """Hours in a row of which the events have to be read, and of which subjects."""

    window: Period
    subjects: frozenset[str]


class Parted(NamedTuple):
    """Hours of usage by the window that each lies in, and those that lie in several."""

    by_window: dict[Period, list[HourOfUsage]]
    cut: dict[tuple[str, datetime], int]

    def runs(self) -> Iterator[CutRun]:
        """Yield what has to be read of the hours that are cut."""
        hours: defaultdict[datetime, set[str]] = defaultdict(set)
        for subject, hour in self.cut:
            hours[hour].add(subject)
        run: list[datetime] = []
        for hour in sorted(hours):
            if run and hour != run[-1] + HOUR:
                yield _run(run, hours)
                run = []
            run.append(hour)
        if run:
            yield _run(run, hours)


def _run(run: Sequence[datetime], hours: Mapping[datetime, set[str]]) -> CutRun:
    return CutRun(Period(run[0], run[-1] + HOUR), frozenset().union(*(hours[hour] for hour in run)))


def parted(query: UsageQuery, hours: Iterable[HourOfUsage]) -> Parted:
    """Tell the hours that lie in one window from those that a boundary cuts, with how many events each of these has."""
    by_subject: defaultdict[tuple[str, datetime], list[HourOfUsage]] = defaultdict(list)
    for one in hours:
        by_subject[one.series.subject, one.hour].append(one)
    found = Parted(defaultdict(list), {})
    window_of = _by_hour(query)
    for (subject, hour), of_hour in by_subject.items():
        window = window_of(hour)
        if window is None:
            window = query.window_at(min(one.bucket.first_at for one in of_hour))
            if not window.contains(max(one.bucket.last_at for one in of_hour)):
                found.cut[subject, hour] = sum(one.bucket.count for one in of_hour)
                continue
        found.by_window[window].extend(of_hour)
    return found


def parted_events(
    query: UsageQuery, meter: Meter, cut: Mapping[tuple[str, datetime], int], events: Iterable[StoredEvent]
) -> dict[Period, list[HourOfUsage]]:
    """Return the buckets of events in cut hours by the window that each lies in; other events are left out."""
    by_window: defaultdict[Period, list[StoredEvent]] = defaultdict(list)
    for one in events:
        hour = hour_of(one.event.counted_at)
        if (one.event.subject, hour) in cut or (EVERYBODY, hour) in cut:
            by_window[query.window_at(one.event.counted_at)].append(one)
    return {window: recount(meter, found) for window, found in by_window.items()}


def require_few(*, hours: int, events: int) -> None:
    """Check that a query looks at no more than it may, which would keep a server from its work.

    Args:
        hours: so many buckets of hours have been put together.
        events: so many events have to be read one by one.

    Raises:
        QueryTooLarge: it is too much.
    """
    if hours > MOST_HOURS:
        raise QueryTooLarge(
            f"more than {MOST_HOURS} hours of single subjects would have to be added up", most=MOST_HOURS
        )
    if events > MOST_EVENTS:
        raise QueryTooLarge(f"more than {MOST_EVENTS} events would have to be read one by one", most=MOST_EVENTS)


class Folding:
    """Puts together what a query asks for, from pieces in the order of time."""

    def __init__(self, query: UsageQuery, aggregation: Aggregation) -> None:
        self._query = query
        self._aggregation: Aggregation = aggregation
        self._open: dict[Period, dict[Series, Bucket]] = {}
        self._groups: dict[tuple[Period, Group], Bucket] = {}
        self._levels: defaultdict[Group, Decimal] = defaultdict(Decimal)

    def begin_at(self, before: Iterable[HourOfUsage], customers: Mapping[str, str]) -> None:
        """Take what was before everything that follows, from which levels begin; more of it may come as a piece."""
        for one in before:
            self._raise_level(one.series, one.bucket, customers)

    def take(self, pieces: Mapping[Period, Sequence[HourOfUsage]]) -> None:
        """Take the pieces of some windows, each of which lies within its window."""
        for window, found in pieces.items():
            earlier = self._open.get(window, {})
            taken = [HourOfUsage(series, EARLIEST, bucket) for series, bucket in earlier.items()]
            self._open[window] = by_series([*taken, *found])

    def close(self, until: datetime, customers: Mapping[str, str]) -> None:
        """Put the series of windows together that end by an instant, which nothing more comes of.

        Raises:
            QueryTooLarge: there are too many rows.
        """
        for window in [window for window in self._open if window.end <= until]:
            for series, bucket in self._open.pop(window).items():
                if window.start < self._query.window.start:
                    self._raise_level(series, bucket, customers)
                elif (group := self._query.group_of(series, customers)) is not None:
                    known = self._groups.get((window, group))
                    self._groups[window, group] = bucket if known is None else beside(known, bucket)
            _require_few_rows(len(self._groups))

    def rows(self) -> list[UsageRow]:
        """Return the rows: by window, and then by group.

        Raises:
            QueryTooLarge: there are too many.
        """
        if self._aggregation == "weighted_sum":
            found = list(self._level_rows())
        else:
            found = [
                UsageRow(window, group, value_of(bucket, self._aggregation, window))
                for (window, group), bucket in self._groups.items()
            ]
        return sorted(found, key=_in_order)

    def _raise_level(self, series: Series, bucket: Bucket, customers: Mapping[str, str]) -> None:
        group = self._query.group_of(series, customers)
        if group is not None:
            self._levels[group] = EXACT.add(self._levels[group], bucket.total)

    def _level_rows(self) -> Iterator[UsageRow]:
        """Yield a row for every window from the first on in which a group has a level."""
        query = self._query
        windows = (
            [query.window]
            if query.granularity is None
            else _not_too_many(windows_of(query.window, query.granularity, query.zone))
        )
        groups = {*self._levels, *(group for _, group in self._groups)}
        _require_few_rows(len(windows) * len(groups))
        for group in groups:
            level, is_known = self._levels.get(group, ZERO), group in self._levels
            for window in windows:
                bucket = self._groups.get((window, group))
                is_known = is_known or bucket is not None
                if is_known:
                    yield UsageRow(window, group, value_of(bucket, self._aggregation, window, before=level))
                if bucket is not None:
                    level = EXACT.add(level, bucket.total)


def _by_hour(query: UsageQuery) -> Callable[[datetime], Period | None]:
    """Return what tells the window of an hour, and None of one that a boundary cuts; each hour is looked at once."""
    known: dict[datetime, Period | None] = {}

    def window_of(hour: datetime) -> Period | None:
        if hour not in known:
            window = query.window_at(hour)
            known[hour] = window if hour + HOUR <= window.end else None
        return known[hour]

    return window_of


def _not_too_many(windows: Iterator[Period]) -> list[Period]:
    found: list[Period] = []
    for window in windows:
        found.append(window)
        _require_few_rows(len(found))
    return found


def _require_few_rows(rows: int) -> None:
    if rows > MOST_ROWS:
        raise QueryTooLarge(f"the answer would have more than {MOST_ROWS} rows", most=MOST_ROWS)


def _in_order(row: UsageRow) -> tuple[datetime, tuple[tuple[bool, str], ...]]:
    return row.window.start, tuple((part is not None, part or "") for part in row.group)
