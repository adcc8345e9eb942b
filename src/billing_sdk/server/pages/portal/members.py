"""The sections about the members of an organization: who they are, whom they have invited, and what each may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.responses import Response

from billing_sdk.errors import Conflict, Forbidden, InvalidRequest, NotFound, PreconditionFailed, RateLimited
from billing_sdk.server.domain.identity import WRITE_BILLING, WRITE_MEMBERS, Invitation, Organization, Role, User
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.change_member_role import change_member_role
from billing_sdk.server.usecases.invite_member import MOST_OPEN, invite_member, resend_invitation
from billing_sdk.server.usecases.membership import held_in, require_member, roles_to_hand_out
from billing_sdk.server.usecases.remove_member import remove_member
from billing_sdk.server.usecases.withdraw_invitation import withdraw_invitation
from billing_sdk.server.web.languages import language_of
from billing_sdk.server.words import Phrase, phrase

PAGE_SIZE = 50
# Names of form fields: one for each role.
ROLE = "role_"
SECTION = "members"
NOBODY = phrase("Enter the e-mail address of the person.")
MEMBER_ALREADY = phrase("This person belongs to the organization already.")
TOO_MANY = phrase("Too many invitations wait for an answer. Withdraw some of them first.")
TOO_SOON = phrase("Too many invitations were sent within a minute. Wait a minute and try again.")
NOT_YOURS_TO_GIVE = phrase("You can only give and take away roles that allow no more than your own.")
LAST_ONE: dict[str, Phrase] = {
    WRITE_MEMBERS: phrase("Nobody else could manage the members. Give another member such a role first."),
    WRITE_BILLING: phrase("Nobody else could manage the billing. Give another member such a role first."),
}


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an organization, with the names of the roles held there."""

    id: str
    name: str
    email: str
    roles: tuple[str, ...]
    is_self: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation that waits, with the names of the roles that come with it."""

    invitation: Invitation
    roles: tuple[str, ...]
    is_over: bool


def show_members(desk: Desk, form: Form) -> Response:
    """Show who belongs to the organization and, to who manages that, who is invited."""
    organization, after = _organization(desk), desk.request.query_params.get("after") or None
    is_manager = _manages(desk)
    with desk.engine.read() as tx:
        found = tx.users.list(PageRequest(PAGE_SIZE, starting_after=after), org_code=organization.code)
        names = tx.roles.names_of_members(organization.code, [user.id for user in found.items])
        sent = tx.invitations.of_organization(organization.code, limit=MOST_OPEN) if is_manager else ()
        roles = tx.roles.all() if is_manager else ()
        offered = roles_to_hand_out(tx, desk.permissions) if is_manager else ()
    next_url = f"{desk.url(SECTION)}?after={found.items[-1].id}" if found.has_more else ""
    return desk.show(
        "members",
        form,
        members=[_member(desk, user, names.get(user.id, ())) for user in found.items],
        invitations=[_sent(desk, one, roles) for one in sent],
        roles=offered,
        is_manager=is_manager,
        next_url=next_url,
        first_url=desk.url(SECTION) if after else "",
    )


def change_invitations(desk: Desk, form: Form) -> Response:
    """Invite somebody, send an invitation again, or withdraw one."""
    if not desk.may("manage_members"):
        return desk.decline("manage_members")
    if form.text("withdraw"):
        withdraw_invitation(
            desk.engine,
            org_code=_organization(desk).code,
            invitation_id=form.text("withdraw"),
            manager_id=desk.user.id,
        )
        return desk.go_to(SECTION, "invitation_withdrawn")
    if not form.text("resend") and not form.text("email"):
        return show_members(desk, form.wrong({"email": NOBODY}))
    try:
        _send(desk, form)
    except Conflict as error:
        return show_members(desk, form.wrong({"email": TOO_MANY if str(MOST_OPEN) in error.detail else MEMBER_ALREADY}))
    except RateLimited:
        return show_members(desk, form.wrong({"": TOO_SOON}))
    except InvalidRequest as error:
        return show_members(desk, form.refused(error, "email"))
    return desk.go_to(SECTION, "invited")


def _send(desk: Desk, form: Form) -> None:
    code, language = _organization(desk).code, language_of(desk.request).tag
    if form.text("resend"):
        resend_invitation(
            desk.engine,
            org_code=code,
            invitation_id=form.text("resend"),
            inviter_id=desk.user.id,
            language=language,
        )
    else:
        invite_member(
            desk.engine,
            org_code=code,
            email=form.text("email"),
            role_keys=_chosen_roles(form),
            inviter_id=desk.user.id,
            language=language,
        )


def show_member(desk: Desk, form: Form) -> Response:
    """Show one member, and what they may do."""
    organization, user_id = _organization(desk), desk.request.path_params["user_id"]
    with desk.engine.read() as tx:
        user = require_member(tx, organization.code, user_id)
        held = tx.roles.of_member(organization.code, user_id)
        holding = held_in(tx, organization.code, user_id)
        offered = roles_to_hand_out(tx, desk.permissions)
    if not form.values:
        form = Form({ROLE + role.key: "yes" for role in held}).of_version(holding)
    return desk.show(
        "member",
        form,
        member=_member(desk, user, [role.name for role in held]),
        roles=offered,
        fixed=[role for role in held if role not in offered],
        is_manager=_manages(desk),
    )


def change_member(desk: Desk, form: Form) -> Response:
    """Change what a member may do, or end the membership."""
    if not desk.may("manage_members"):
        return desk.decline("manage_members")
    organization, user_id = _organization(desk), desk.request.path_params["user_id"]
    try:
        if form.text("remove"):
            remove_member(desk.engine, org_code=organization.code, user_id=user_id, manager_id=desk.user.id)
            return desk.go_to(SECTION, "member_removed")
        with desk.engine.read() as tx:
            held = tx.roles.of_member(organization.code, user_id)
            offered = roles_to_hand_out(tx, desk.permissions)
        # The form shows those that may be given; what else somebody has stays.
        kept = [role.key for role in held if role not in offered]
        change_member_role(
            desk.engine,
            org_code=organization.code,
            user_id=user_id,
            role_keys=[*kept, *_chosen_roles(form)],
            versions=form.versions(),
            manager_id=desk.user.id,
        )
    except PreconditionFailed as error:
        return show_member(desk, form.refused(error))
    except Conflict as error:
        words = LAST_ONE.get(str(error.facts.get("permission", "")), LAST_ONE[WRITE_MEMBERS])
        return show_member(desk, form.wrong({"": words}))
    except Forbidden:
        if not _manages(desk):
            raise
        return show_member(desk, form.wrong({"": NOT_YOURS_TO_GIVE}))
    return desk.go_to(SECTION, "saved")


def _organization(desk: Desk) -> Organization:
    if desk.organization is None:
        raise NotFound("this visit is not for an organization", remedy="Choose a section of your own account.")
    return desk.organization


def _manages(desk: Desk) -> bool:
    return WRITE_MEMBERS in desk.permissions and desk.may("manage_members")


def _chosen_roles(form: Form) -> list[str]:
    return [name.removeprefix(ROLE) for name in form.values if name.startswith(ROLE)]


def _member(desk: Desk, user: User, roles: Iterable[str]) -> Member:
    return Member(user.id, user.name, user.email, tuple(roles), is_self=user.id == desk.user.id)


def _sent(desk: Desk, invitation: Invitation, roles: Iterable[Role]) -> Sent:
    names = {role.key: role.name for role in roles}
    given = tuple(names[key] for key in invitation.role_keys if key in names)
    return Sent(invitation, given, is_over=not invitation.is_open(desk.engine.now()))
