"""Queries of meters: usage by windows and dimensions, as JSON or as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.meters import MeterId, meter_of
from billing_sdk.server.api.konnect.security import EngineOf, scoped
from billing_sdk.server.api.konnect.usage_filters import DimensionAsked, filters_of
from billing_sdk.server.api.konnect.values import Instant, Numeric
from billing_sdk.server.domain.metering import CUSTOMER, SUBJECT, Meter, UsageQuery, UsageRow
from billing_sdk.server.domain.metering.meter import ALL_MEMBERS
from billing_sdk.server.domain.metering.windows import Granularity
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.accounts import Account, account_of
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.query_usage import query_usage
from billing_sdk.server.web.operations import Operations
from billing_sdk.server.web.usage_csv import usage_csv

router = Operations(tags=["Meters"], route_class=KonnectRoute)

GRANULARITIES: dict[str, Granularity] = {"PT1M": "minute", "PT1H": "hour", "P1D": "day", "P1M": "month"}
LONGEST = timedelta(days=3_650)
CSV = "text/csv"
CUSTOMER_COLUMNS = (CUSTOMER, "customer_key", "customer_name")
# What comes before the dimensions in a table, in this order.
LEADING = {SUBJECT: 0, CUSTOMER: 1}


class QueryFilters(Body):
    """What usage has to be to count."""

    dimensions: dict[str, DimensionAsked] | None = Field(default=None, max_length=10)


class MeterQuery(Body):
    """What somebody wants to know of a meter."""

    from_: Instant | None = Field(default=None, alias="from")
    to: Instant | None = None
    granularity: Literal["PT1M", "PT1H", "P1D", "P1M"] | None = None
    time_zone: str = Field(default="UTC", max_length=64)
    group_by_dimensions: list[str] | None = Field(default=None, max_length=100)
    filters: QueryFilters | None = None


class UsageRowView(View):
    """What a meter shows for a window and a group."""

    value: Numeric
    from_: Instant = Field(serialization_alias="from")
    to: Instant
    dimensions: dict[str, str]


class MeterQueryView(View):
    """What a meter shows."""

    from_: Instant | None = Field(default=None, serialization_alias="from")
    to: Instant | None = None
    data: list[UsageRowView]


class Asked:
    """A query as it was sent, in the terms of the meters; subjects and customers are no dimensions for them."""

    def __init__(self, sent: MeterQuery, *, extras: Extras | None, at: datetime) -> None:
        """Read a query.

        Raises:
            InvalidRequest: it is about no time at all, or a filter of subjects or customers names none.
        """
        self.sent = sent
        end = sent.to or _minute_after(at)
        begun = (extras.more if extras is not None else {}).get("events_from")
        start = sent.from_ or max(end - LONGEST, datetime(2000, 1, 1, tzinfo=UTC))
        if begun is not None:
            start = max(start, datetime.fromisoformat(begun))
        if start >= end:
            raise InvalidRequest("the time that is asked for ends before it begins", parameter="to")
        asked = sent.filters.dimensions if sent.filters is not None and sent.filters.dimensions is not None else {}
        self.customers = tuple(_customer_id(one) for one in _named(asked, CUSTOMER))
        self.subjects = _named(asked, SUBJECT)
        rest = {name: one for name, one in asked.items() if name not in (SUBJECT, CUSTOMER)}
        self.names = tuple(dict.fromkeys(sent.group_by_dimensions or ()))
        granularity = None if sent.granularity is None else GRANULARITIES[sent.granularity]
        self.query = UsageQuery(Period(start, end), granularity, sent.time_zone, self.names, filters_of(rest))


@router.post(
    "/meters/{meter_id}/query", name="query-meter", response_model=MeterQueryView, **scoped("read:meter_usage")
)
def query_meter(request: Request, engine: EngineOf, meter_id: MeterId, body: MeterQuery) -> Any:
    """Show what was used, by windows and dimensions."""
    with engine.read() as tx:
        meter, extras = meter_of(tx, meter_id), tx.konnect.find("meter", meter_id)
    asked = Asked(body, extras=extras, at=engine.now())
    check_dimensions(meter, asked)
    rows = rows_of(engine, meter.key, asked, asked.query)
    if CSV in request.headers.get("accept", ""):
        return csv_answer(engine, asked.names, rows)
    return MeterQueryView(
        from_=body.from_,
        to=body.to,
        data=[
            UsageRowView(
                value=row.value,
                from_=row.window.start,
                to=row.window.end,
                dimensions=dimensions_of(asked.names, row.group),
            )
            for row in rows
        ],
    )


def rows_of(engine: Engine, meter_key: str, asked: Asked, query: UsageQuery) -> list[UsageRow]:
    """Return what a meter shows to a query that was asked here."""
    return query_usage(engine, meter_key=meter_key, query=query, subjects=asked.subjects, customer_ids=asked.customers)


def check_dimensions(meter: Meter, asked: Asked) -> None:
    """Let a query pass whose dimensions the meter has.

    Raises:
        InvalidRequest: it does not have one of them.
    """
    known = {SUBJECT, CUSTOMER, *(name for name, _ in meter.dimensions)}
    if ALL_MEMBERS in known:
        return
    for place, names in (
        ("group_by_dimensions", asked.names),
        ("filters.dimensions", tuple(one.name for one in asked.query.filters)),
    ):
        for name in names:
            if name not in known:
                raise InvalidRequest(
                    f"the meter has no dimension {name[:64]!r}", parameter=place, rule="missing_reference"
                )


def csv_answer(engine: Engine, names: Sequence[str], rows: Sequence[UsageRow]) -> Response:
    """Return what a meter shows as CSV: subjects first, customers with their keys and names, then dimensions."""
    order = sorted(range(len(names)), key=lambda place: LEADING.get(names[place], len(LEADING)))
    accounts = _accounts(engine, {row.group[place] for place in order if names[place] == CUSTOMER for row in rows})
    columns = [
        column for place in order for column in (CUSTOMER_COLUMNS if names[place] == CUSTOMER else [names[place]])
    ]

    def cells(group: Sequence[str | None]) -> list[str | None]:
        found: list[str | None] = []
        for place in order:
            value = group[place]
            if names[place] != CUSTOMER:
                found.append(value)
            elif value is None:
                found += [None] * len(CUSTOMER_COLUMNS)
            else:
                found += [ulid_of(value), accounts[value].key, accounts[value].name]
        return found

    return Response(usage_csv(columns, [row._replace(group=tuple(cells(row.group))) for row in rows]), media_type=CSV)


def _accounts(engine: Engine, customer_ids: Iterable[str | None]) -> dict[str, Account]:
    with engine.read() as tx:
        return {one: account_of(tx, one) for one in customer_ids if one is not None}


def dimensions_of(names: Sequence[str], group: Sequence[str | None]) -> dict[str, str]:
    """Return the dimensions of a group; one that the usage does not have is left out."""
    found = dict(zip(names, group, strict=False))
    return {name: ulid_of(value) if name == CUSTOMER else value for name, value in found.items() if value is not None}


def _minute_after(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _named(asked: dict[str, DimensionAsked], name: str) -> tuple[str, ...]:
    """Return the subjects or customers that are asked for by their names."""
    if name not in asked:
        return ()
    one = asked[name]
    named = tuple(one.in_ or ()) + ((one.eq,) if one.eq is not None else ())
    if one.model_fields_set - {"in_", "eq"} or not named:
        raise InvalidRequest(f"{name} is asked for with eq or in", parameter=f"filters.dimensions.{name}")
    return named


def _customer_id(ulid: str) -> str:
    try:
        return id_from_ulid("customer", ulid)
    except ValueError:
        raise InvalidRequest("a customer's id is a ULID", parameter="filters.dimensions.customer_id") from None
