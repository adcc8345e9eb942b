"""Roles and permissions: what members of an organization may do."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError, NotFound
from billing_sdk.server.pages.dashboard.listing import Cell, Column, Listing, bounded, row
from billing_sdk.server.pages.dashboard.plans import MOST_COUNTED
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.stretch import stretch_of
from billing_sdk.server.usecases.roles import (
    create_permission,
    create_role,
    delete_permission,
    delete_role,
    may_creators_choose,
    update_role,
)
from billing_sdk.server.words import phrase

ROLES = "/dashboard/roles"
ROLE = f"{ROLES}/{{role_id}}"
ALLOWS = "allows:"
ACCEPTED = "accepted"
CREATORS_LOSE_CHOICE = phrase(
    "Whoever creates an organization could not choose a plan for it any more: no other role that they get allows it."
)
COLUMNS = (
    Column(phrase("Role")),
    Column(phrase("Permissions"), is_number=True),
    Column(phrase("Members"), is_number=True),
    Column(phrase("Given to")),
)


def show_roles(seat: Seat) -> Response:
    """Show the roles and the permissions that there are."""
    return _list(seat, Form())


def make_permission(seat: Seat, form: Form) -> Response:
    """Make a permission."""
    try:
        create_permission(seat.engine, key=form.text("key"), name=form.text("name"), actor=seat.operator.id)
    except BillingError as error:
        return _list(seat, form.refused(error, "key"))
    return seat.go_to(ROLES, "created")


def remove_permission(seat: Seat, form: Form) -> Response:
    """Take a permission away."""
    try:
        delete_permission(seat.engine, form.text("permission"), actor=seat.operator.id)
    except BillingError as error:
        return _list(seat, Form({}, form.refused(error).errors))
    return seat.go_to(ROLES, "deleted")


def show_new_role(seat: Seat) -> Response:
    """Show the form of a new role."""
    return _new(seat, Form())


def make_role(seat: Seat, form: Form) -> Response:
    """Make a role of what was ticked."""
    try:
        role = create_role(
            seat.engine,
            key=form.text("key"),
            name=form.text("name"),
            permission_keys=_allowed(form),
            is_creator=bool(form.text("is_creator")),
            actor=seat.operator.id,
        )
    except BillingError as error:
        return _new(seat, form.refused(error, "key"))
    return seat.go_to(url_of(role.id), "created")


def show_role(seat: Seat) -> Response:
    """Show a role, and what it allows."""
    return _page(seat, Form())


def change_role(seat: Seat, form: Form) -> Response:
    """Change what a role is called and allows."""
    role_id = seat.request.path_params["role_id"]
    if not form.text(ACCEPTED) and _takes_choice(seat, role_id, form):
        return _page(seat, form.wrong({ACCEPTED: CREATORS_LOSE_CHOICE}))
    try:
        update_role(
            seat.engine,
            role_id,
            name=form.text("name"),
            permission_keys=_allowed(form),
            is_creator=bool(form.text("is_creator")),
            versions=form.versions(),
            actor=seat.operator.id,
        )
    except NotFound:
        raise
    except BillingError as error:
        return _page(seat, form.refused(error, "name"))
    return seat.go_to(url_of(role_id), "saved")


def remove_role(seat: Seat, form: Form) -> Response:
    """Take a role away from everybody who holds it."""
    try:
        delete_role(seat.engine, seat.request.path_params["role_id"], actor=seat.operator.id)
    except NotFound:
        raise
    except BillingError as error:
        return _page(seat, Form({}, form.refused(error).errors))
    return seat.go_to(ROLES, "deleted")


def url_of(role_id: str) -> str:
    """Return where the page of a role is."""
    return f"{ROLES}/{role_id}"


def _list(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        roles, permissions = stretch_of(seat.request, tx.roles.all()), tx.roles.permissions()
        holders = {role.id: tx.roles.holders(role.id, MOST_COUNTED + 1) for role in roles.items}
        creators = tx.roles.of_creators()
    rows = tuple(
        row(
            Cell(role.name, url_of(role.id), note=role.key),
            len(role.permission_keys),
            bounded(holders[role.id], MOST_COUNTED),
            phrase("Whoever creates an organization") if role.is_creator else phrase("Those who are given it"),
        )
        for role in roles.items
    )
    return seat.show(
        "roles/list",
        form,
        roles=Listing(COLUMNS, rows, roles.next_url, roles.first_url),
        permissions=permissions,
        may_creators_choose=may_creators_choose(creators),
    )


def _new(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        permissions = tx.roles.permissions()
    return seat.show("roles/new", form, permissions=permissions)


def _page(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        role, permissions = tx.roles.get(seat.request.path_params["role_id"]), tx.roles.permissions()
        holders = tx.roles.holders(role.id, MOST_COUNTED + 1)
        creators = tx.roles.of_creators()
    if not form.values:
        ticked = {f"{ALLOWS}{key}": "yes" for key in role.permission_keys}
        form = Form({**ticked, "name": role.name, "is_creator": "yes" if role.is_creator else ""}, form.errors)
    return seat.show(
        "roles/role",
        form.of_version(role),
        role=role,
        permissions=permissions,
        holders=bounded(holders, MOST_COUNTED),
        is_last_to_choose=may_creators_choose(creators)
        and not may_creators_choose([one for one in creators if one != role]),
    )


def _takes_choice(seat: Seat, role_id: str, form: Form) -> bool:
    """Tell whether a change of a role would leave creators of organizations with none that lets them choose a plan."""
    with seat.engine.read() as tx:
        roles = tx.roles.all()
    changed = [
        replace(role, permission_keys=_allowed(form), is_creator=bool(form.text("is_creator")))
        if role.id == role_id
        else role
        for role in roles
    ]
    has_creators = any(role.is_creator for role in changed)
    return has_creators and may_creators_choose(roles) and not may_creators_choose(changed)


def _allowed(form: Form) -> tuple[str, ...]:
    return tuple(name.removeprefix(ALLOWS) for name, value in form.values.items() if name.startswith(ALLOWS) and value)


ROUTES: tuple[BaseRoute, ...] = (
    seat_route(ROLES, show_roles),
    seat_route(f"{ROLES}/_new", show_new_role, make_role),
    seat_route(f"{ROLES}/_permission", show_roles, make_permission),
    seat_route(f"{ROLES}/_permission/delete", show_roles, remove_permission),
    seat_route(ROLE, show_role, change_role),
    seat_route(f"{ROLE}/delete", show_role, remove_role),
)
