"""The section about an organization: what it is called, and how others know it."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.errors import Conflict, Forbidden, InvalidRequest, NotFound, PreconditionFailed
from billing_sdk.server.domain.identity import WRITE_MEMBERS
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.usecases.update_organization import update_organization
from billing_sdk.server.words import phrase

HANDLE_TAKEN = phrase("Another organization has this handle.")
NO_HANDLE = phrase("Use small letters from a to z, digits and hyphens in between.")
NO_NAME = phrase("Enter the name of the organization.")


def show_organization(desk: Desk, form: Form) -> Response:
    """Show what the organization is called, and let those change it who manage it."""
    organization = desk.organization
    if organization is not None and not form.values:
        form = Form({"name": organization.name, "handle": organization.handle or ""}).of_version(organization)
    return desk.show(
        "organization", form, may_change=WRITE_MEMBERS in desk.permissions and desk.may("edit_organization")
    )


def save_organization(desk: Desk, form: Form) -> Response:
    """Change the name and the handle.

    Raises:
        Forbidden: the person does not manage the organization.
    """
    if not desk.may("edit_organization"):
        return desk.decline("edit_organization")
    if desk.organization is None:
        raise NotFound
    if WRITE_MEMBERS not in desk.permissions:
        raise Forbidden(
            f"only members with the permission {WRITE_MEMBERS} change the organization",
            remedy="Ask somebody who manages the organization's members.",
        )
    if not form.text("name"):
        return show_organization(desk, form.wrong({"name": NO_NAME}))
    try:
        update_organization(
            desk.engine,
            code=desk.organization.code,
            source="user",
            versions=form.versions(),
            name=form.text("name"),
            handle=form.text("handle").lower() or None,
        )
    except PreconditionFailed as error:
        return show_organization(desk, form.refused(error))
    except Conflict:
        return show_organization(desk, form.wrong({"handle": HANDLE_TAKEN}))
    except InvalidRequest as error:
        if error.facts.get("parameter") == "handle":
            return show_organization(desk, form.wrong({"handle": NO_HANDLE}))
        return show_organization(desk, form.refused(error, "name"))
    return desk.go_to("details", "saved")
