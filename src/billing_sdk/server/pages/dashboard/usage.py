"""The usage explorer: what a meter shows of a time, by window and dimension, and the events behind each figure.

How much can be asked for at once is bounded, by the hour less than by the month, so that a page answers at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError
from billing_sdk.server.domain.metering import CUSTOMER, Meter, StoredEvent, UsageQuery, UsageRow
from billing_sdk.server.domain.metering.windows import Granularity
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.pages.dashboard.days import ENTER_DAYS, day_in, midnight
from billing_sdk.server.pages.dashboard.listing import (
    AFTER,
    PAGE_SIZE,
    Cell,
    Column,
    Listing,
    Row,
    address,
    asked,
    listing,
    one_of,
    row,
)
from billing_sdk.server.pages.dashboard.places import CUSTOMERS, USAGE
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.dashboard.usage_chart import usage_chart
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.storage.subjects import Subject
from billing_sdk.server.usecases.browse_usage_events import Place, Wanted, browse_usage_events
from billing_sdk.server.usecases.query_usage import everything_of, query_usage
from billing_sdk.server.web.usage_csv import usage_csv
from billing_sdk.server.words import Phrase, Value, phrase

# How many days can be asked for at once, by the window that they are split by.
LONGEST_DAYS: dict[Granularity, int] = {"hour": 7, "day": 92, "month": 731}
WINDOWS: dict[Granularity, Phrase] = {
    "hour": phrase("By the hour"),
    "day": phrase("By the day"),
    "month": phrase("By the month"),
}
USUAL_DAYS = 30
# So many rows are shown; the file has all of them.
MOST_ROWS = 200
EVENT_COLUMNS = (
    Column(phrase("Event")),
    Column(phrase("Counts at")),
    Column(phrase("Used by")),
    Column(phrase("Value"), is_number=True),
    Column(phrase("Status")),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator wants to know.

    Attributes:
        since: the first day.
        until: the last day, which belongs to it.
        form: what the fields show, with what is wrong with them.
    """

    since: date
    until: date
    window: Granularity
    customer_id: str
    group: str
    form: Form

    @property
    def period(self) -> Period:
        """From the beginning of the first day to the end of the last one, in UTC."""
        return Period(midnight(self.since), midnight(self.until + timedelta(days=1)))


def show_usage(seat: Seat) -> Response:
    """Show what a meter shows: the one that is asked for, or the first one."""
    with seat.engine.read() as tx:
        meters = tx.meters.all()
    if not meters:
        return seat.show("usage/none")
    meter = next((one for one in meters if one.key == asked(seat.request, "meter")), meters[0])
    question = _asked(seat, meter)
    rows, form = _answer(seat, meter, question)
    names = _names(seat, question, rows[:MOST_ROWS])
    kept = {name: asked(seat.request, name) for name in ("customer", "since", "until", "window", "group")}
    return seat.show(
        "usage/explorer",
        form,
        meter=meter,
        meters=[(one.key, one.name) for one in meters],
        windows=list(WINDOWS.items()),
        groups=[("", phrase("Everything together")), (CUSTOMER, phrase("By customer")), *_dimensions(meter)],
        usage=_table(meter, question, rows, names),
        total=sum((found.value for found in rows), Decimal(0)) if meter.aggregation in ("sum", "count") else None,
        is_cut=len(rows) > MOST_ROWS,
        chart=usage_chart(meter.name, question.period, question.window, rows, names),
        csv_url=address(f"{USAGE}/csv", {**kept, "meter": meter.key}),
        events_url=address(f"{USAGE}/events", {"meter": meter.key, "customer": question.customer_id}),
    )


def send_csv(seat: Seat) -> Response:
    """Send every row of what a meter shows as a file."""
    with seat.engine.read() as tx:
        meter = tx.meters.get(asked(seat.request, "meter"))
    question = _asked(seat, meter)
    rows, form = _answer(seat, meter, question)
    if form.errors:
        return show_usage(seat)
    content = usage_csv((question.group,) if question.group else (), rows)
    name = f'attachment; filename="usage-{question.since}-{question.until}.csv"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def show_events(seat: Seat) -> Response:
    """Show the events that count for a meter, the newest first."""
    customer_id, place = asked(seat.request, "customer"), _place_from(asked(seat.request, AFTER))
    with seat.engine.read() as tx:
        meter = tx.meters.get(asked(seat.request, "meter"))
        subjects = everything_of(tx, customer_id) if customer_id else None
        since, until = day_in(asked(seat.request, "since")), day_in(asked(seat.request, "until"))
        wanted = Wanted(_any, types=(meter.event_type,), subjects=subjects)
        if since is not None and until is not None and since <= until:
            wanted = wanted._replace(window=Period(midnight(since), midnight(until + timedelta(days=1))))
        found = browse_usage_events(tx, wanted, size=PAGE_SIZE, beyond=place)
        who = tx.subjects.find_many({stored.event.subject for stored in found.events})
    rows = [_event_row(meter, stored, who) for stored in found.events]
    last = "" if found.is_over or found.end is None else f"{found.end[0].isoformat()}|{found.end[1]}"
    events = listing(seat.request, EVENT_COLUMNS, rows, last=last)
    return seat.show("usage/events", meter=meter, events=events, customer_id=customer_id)


def show_event(seat: Seat) -> Response:
    """Show one event with its trail: what it said, and what it was corrected to."""
    with seat.engine.read() as tx:
        stored = tx.usage_log.find(asked(seat.request, "source"), asked(seat.request, "id"))
        meters = tx.meters.of_type({stored.event.type}) if stored else ()
    if stored is None:
        return seat.go_to(USAGE)
    measured = [(meter.name, f"{USAGE}/meters/{meter.key}", _value(meter, stored)) for meter in meters]
    return seat.show(
        "usage/event",
        stored=stored,
        data=_pretty(stored.event.data),
        first_data=_pretty(stored.first_data) if stored.first_data is not None else "",
        corrections=[(one, "" if one.data is None else _pretty(one.data)) for one in stored.corrections],
        measured=measured,
    )


