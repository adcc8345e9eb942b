"""Making plans and new versions of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError, UnknownPlan
from billing_sdk.server.domain.catalog import Feature, PlanVersion
from billing_sdk.server.domain.catalog.version_diff import KINDS, name_of
from billing_sdk.server.pages.dashboard.plan_form import MODELS, UNITS, fields_of, kept_parts, read_content, rows_of
from billing_sdk.server.pages.dashboard.plan_words import ALIGNMENTS, PARTS, PLAN_KINDS
from billing_sdk.server.pages.dashboard.plans import PLAN, PLANS, plan_of, url_of
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.words import phrase

# So many features are offered to whoever types a key; any that there is can be typed.
OFFERED = 200
KEPT_SHOWN = 50
SCOPES = (("user", phrase("People")), ("organization", phrase("Organizations")))


def show_new_plan(seat: Seat) -> Response:
    """Show the form of a new plan."""
    with seat.engine.read() as tx:
        settings = billing_settings(tx, seat.engine)
    begun = {"currency": settings.default_currency, "unit": "month", "count": "1", "alignment": settings.alignment}
    return _new(seat, Form({**begun, "trial_card": "yes", "kind": "plan"}))


def make_plan(seat: Seat, form: Form) -> Response:
    """Make a draft of what was typed."""
    with seat.engine.read() as tx:
        features = {feature.key: feature for feature in tx.features.list()}
    content, form = read_content(form, features, None)
    if content is None:
        return _new(seat, form)
    try:
        plan = create_plan(
            seat.engine,
            key=form.text("key"),
            name=form.text("name"),
            group_key=form.text("group"),
            description=form.text("description"),
            kind="add_on" if form.text("kind") == "add_on" else "plan",
            content=content,
            actor=seat.operator.id,
        )
    except BillingError as error:
        return _new(seat, form.refused(error, "key"))
    return seat.go_to(url_of(plan.key), "created")


def show_editing(seat: Seat) -> Response:
    """Show the form of a new version, which begins as the latest one is."""
    version = _latest(seat)
    return _edit(seat, Form(fields_of(version)).of_version(version), version)


def make_new_version(seat: Seat, form: Form) -> Response:
    """Make a version of what was typed; what is sold stays as it is."""
    version = _latest(seat)
    with seat.engine.read() as tx:
        features = {feature.key: feature for feature in tx.features.list()}
    content, form = read_content(form, features, version)
    if content is None:
        return _edit(seat, form, version)
    plan_key = version.plan_key
    try:
        made = add_version(
            seat.engine,
            plan_key=plan_key,
            content=content,
            versions=form.versions(),
            actor=seat.operator.id,
        )
    except UnknownPlan:
        raise
    except BillingError as error:
        return _edit(seat, form.refused(error), version)
    return seat.go_to(f"{url_of(plan_key)}/diff?from={version.number}&to={made.number}", "version_made")


def show_new_group(seat: Seat) -> Response:
    """Show the form of a new group."""
    return _group(seat, Form({"scope": "user"}))


def make_group(seat: Seat, form: Form) -> Response:
    """Add a group of plans."""
    try:
        add_plan_group(
            seat.engine,
            key=form.text("key"),
            name=form.text("name"),
            scope="organization" if form.text("scope") == "organization" else "user",
            is_default=bool(form.text("is_default")),
            actor=seat.operator.id,
        )
    except BillingError as error:
        return _group(seat, form.refused(error, "key"))
    return seat.go_to(f"{PLANS}/_new", "group_made")


def _latest(seat: Seat) -> PlanVersion:
    """Return the latest version of a plan, without what is attached to it, which stays attached."""
    with seat.engine.read() as tx:
        return tx.catalog.get_own_version(plan_of(seat, tx).latest_version_id)


def _new(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        groups = [(group.key, group.name) for group in tx.plan_groups.list()]
        features = tx.features.list()
    kinds = [(kind, words) for kind, words in PLAN_KINDS.items()]
    return seat.show("plans/new", form, groups=groups, kinds=kinds, kept=(), **_choices(form, features))


def _edit(seat: Seat, form: Form, version: PlanVersion) -> Response:
    with seat.engine.read() as tx:
        plan, features = plan_of(seat, tx), tx.features.list()
    kept = [(PARTS[KINDS[type(part)]], name_of(part)) for part in kept_parts(version)]
    kept += [(PARTS["phase"], phase.name) for phase in version.opening_phases]
    return seat.show(
        "plans/edit",
        form,
        plan=plan,
        version=version,
        kept=kept,
        kept_shown=KEPT_SHOWN,
        url_of_latest=f"{url_of(plan.key)}/versions/{version.number}",
        **_choices(form, features),
    )


def _choices(form: Form, features: tuple[Feature, ...]) -> Mapping[str, Any]:
    return {
        "features": [(feature.key, feature.name) for feature in features[:OFFERED]],
        "rows": rows_of(form),
        "units": UNITS,
        "models": MODELS,
        "alignments": list(ALIGNMENTS.items()),
    }


def _group(seat: Seat, form: Form) -> Response:
    return seat.show("plans/group", form, scopes=SCOPES)


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(f"{PLANS}/_new", show_new_plan, make_plan),
    billing_route(f"{PLANS}/_group", show_new_group, make_group),
    billing_route(f"{PLAN}/edit", show_editing, make_new_version),
)
