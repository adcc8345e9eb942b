"""Meters: what is measured, in which events, and how it is put together."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError, NotFound
from billing_sdk.server.domain.metering import Aggregation, Meter
from billing_sdk.server.pages.dashboard.features import url_of as url_of_feature
from billing_sdk.server.pages.dashboard.listing import AFTER, PAGE_SIZE, Cell, Column, asked, listing, row
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.create_meter import create_meter
from billing_sdk.server.usecases.update_meter import update_meter
from billing_sdk.server.words import Phrase, phrase

METERS = "/dashboard/usage/meters"
METER = f"{METERS}/{{meter_key}}"
AGGREGATIONS: dict[Aggregation, Phrase] = {
    "sum": phrase("Adds up values"),
    "count": phrase("Counts events"),
    "unique_count": phrase("Counts different values"),
    "average": phrase("Average of values"),
    "minimum": phrase("Smallest value"),
    "maximum": phrase("Largest value"),
    "latest": phrase("Latest value"),
    "weighted_sum": phrase("Adds up values by how long they last"),
}
UNKNOWN = (
    ("refuse", phrase("Refuse them"), phrase("The program that reports them is told.")),
    ("keep", phrase("Keep them"), phrase("They count for whoever goes by that name later.")),
)
STATES = {False: (phrase("In use"), "good"), True: (phrase("Archived"), "plain")}
COLUMNS = (
    Column(phrase("Meter")),
    Column(phrase("Events of type")),
    Column(phrase("What it does")),
    Column(phrase("Status")),
)
ENTER_DIMENSIONS = phrase("Enter a name and a path on each line, such as model: $.model.")


def show_meters(seat: Seat) -> Response:
    """Show the meters, by their keys."""
    with seat.engine.read() as tx:
        every = tx.meters.all()
    begin = next((place for place, one in enumerate(every, 1) if one.key == asked(seat.request, AFTER)), 0)
    shown = every[begin : begin + PAGE_SIZE]
    rows = [
        row(
            Cell(meter.name, url_of(meter.key), note=meter.key),
            Cell(meter.event_type, is_code=True),
            AGGREGATIONS[meter.aggregation],
            _state(meter),
        )
        for meter in shown
    ]
    last = shown[-1].key if len(every) > begin + PAGE_SIZE else ""
    return seat.show("usage/meters", meters=listing(seat.request, COLUMNS, rows, last=last))


def show_new_meter(seat: Seat) -> Response:
    """Show the form of a new meter."""
    return _new(seat, Form({"aggregation": "sum", "value_path": "$.value", "unknown_subjects": "refuse"}))


def make_meter(seat: Seat, form: Form) -> Response:
    """Measure something from now on, and in the events that there are already."""
    dimensions: dict[str, str] = {}
    for line in form.text("dimensions").splitlines():
        name, _, path = (part.strip() for part in line.partition(":"))
        if not path:
            return _new(seat, form.wrong({"dimensions": ENTER_DIMENSIONS}))
        dimensions[name] = path
    aggregation: Aggregation = next((one for one in AGGREGATIONS if one == form.text("aggregation")), "sum")
    try:
        meter = create_meter(
            seat.engine,
            key=form.text("key"),
            name=form.text("name"),
            event_type=form.text("event_type"),
            aggregation=aggregation,
            value_path=None if aggregation == "count" else form.text("value_path") or None,
            dimensions=dimensions,
            unknown_subjects="keep" if form.text("unknown_subjects") == "keep" else "refuse",
            actor=seat.operator.id,
        )
    except BillingError as error:
        return _new(seat, form.refused(error, "key"))
    return seat.go_to(url_of(meter.key), "created")


def show_meter(seat: Seat) -> Response:
    """Show a meter: what it measures, and the features that it counts."""
    return _page(seat, Form())


def change_meter(seat: Seat, form: Form) -> Response:
    """Change what a meter is called."""
    return _update(seat, form, name=form.text("name"))


def archive_meter(seat: Seat, form: Form) -> Response:
    """Let a meter count nothing that arrives from now on, or go on again."""
    return _update(seat, form, is_archived=form.text("is_archived") == "yes")


def url_of(meter_key: str) -> str:
    """Return where a meter's page is."""
    return f"{METERS}/{meter_key}"


def _update(seat: Seat, form: Form, *, name: str | None = None, is_archived: bool | None = None) -> Response:
    key = seat.request.path_params["meter_key"]
    try:
        update_meter(
            seat.engine,
            key=key,
            name=name,
            is_archived=is_archived,
            versions=form.versions(),
            actor=seat.operator.id,
        )
    except NotFound:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error, "name"))
    return seat.go_to(url_of(key), "saved")


def _page(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        meter = tx.meters.get(seat.request.path_params["meter_key"])
        features = [one for one in tx.features.list() if one.is_metered and one.measured_by == meter.key]
    return seat.show(
        "usage/meter",
        form.showing("name", meter.name).of_version(meter),
        meter=meter,
        does=AGGREGATIONS[meter.aggregation],
        state=STATES[meter.archived_at is not None],
        features=[(feature.name, url_of_feature(feature.key)) for feature in features],
        keeps_unknown=meter.unknown_subjects == "keep",
    )


def _new(seat: Seat, form: Form) -> Response:
    return seat.show("usage/new_meter", form, aggregations=list(AGGREGATIONS.items()), unknown=UNKNOWN)


def _state(meter: Meter) -> Cell:
    said, tone = STATES[meter.archived_at is not None]
    return Cell(said, tone=tone)


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(METERS, show_meters),
    billing_route(f"{METERS}/_new", show_new_meter, make_meter),
    billing_route(METER, show_meter, change_meter),
    billing_route(f"{METER}/archive", show_meter, archive_meter),
)
