"""Accept an invitation: whoever got the mail joins the organization, with an account of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

from billing_sdk.errors import Forbidden, LinkUsed
from billing_sdk.server.domain.identity import Invitation, Organization, User
from billing_sdk.server.domain.visits import PortalVisit
from billing_sdk.server.ids import digest_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.begin_session import add_session
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.membership import announce_member
from billing_sdk.server.usecases.open_portal_link import begin_visit
from billing_sdk.server.usecases.passwords import hash_password
from billing_sdk.server.usecases.register_user import add_user, new_user

OVER = "the invitation was accepted or withdrawn, or its time is over"
FIRST_SECTION = "organization_details"
ASK = "Ask whoever has invited you to send it again."


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation is about.

    Attributes:
        inviter: who has invited.
        has_password: there is an account with the address, whose password is asked for.
    """

    invitation: Invitation
    organization: Organization
    inviter: User
    has_password: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody has joined an organization.

    Attributes:
        session_key: of the sign-in session that has begun; empty for somebody who was signed in before.
        visit: to the portal, where they go on.
    """

    session_key: str = field(repr=False)
    visit: PortalVisit


def look_at_invitation(engine: Engine, *, key: str) -> Invited:
    """Return what a link is about, which stays as it is.

    Raises:
        LinkUsed: it was used or withdrawn, has expired, or never existed.
    """
    with engine.read() as tx:
        invitation = tx.invitations.find_by_key(digest_of(key))
        if invitation is None or not invitation.is_open(engine.now()):
            raise LinkUsed(OVER, remedy=ASK)
        known = tx.users.find_by_email(invitation.email)
        return Invited(
            invitation,
            tx.organizations.get(invitation.org_code),
            tx.users.get(invitation.inviter_id),
            has_password=known is not None and tx.users.find_password_hash(known.id) is not None,
        )


def accept_invitation(
    engine: Engine,
    *,
    key: str,
    password: str,
    given_name: str = "",
    family_name: str = "",
    address: str | None = None,
) -> Joined:
    """Let whoever has the link and the account of its address join, and sign them in.

    Without an account there is one afterwards. One without a password, which an application has made, gets this one:
    the link came to its address, and to no other.

    Args:
        engine: the engine.
        key: what the link holds.
        password: of the account, or for it.
        given_name: of a new account.
        family_name: of a new account.
        address: where on the network it comes from, where that is known.

    Raises:
        LinkUsed: it was used or withdrawn, has expired, or never existed.
        WrongCredentials, RateLimited, Forbidden: as `check_password`.
        InvalidRequest: the password or a name can't be taken.
    """
    invited = look_at_invitation(engine, key=key)
    email = invited.invitation.email
    known = check_password(engine, email=email, password=password, address=address) if invited.has_password else None
    password_hash = None if known else hash_password(password)  # costly by design, so before the transaction
    with engine.begin() as tx:
        invitation = _take(tx, engine, key)
        user = tx.users.find_by_email(email)
        if user is None and known is None:
            user = new_user(email=email, given_name=given_name, family_name=family_name, at=engine.now())
            add_user(tx, user, password_hash=password_hash, org_code=invitation.org_code)
        elif user is None or (known is not None and user.id != known.id):
            raise LinkUsed(OVER, remedy=ASK)  # the account has another address by now
        elif password_hash is not None:
            _set_first_password(tx, user, password_hash)
        return _join(tx, engine, user, invitation, add_session(tx, engine, user.id))


def accept_signed_in(engine: Engine, *, key: str, user_id: str) -> Joined:
    """Let somebody join who is signed in with the address of an invitation.

    Raises:
        LinkUsed: it was used or withdrawn, has expired, or never existed.
        Forbidden: the invitation is for another address.
    """
    with engine.begin() as tx:
        invitation = _take(tx, engine, key)
        user = tx.users.get(user_id)
        if user.email != invitation.email or user.is_suspended:
            raise Forbidden("the invitation is for another e-mail address", remedy="Sign in with that address.")
        return _join(tx, engine, user, invitation, "")


def _set_first_password(tx: UnitOfWork, user: User, password_hash: str) -> None:
    if user.is_suspended:
        raise Forbidden("the account is suspended", remedy="Contact whoever runs this application.")
    if tx.users.find_password_hash(user.id) is not None:
        raise LinkUsed(OVER, remedy=ASK)  # somebody has made the account meanwhile, with another password
    tx.users.set_password(user.id, password_hash)


def _take(tx: UnitOfWork, engine: Engine, key: str) -> Invitation:
    invitation = tx.invitations.take(digest_of(key))
    if invitation is None or not invitation.is_open(engine.now()):
        raise LinkUsed(OVER, remedy=ASK)
    return invitation


def _join(tx: UnitOfWork, engine: Engine, user: User, invitation: Invitation, session_key: str) -> Joined:
    at, code = engine.now(), invitation.org_code
    tx.organizations.add_member(code, user.id, at=at, role_keys=invitation.role_keys)
    tx.audit.record(user.id, "invitation.accept", code, at, before=invitation)
    announce_member(tx, user, at=at)
    return Joined(session_key, begin_visit(tx, engine, user_id=user.id, org_code=code, sub_nav=FIRST_SECTION))
