"""Plans: which there are, what each is, and what an operator does with one."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError, UnknownPlan
from billing_sdk.server.domain.catalog import Plan, PlanVersion
from billing_sdk.server.domain.catalog.version_diff import KINDS, name_of
from billing_sdk.server.pages.dashboard.listing import (
    AFTER,
    PAGE_SIZE,
    Cell,
    Column,
    Listing,
    asked,
    bounded,
    listing,
    one_of,
    row,
)
from billing_sdk.server.pages.dashboard.plan_words import PARTS, PLAN_KINDS, STATUSES, lines_of, price_of
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.dashboard.version_choice import number_in
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.stretch import stretch_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.archive_plan import restore_plan, withdraw_plan
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.update_plan import update_plan
from billing_sdk.server.words import Phrase, phrase

PLANS = "/dashboard/plans"
PLAN = f"{PLANS}/{{plan_key}}"
# Where counting customers stops: a page shows that there are more.
MOST_COUNTED = 10_000
COLUMNS = (
    Column(phrase("Plan")),
    Column(phrase("Group")),
    Column(phrase("Price")),
    Column(phrase("Status")),
    Column(phrase("Customers"), is_number=True),
    Column(phrase("Versions"), is_number=True),
)
VERSION_COLUMNS = (
    Column(phrase("Version")),
    Column(phrase("Made on")),
    Column(phrase("Price")),
    Column(phrase("Status")),
    Column(phrase("Customers"), is_number=True),
)


def show_plans(seat: Seat) -> Response:
    """Show the plans, by group and in the order of each."""
    request = seat.request
    wanted = {"group": asked(request, "group"), "status": one_of(request, "status", tuple(STATUSES))}
    with seat.engine.read() as tx:
        groups = tx.plan_groups.list()
        found = tx.catalog.page_in_order(
            after=asked(request, AFTER) or None,
            limit=PAGE_SIZE + 1,
            group_key=wanted["group"],
            status=wanted["status"],
        )
        shown = found[:PAGE_SIZE]
        keys = [plan.key for plan in shown]
        numbers = tx.catalog.latest_numbers(keys)
        customers = tx.agreements.count_on_plans(keys, most=MOST_COUNTED + 1)
    rows = [
        row(
            Cell(plan.name, url_of(plan.key), note=plan.key),
            Cell(plan.group.name, note="" if plan.kind == "plan" else PLAN_KINDS[plan.kind]),
            price_of(plan.version),
            _status(plan),
            bounded(customers.get(plan.key, 0), MOST_COUNTED),
            numbers[plan.key],
        )
        for plan in shown
    ]
    last = keys[-1] if len(found) > PAGE_SIZE else ""
    plans = listing(request, COLUMNS, rows, last=last, filters=wanted)
    return seat.show(
        "plans/list",
        Form(wanted),
        plans=plans,
        groups=[("", phrase("All groups")), *((group.key, group.name) for group in groups)],
        statuses=[("", phrase("Any status")), *((name, words) for name, (words, _) in STATUSES.items())],
    )


def show_plan(seat: Seat) -> Response:
    """Show a plan with its versions."""
    return _page(seat, Form())


def change_words(seat: Seat, form: Form) -> Response:
    """Change what customers and operators read of a plan, and the key of a draft."""
    plan_key = seat.request.path_params["plan_key"]
    key = form.text("key") or plan_key
    try:
        update_plan(
            seat.engine,
            plan_key=plan_key,
            new_key=key,
            name=form.text("name"),
            description=form.text("description"),
            versions=form.versions("words_version"),
            actor=seat.operator.id,
        )
    except UnknownPlan:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error, "name"))
    return seat.go_to(url_of(key), "saved")


def show_publishing(seat: Seat) -> Response:
    """Say what publishing a plan means, before it is done."""
    return _publishing(seat, Form())


def publish(seat: Seat, form: Form) -> Response:
    """Put a draft up for sale, with the version that was shown."""
    plan_key = seat.request.path_params["plan_key"]
    try:
        publish_plan(seat.engine, plan_key=plan_key, version_id=form.text("version") or None, actor=seat.operator.id)
    except UnknownPlan:
        raise
    except BillingError as error:
        return _publishing(seat, form.refused(error))
    return seat.go_to(url_of(plan_key), "plan_published")


def make_live(seat: Seat, form: Form) -> Response:
    """Sell another version of a plan from now on."""
    plan_key = seat.request.path_params["plan_key"]
    try:
        make_version_live(
            seat.engine, plan_key=plan_key, version_id=form.text("version") or None, actor=seat.operator.id
        )
    except UnknownPlan:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error))
    return seat.go_to(url_of(plan_key), "version_live")


def archive(seat: Seat, form: Form) -> Response:
    """Take a plan off the market; whoever has it keeps it."""
    plan_key = seat.request.path_params["plan_key"]
    try:
        withdraw_plan(seat.engine, plan_key=plan_key, actor=seat.operator.id)
    except UnknownPlan:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error))
    return seat.go_to(url_of(plan_key), "archived")


def restore(seat: Seat, form: Form) -> Response:
    """Bring an archived plan back."""
    plan_key = seat.request.path_params["plan_key"]
    try:
        restore_plan(seat.engine, plan_key=plan_key, actor=seat.operator.id)
    except UnknownPlan:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error))
    return seat.go_to(url_of(plan_key), "plan_restored")


def show_version(seat: Seat) -> Response:
    """Show what a version of a plan holds."""
    with seat.engine.read() as tx:
        plan = plan_of(seat, tx)
        version = tx.catalog.get_version_of(plan.key, number=number_in(seat.request.path_params["number"]))
        count = tx.agreements.count_on_versions([version.id], most=MOST_COUNTED + 1).get(version.id, 0)
    return seat.show(
        "plans/version",
        plan=plan,
        version=version,
        parts=stretch_of(seat.request, parts_of(version)),
        customers=bounded(count, MOST_COUNTED),
        is_live=version.id == plan.live_version_id,
    )


def _page(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        plan = plan_of(seat, tx)
        after = number_in(asked(seat.request, AFTER)) or None
        versions = tx.catalog.page_versions(plan.key, below=after, limit=PAGE_SIZE + 1)
        newest = versions if after is None else tx.catalog.page_versions(plan.key, limit=2)
        counts = tx.agreements.count_on_versions([one.id for one in versions], most=MOST_COUNTED + 1)
    shown = form.showing("name", plan.name).showing("description", plan.description).showing("key", plan.key)
    shown = shown.of_version(plan, "words_version")
    return seat.show(
        "plans/plan",
        shown,
        plan=plan,
        standing=STATUSES[plan.status],
        kind=PLAN_KINDS[plan.kind],
        price=price_of(plan.version),
        parts=stretch_of(seat.request, parts_of(plan.version)),
        versions=_versions(seat, plan, versions, counts),
        latest=newest[0],
        has_several=len(newest) > 1,
    )


def _publishing(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        plan = plan_of(seat, tx)
        version = tx.catalog.get_version(plan.latest_version_id)
        is_locked = tx.billing_settings.is_currency_locked()
    return seat.show(
        "plans/publish",
        form,
        plan=plan,
        version=version,
        price=price_of(version),
        parts=stretch_of(seat.request, parts_of(version)),
        is_currency_locked=is_locked,
    )


def _versions(seat: Seat, plan: Plan, versions: tuple[PlanVersion, ...], counts: Mapping[str, int]) -> Listing:
    rows = [
        row(
            Cell(phrase("Version %(number)s", number=version.number), f"{url_of(plan.key)}/versions/{version.number}"),
            version.created_at,
            price_of(version),
            _version_status(plan, version),
            bounded(counts.get(version.id, 0), MOST_COUNTED),
        )
        for version in versions[:PAGE_SIZE]
    ]
    last = str(versions[PAGE_SIZE - 1].number) if len(versions) > PAGE_SIZE else ""
    return listing(seat.request, VERSION_COLUMNS, rows, last=last)


def plan_of(seat: Seat, tx: UnitOfWork) -> Plan:
    """Return the plan that an address is about.

    Raises:
        UnknownPlan: there is none.
    """
    key = seat.request.path_params["plan_key"]
    plan = tx.catalog.find_plan(key)
    if plan is None:
        raise UnknownPlan(f"there is no plan {key[:64]!r}", plan=key[:64])
    return plan


def url_of(plan_key: str) -> str:
    """Return where a plan's page is."""
    return f"{PLANS}/{plan_key}"


