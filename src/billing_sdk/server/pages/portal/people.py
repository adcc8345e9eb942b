"""The sections about people: a profile, an organization, its members."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.usecases.update_user import update_user


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
