"""Applications: the programs that people sign in to, and the machines that call the management API."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError, NotFound
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.domain.identity.application import ApplicationKind, origin_of
from billing_sdk.server.domain.workspace import Cap
from billing_sdk.server.pages.dashboard.listing import Cell, Column, Listing, row
from billing_sdk.server.pages.dashboard.scopes import chosen_scopes, scope_fields
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.stretch import stretch_of
from billing_sdk.server.usecases.register_application import (
    MANAGEMENT_SCOPES,
    Registration,
    register_application,
    rotate_client_secret,
)
from billing_sdk.server.usecases.update_application import update_application
from billing_sdk.server.usecases.workspace_caps import used_of, workspace_plan
from billing_sdk.server.usecases.workspace_plan import open_workspace_plan
from billing_sdk.server.words import Phrase, phrase

APPLICATIONS = "/dashboard/applications"
APPLICATION = f"{APPLICATIONS}/{{client_id}}"
KINDS: dict[ApplicationKind, tuple[Phrase, Phrase]] = {
    "web": (phrase("Web application"), phrase("People sign in to it.")),
    "machine": (phrase("Machine"), phrase("It calls the management API with tokens of its own.")),
}
CAPS: dict[Cap, Phrase] = {
    "seats": phrase("Operators"),
    "monthly_active_users": phrase("Users in a month"),
    "applications": phrase("Applications"),
    "webhooks": phrase("Webhooks"),
}
COLUMNS = (
    Column(phrase("Application")),
    Column(phrase("Client id")),
    Column(phrase("Kind")),
    Column(phrase("Billing")),
)


def show_applications(seat: Seat) -> Response:
    """Show the applications, and the plan of the workspace where it has one."""
    with seat.engine.read() as tx:
        applications, workspace = stretch_of(seat.request, tx.applications.list()), tx.workspace.get()
        plan = workspace_plan(tx) if seat.engine.settings.workspace_plans else None
        used = {} if plan is None else used_of(tx, at=seat.engine.now())
    is_on = Cell(phrase("On"), tone="good") if workspace.is_billing_enabled else Cell(phrase("Off"), tone="plain")
    rows = tuple(
        row(
            Cell(one.name, url_of(one.client_id)),
            Cell(one.client_id, is_code=True),
            KINDS[one.kind][0],
            Cell(is_on.value, f"{url_of(one.client_id)}/billing") if one.kind == "web" else is_on,
        )
        for one in applications.items
    )
    caps = [(CAPS[cap], limit, used[cap]) for cap, limit in plan.caps.items()] if plan else []
    return seat.show(
        "applications/list",
        applications=Listing(COLUMNS, rows, applications.next_url, applications.first_url),
        workspace=workspace,
        plan=plan,
        caps=caps,
    )


def open_plan(seat: Seat, _form: Form) -> Response:
    """Send an operator to the plan of the workspace, which is looked after in the portal like any other."""
    return RedirectResponse(open_workspace_plan(seat.engine, user_id=seat.operator.id), 303)


def show_new_application(seat: Seat) -> Response:
    """Show the form of a new application."""
    return _new(seat, Form({"kind": "web", "is_confidential": "yes"}))


def make_application(seat: Seat, form: Form) -> Response:
    """Register an application, and show its secret this once."""
    kind: ApplicationKind = "machine" if form.text("kind") == "machine" else "web"
    is_web = kind == "web"
    try:
        made = register_application(
            seat.engine,
            name=form.text("name"),
            kind=kind,
            redirect_uris=_lines(form, "redirect_uris") if is_web else (),
            logout_redirect_uris=_lines(form, "logout_redirect_uris") if is_web else (),
            scopes=() if is_web else chosen_scopes(form),
            is_confidential=bool(form.text("is_confidential")) if is_web else True,
            actor=seat.operator.id,
        )
    except BillingError as error:
        return _new(seat, form.refused(error, "name"))
    return _once(seat, made)


def show_application(seat: Seat) -> Response:
    """Show an application: its ids, its addresses, and what it may ask for."""
    return _page(seat, Form())


def change_application(seat: Seat, form: Form) -> Response:
    """Change the name and the addresses or scopes of an application."""
    client_id = seat.request.path_params["client_id"]
    try:
        update_application(
            seat.engine,
            client_id=client_id,
            name=form.text("name"),
            redirect_uris=_lines(form, "redirect_uris"),
            logout_redirect_uris=_lines(form, "logout_redirect_uris"),
            scopes=chosen_scopes(form),
            versions=form.versions(),
            actor=seat.operator.id,
        )
    except NotFound:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error, "name"))
    return seat.go_to(url_of(client_id), "saved")


def rotate_secret(seat: Seat, form: Form) -> Response:
    """Give an application another secret, and show it this once."""
    try:
        made = rotate_client_secret(
            seat.engine, client_id=seat.request.path_params["client_id"], actor=seat.operator.id
        )
    except NotFound:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error))
    return _once(seat, made)


def url_of(client_id: str) -> str:
    """Return where the page of an application is."""
    return f"{APPLICATIONS}/{client_id}"


def _page(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        application = tx.applications.get(seat.request.path_params["client_id"])
    shown = form.showing("name", application.name)
    shown = shown.showing("redirect_uris", "\n".join(application.redirect_uris))
    shown = shown.showing("logout_redirect_uris", "\n".join(application.logout_redirect_uris))
    shown = shown.of_version(application)
    return seat.show(
        "applications/application",
        scope_fields(shown, application.scopes),
        one=application,
        kind=KINDS[application.kind],
        origins=_origins(application),
        scopes=MANAGEMENT_SCOPES,
        issuer=seat.engine.settings.base_url,
    )


def _new(seat: Seat, form: Form) -> Response:
    kinds = [(name, *words) for name, words in KINDS.items()]
    return seat.show("applications/new", form, kinds=kinds, scopes=MANAGEMENT_SCOPES)


def _once(seat: Seat, made: Registration) -> Response:
    if made.secret is None:
        return seat.go_to(url_of(made.application.client_id), "created")
    return seat.show_secret(
        "applications/secret",
        one=made.application,
        secret=made.secret.reveal(),
        url=url_of(made.application.client_id),
    )


def _origins(application: Application) -> list[str]:
    """Return where pages of an application may stand: the origins of its addresses."""
    found = (origin_of(uri) for uri in (*application.redirect_uris, *application.logout_redirect_uris))
    return sorted({origin for origin in found if origin is not None})


def _lines(form: Form, field: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in form.text(field).splitlines() if line.strip())


ROUTES: tuple[BaseRoute, ...] = (
    seat_route(APPLICATIONS, show_applications),
    seat_route(f"{APPLICATIONS}/_new", show_new_application, make_application),
    seat_route("/dashboard/plan", show_applications, open_plan, repeats=True),
    seat_route(APPLICATION, show_application, change_application),
    seat_route(f"{APPLICATION}/secret", show_application, rotate_secret),
)
