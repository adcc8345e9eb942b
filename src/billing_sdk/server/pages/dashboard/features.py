"""Features: what plans can include, each with what it is counted in and the meter that counts it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError, UnknownFeature
from billing_sdk.server.domain.catalog import Feature, FeatureType, Plan
from billing_sdk.server.pages.dashboard.listing import (
    AFTER,
    PAGE_SIZE,
    Cell,
    Column,
    asked,
    listing,
    place_of,
    row,
)
from billing_sdk.server.pages.dashboard.plans import url_of as url_of_plan
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.delete_feature import delete_feature
from billing_sdk.server.usecases.update_feature import update_feature
from billing_sdk.server.words import Phrase, phrase

FEATURES = "/dashboard/features"
FEATURE = f"{FEATURES}/{{feature_key}}"
TYPES: dict[FeatureType, tuple[Phrase, Phrase]] = {
    "unmetered": (phrase("On or off"), phrase("A plan has it or not; it may be set to a value.")),
    "metered": (phrase("Counted"), phrase("Use is counted by a meter; a plan limits it, and can have a price for it.")),
}
COLUMNS = (
    Column(phrase("Feature")),
    Column(phrase("Kind")),
    Column(phrase("Counted in")),
    Column(phrase("Usual limit"), is_number=True),
)
# What a plan includes is written in its version, and found by reading that.
PLANS_AT_ONCE = 200
ENTER_WHOLE = phrase("Enter a whole number, or nothing where there is no limit.")


def show_features(seat: Seat) -> Response:
    """Show the features, by their keys."""
    with seat.engine.read() as tx:
        found = tx.features.page(place_of(seat.request, newest_first=False))
    rows = [
        row(
            Cell(feature.name, url_of(feature.key), note=feature.key),
            TYPES[feature.type][0],
            feature.unit_name,
            "" if feature.max_units is None else feature.max_units,
        )
        for feature in found.items
    ]
    last = found.items[-1].key if found.has_more else ""
    return seat.show("features/list", features=listing(seat.request, COLUMNS, rows, last=last))


def show_new_feature(seat: Seat) -> Response:
    """Show the form of a new feature."""
    return _new(seat, Form({"type": "unmetered"}))


def make_feature(seat: Seat, form: Form) -> Response:
    """Add a feature that any plan can include."""
    limit, form = _limit(form)
    if form.errors:
        return _new(seat, form)
    try:
        feature = add_feature(
            seat.engine,
            key=form.text("key"),
            name=form.text("name"),
            feature_type="metered" if form.text("type") == "metered" else "unmetered",
            unit_name=form.text("unit_name"),
            description=form.text("description"),
            max_units=limit,
            line_description=form.text("line_description"),
            meter_key=form.text("meter") or None,
            actor=seat.operator.id,
        )
    except BillingError as error:
        return _new(seat, form.refused(error, "key"))
    return seat.go_to(url_of(feature.key), "created")


def show_feature(seat: Seat) -> Response:
    """Show a feature, and the plans that have it."""
    return _page(seat, Form())


def change_feature(seat: Seat, form: Form) -> Response:
    """Change what may change of a feature: its name, key and kind never do."""
    limit, form = _limit(form)
    if form.errors:
        return _page(seat, form)
    key = seat.request.path_params["feature_key"]
    try:
        update_feature(
            seat.engine,
            key=key,
            unit_name=form.text("unit_name"),
            description=form.text("description"),
            max_units=limit,
            line_description=form.text("line_description"),
            versions=form.versions(),
            actor=seat.operator.id,
        )
    except UnknownFeature:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error))
    return seat.go_to(url_of(key), "saved")


def remove_feature(seat: Seat, form: Form) -> Response:
    """Delete a feature that no version of any plan names."""
    try:
        delete_feature(seat.engine, key=seat.request.path_params["feature_key"], actor=seat.operator.id)
    except UnknownFeature:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error))
    return seat.go_to(FEATURES, "deleted")


def url_of(feature_key: str) -> str:
    """Return where a feature's page is."""
    return f"{FEATURES}/{feature_key}"


def feature_of(seat: Seat, tx: UnitOfWork) -> Feature:
    """Return the feature that an address is about.

    Raises:
        UnknownFeature: there is none.
    """
    return tx.features.get(seat.request.path_params["feature_key"])


def _page(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        feature = feature_of(seat, tx)
        plans, last = _plans_with(tx, feature.key, asked(seat.request, AFTER) or None)
        meter = tx.meters.find_by_key(feature.measured_by) if feature.is_metered else None
    limit = "" if feature.max_units is None else str(feature.max_units)
    shown = form.showing("unit_name", feature.unit_name).showing("description", feature.description)
    shown = shown.showing("line_description", feature.line_description).showing("max_units", limit).of_version(feature)
    return seat.show(
        "features/feature",
        shown,
        feature=feature,
        kind=TYPES[feature.type],
        plans=[(plan.name, url_of_plan(plan.key)) for plan in plans],
        pages=listing(seat.request, (), (), last=last),
        meter=meter,
    )


def _plans_with(tx: UnitOfWork, feature_key: str, after: str | None) -> tuple[list[Plan], str]:
    """Return the next plans that have a feature, and the key of the last one where more follow."""
    found: list[Plan] = []
    while several := tx.catalog.page_in_order(after=after, limit=PLANS_AT_ONCE):
        found += (plan for plan in several if feature_key in plan.version.feature_keys)
        if len(found) > PAGE_SIZE:
            return found[:PAGE_SIZE], found[PAGE_SIZE - 1].key
        after = several[-1].key
    return found, ""


def _new(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        meters = [(meter.key, meter.name) for meter in tx.meters.all() if meter.archived_at is None]
    types = [(name, *words) for name, words in TYPES.items()]
    return seat.show("features/new", form, types=types, meters=[("", phrase("One of its own")), *meters])


def _limit(form: Form) -> tuple[int | None, Form]:
    typed = form.text("max_units")
    if typed and not (typed.isascii() and typed.isdigit() and len(typed) <= 15):
        return None, form.wrong({"max_units": ENTER_WHOLE})
    return int(typed) if typed else None, form


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(FEATURES, show_features),
    billing_route(f"{FEATURES}/_new", show_new_feature, make_feature),
    billing_route(FEATURE, show_feature, change_feature),
    billing_route(f"{FEATURE}/delete", show_feature, remove_feature),
)
