"""The sections about people: a profile, an organization, its members."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.update_user import update_user

MAX_MEMBERS = 500


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an organization, with the names of the roles held there."""

    name: str
    email: str
    roles: tuple[str, ...]


def show_profile(desk: Desk, form: Form) -> Response:
    """Show the person's names and e-mail address."""
    if not form.values:
        form = Form({"given_name": desk.user.given_name, "family_name": desk.user.family_name})
    return desk.show("profile", form)


def save_profile(desk: Desk, form: Form) -> Response:
    """Change the person's names."""
    try:
        update_user(
            desk.engine,
            user_id=desk.user.id,
            source="user",
            given_name=form.text("given_name"),
            family_name=form.text("family_name"),
        )
    except InvalidRequest as error:
        return show_profile(desk, form.refused(error))
    return desk.go_to("profile", "saved")


def show_organization(desk: Desk, _form: Form) -> Response:
    """Show what the organization is called."""
    return desk.show("organization")


def show_members(desk: Desk, _form: Form) -> Response:
    """Show who belongs to the organization."""
    if desk.organization is None:
        raise NotFound
    code = desk.organization.code
    with desk.engine.read() as tx:
        found = tx.users.list(PageRequest(MAX_MEMBERS), org_code=code)
        members = [
            Member(user.name, user.email, tuple(role.name for role in tx.roles.of_member(code, user.id)))
            for user in found.items
        ]
    return desk.show("members", members=members, has_more=found.has_more)