def parts_of(version: PlanVersion) -> list[tuple[Phrase, str, str, tuple[Phrase, ...]]]:
    """Return what a version holds: of each part its kind, its name, the phase it belongs to, and what it says."""
    phases = [(phase.name, phase.components) for phase in version.opening_phases]
    return [
        (PARTS[KINDS[type(component)]], name_of(component), phase, lines_of(component))
        for phase, components in (*phases, ("", version.components))
        for component in components
    ]


def _status(plan: Plan) -> Cell:
    said, tone = STATUSES[plan.status]
    return Cell(said, tone=tone)


def _version_status(plan: Plan, version: PlanVersion) -> Cell:
    if version.id == plan.live_version_id:
        return Cell(phrase("For sale"), tone="good") if plan.status == "published" else Cell(phrase("Was for sale"))
    return Cell(phrase("Latest"), tone="note") if version.id == plan.latest_version_id else Cell(phrase("Not for sale"))


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(PLANS, show_plans),
    billing_route(PLAN, show_plan, change_words),
    billing_route(f"{PLAN}/publish", show_publishing, publish),
    billing_route(f"{PLAN}/live", show_plan, make_live),
    billing_route(f"{PLAN}/archive", show_plan, archive),
    billing_route(f"{PLAN}/restore", show_plan, restore),
    billing_route(f"{PLAN}/versions/{{number}}", show_version),
)
