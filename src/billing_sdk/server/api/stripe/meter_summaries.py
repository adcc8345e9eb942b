"""Summaries of a customer's usage by a meter: of a stretch of time, or of each of its hours or days.

Every window is shown, also one without usage, the newest first; grouped by dimensions, those groups that have usage.
Source: Stripe API reference, Meter Event Summary.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import NotFound, QueryTooLarge
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import StripeRoute, View
from billing_sdk.server.api.stripe.ids import MeterId, ours, path_id, unknown
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import EngineOf, v1
from billing_sdk.server.api.stripe.values import Livemode, UnixTime
from billing_sdk.server.domain.metering import CUSTOMER, SUBJECT, DimensionFilter, UsageQuery, UsageRow, windows_of
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.usecases.event_meters import EventMeter, find_meter, key_in
from billing_sdk.server.usecases.query_usage import everything_of, usage_of
from billing_sdk.server.web.operations import Operations

MINUTE = timedelta(minutes=1)
ALIGNED = {None: MINUTE, "hour": timedelta(hours=1), "day": timedelta(days=1)}
LONGEST = timedelta(days=366 * 5)
MOST_WINDOWS = 10_000
UTC_ZONE = "UTC"
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
KIND = "meter"

router = Operations(route_class=StripeRoute)

Key = Annotated[str, Field(min_length=1, max_length=100)]


class SummaryFilters(Filters):
    """Whose usage, of when, and how it is told apart."""

    customer: str
    start_time: UnixTime
    end_time: UnixTime
    value_grouping_window: Literal["hour", "day"] | None = None
    dimension_filters: Annotated[dict[Key, Annotated[str, Field(max_length=200)]], Field(max_length=10)] | None = None
    dimension_group_by_keys: Annotated[list[Key], Field(max_length=10)] | None = None


SUMMARIES = Listing(SummaryFilters)


class SummaryView(View):
    """What a meter shows for a window and a group."""

    id: str
    object: Literal["billing.meter_event_summary"] = "billing.meter_event_summary"
    aggregated_value: float
    dimensions: dict[str, str] | None
    end_time: UnixTime
    livemode: Livemode = None
    meter: MeterId
    start_time: UnixTime


@router.get(
    "/billing/meters/{meter_id}/event_summaries", **v1("read:meter_usage", codes={QueryTooLarge: "range_too_long"})
)
def list_summaries(
    engine: EngineOf,
    answer: Answering,
    meter_id: Annotated[str, path_id(KIND)],
    wanted: Annotated[Wanted[SummaryFilters], Depends(SUMMARIES)],
) -> Response:
    """Show what a customer has used."""
    asked = wanted.filters
    window = _window_of(asked)
    customer_id = ours("customer", asked.customer, param="customer")
    with engine.read() as tx:
        meter = find_meter(tx, meter_id)
        query = _query_of(asked, meter, window)
        try:
            subjects = everything_of(tx, customer_id)
        except NotFound:
            raise unknown("customer", asked.customer, param="customer") from None
        rows = usage_of(tx, meter.meter, query, subjects)
    if not query.group_by:
        rows = _every_window(rows, query)
    rows = sorted(rows, key=lambda row: (-row.window.start.timestamp(), [value or "" for value in row.group]))
    views = [_shown(row, query.group_by, meter_id, customer_id, is_live=answer.rendering.is_live) for row in rows]
    return answer(wanted.page(views, lambda view: view, place_of=lambda view: view.id))


def _window_of(asked: SummaryFilters) -> Period:
    size = ALIGNED[asked.value_grouping_window]
    unit = asked.value_grouping_window or "minute"
    for name, at in (("start_time", asked.start_time), ("end_time", asked.end_time)):
        if (at - EPOCH) % size:
            raise refused("timestamp_not_aligned", f"{name} is not at the begin of a UTC {unit}", param=name)
    if asked.start_time >= asked.end_time:
        raise refused("invalid_time_range", "end_time is not after start_time", param="end_time")
    span = asked.end_time - asked.start_time
    is_long = asked.value_grouping_window is not None and span / size > MOST_WINDOWS
    if span > LONGEST or is_long:
        raise refused("range_too_long", "the range is longer than what is shown at once", param="end_time")
    return Period(asked.start_time, asked.end_time)


def _query_of(asked: SummaryFilters, meter: EventMeter, window: Period) -> UsageQuery:
    filters, names = asked.dimension_filters or {}, tuple(asked.dimension_group_by_keys or ())
    known = {key: name for name, path in meter.meter.dimensions if (key := key_in(path)) is not None}
    for parameter, keys in (("dimension_filters", tuple(filters)), ("dimension_group_by_keys", names)):
        for key in keys:
            if key not in known or known[key] in (SUBJECT, CUSTOMER):
                raise refused("invalid_dimension_key", f"usage can't be told apart by {key!r}", param=parameter)
    if len(set(names)) < len(names):
        raise refused("invalid_dimension_key", "a dimension is named twice", param="dimension_group_by_keys")
    found = tuple(DimensionFilter(known[key], "eq", (value,)) for key, value in filters.items())
    return UsageQuery(window, asked.value_grouping_window, UTC_ZONE, tuple(known[name] for name in names), found)


def _every_window(rows: Sequence[UsageRow], query: UsageQuery) -> list[UsageRow]:
    found = {row.window.start: row for row in rows}
    windows = (query.window,) if query.granularity is None else windows_of(query.window, query.granularity, UTC_ZONE)
    return [found.get(window.start) or UsageRow(window, (), Decimal(0)) for window in windows]


def _shown(row: UsageRow, names: Sequence[str], meter_id: str, customer_id: str, *, is_live: bool) -> SummaryView:
    group = {name: value or "" for name, value in zip(names, row.group, strict=True)}
    start, end = int(row.window.start.timestamp()), int(row.window.end.timestamp())
    same = "\0".join(
        (meter_id, customer_id, str(start), str(end), *(f"{name}={group[name]}" for name in sorted(group)))
    )
    digest = hashlib.sha256(same.encode()).hexdigest()[:32]
    return SummaryView(
        id=f"mtrusg_{'' if is_live else 'test_'}{digest}",
        aggregated_value=float(row.value),
        dimensions=group if names else None,
        end_time=row.window.end,
        meter=meter_id,
        start_time=row.window.start,
    )