def _asked(seat: Seat, meter: Meter) -> Asked:
    request = seat.request
    today = seat.engine.now().astimezone(UTC).date()
    window: Granularity = next((one for one in WINDOWS if one == asked(request, "window")), "day")
    usual = min(USUAL_DAYS, LONGEST_DAYS[window])
    until = day_in(asked(request, "until")) or today
    since = day_in(asked(request, "since")) or until - timedelta(days=usual - 1)
    group = one_of(request, "group", (CUSTOMER, *(name for name, _ in meter.dimensions)))
    fields = {
        "meter": meter.key,
        "customer": asked(request, "customer"),
        "since": since.isoformat(),
        "until": until.isoformat(),
        "window": window,
        "group": group,
    }
    form = Form(fields)
    if since > until:
        form = form.wrong({"since": ENTER_DAYS})
    elif (until - since).days >= LONGEST_DAYS[window]:
        days = LONGEST_DAYS[window]
        form = form.wrong({"since": phrase("Ask for %(number)s days at most in windows of this length.", number=days)})
    return Asked(since, until, window, fields["customer"], group, form)


def _answer(seat: Seat, meter: Meter, question: Asked) -> tuple[Sequence[UsageRow], Form]:
    if question.form.errors:
        return (), question.form
    try:
        query = UsageQuery(question.period, question.window, group_by=(question.group,) if question.group else ())
        customers = (question.customer_id,) if question.customer_id else ()
        return query_usage(seat.engine, meter_key=meter.key, query=query, customer_ids=customers), question.form
    except BillingError as error:
        return (), question.form.refused(error, "customer")


def _dimensions(meter: Meter) -> list[tuple[str, Phrase]]:
    named = [name for name, _ in meter.dimensions if name != "*"]
    return [(name, phrase("By %(dimension)s", dimension=name)) for name in named]


def _names(seat: Seat, question: Asked, rows: Sequence[UsageRow]) -> Mapping[str, str]:
    """Return what the customers of some rows are called, by their ids."""
    if question.group != CUSTOMER:
        return {}
    with seat.engine.read() as tx:
        found = tx.customers.list_of({one.group[0] for one in rows if one.group[0] is not None})
        return tx.customers.names_of(found.values())


def _table(meter: Meter, question: Asked, rows: Sequence[UsageRow], names: Mapping[str, str]) -> Listing:
    columns = [Column(phrase("From")), Column(phrase("Value"), is_number=True)]
    if question.group:
        heading = phrase("Customer") if question.group == CUSTOMER else phrase("%(name)s", name=question.group)
        columns.insert(1, Column(heading))
    return Listing(tuple(columns), tuple(_row(meter, question, found, names) for found in rows[:MOST_ROWS]))


def _row(meter: Meter, question: Asked, found: UsageRow, names: Mapping[str, str]) -> Row:
    start = found.window.start.astimezone(UTC)
    day = start.date().isoformat()
    events = {"meter": meter.key, "customer": question.customer_id, "since": day, "until": _last_day(found)}
    said: Value = start
    if question.window == "hour":
        said = phrase("%(day)s, %(time)s UTC", day=start, time=f"{start:%H:%M}")
    cells = [Cell(said, address(f"{USAGE}/events", events)), Cell(found.value)]
    if question.group:
        of = found.group[0]
        url = f"{CUSTOMERS}/{of}" if of is not None and question.group == CUSTOMER else ""
        cells.insert(1, Cell(phrase("Not said") if of is None else names.get(of, of), url))
    return Row(tuple(cells))


def _last_day(found: UsageRow) -> str:
    return (found.window.end - timedelta(microseconds=1)).astimezone(UTC).date().isoformat()


def _any(_stored: StoredEvent) -> bool:
    return True


def _event_row(meter: Meter, stored: StoredEvent, who: Mapping[str, Subject]) -> Row:
    event = stored.event
    url = address(f"{USAGE}/event", {"source": event.source, "id": event.id})
    if stored.is_cancelled:
        state = Cell(phrase("Cancelled"), tone="bad")
    elif stored.corrections:
        state = Cell(phrase("Corrected"), tone="note")
    else:
        state = Cell(phrase("Counts"), tone="good")
    user = who.get(event.subject)
    used_by = Cell(event.subject, f"{CUSTOMERS}/{user.customer_id}" if user else "", is_code=True)
    at = event.counted_at.astimezone(UTC)
    when = phrase("%(day)s, %(time)s UTC", day=at, time=f"{at:%H:%M:%S}")
    return row(Cell(event.id, url, note=event.source, is_code=True), when, used_by, Cell(_value(meter, stored)), state)


def _value(meter: Meter, stored: StoredEvent) -> Value:
    measured = None if stored.is_cancelled else meter.remeasure(stored.event.data)
    if measured is None:
        return phrase("Nothing")
    if measured.value is not None:
        return measured.value
    return measured.text if measured.text is not None else 1


def _pretty(data: object) -> str:
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False, default=str)


def _place_from(text: str) -> Place | None:
    at, _, number = text.partition("|")
    try:
        read = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (read, int(number)) if read.tzinfo and number.isascii() and number.isdigit() and len(number) < 19 else None


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(USAGE, show_usage),
    billing_route(f"{USAGE}/csv", send_csv),
    billing_route(f"{USAGE}/events", show_events),
    billing_route(f"{USAGE}/event", show_event),
)
