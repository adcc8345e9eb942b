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
class Proof:
    """Somebody has shown that the account of an invitation is theirs, or has chosen a password for it.

    Attributes:
        user_id: whose password was right; None where there was none yet.
        password_hash: of the password that was chosen; None where there was one.
    """

    user_id: str | None
    password_hash: str | None = field(repr=False)


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


def prove_invited(engine: Engine, *, key: str, password: str, address: str | None = None) -> Proof:
    """Check the password of the account that an invitation is for, or take one for an account that has none.

    It is costly by design and counts what is wrong, so it stands before the transaction in which somebody joins.

    Args:
        engine: the engine.
        key: what the link holds.
        password: of the account, or for it.
        address: where on the network it comes from, where that is known.

    Raises:
        LinkUsed: it was used or withdrawn, has expired, or never existed.
        WrongCredentials, RateLimited, Forbidden: as `check_password`.
        InvalidRequest: the password can't be taken.
    """
    invited = look_at_invitation(engine, key=key)
    if not invited.has_password:
        return Proof(None, hash_password(password))
    known = check_password(engine, email=invited.invitation.email, password=password, address=address)
    return Proof(known.id, None)


def accept_invitation(
    engine: Engine, *, key: str, proof: Proof, given_name: str = "", family_name: str = "", language: str | None = None
) -> Joined:
    """Let whoever has the link and the account of its address join, and sign them in.

    Without an account there is one afterwards. One without a password, which an application has made, gets this one:
    the link came to its address, and to no other.

    Args:
        engine: the engine.
        key: what the link holds.
        proof: what `prove_invited` has returned for it.
        given_name: of a new account.
        family_name: of a new account.
        language: that a new account is made in.

    Raises:
        LinkUsed: it was used or withdrawn, has expired, or never existed.
        Forbidden: the account is suspended.
        InvalidRequest: a name can't be taken.
    """
    with engine.begin() as tx:
        invitation = _take(tx, engine, key)
        email = invitation.email
        user = tx.users.find_by_email(email)
        if user is None and proof.user_id is None:
            user = new_user(
                email=email, given_name=given_name, family_name=family_name, language=language, at=engine.now()
            )
            add_user(tx, user, password_hash=proof.password_hash, org_code=invitation.org_code)
        elif user is None or (proof.user_id is not None and user.id != proof.user_id):
            raise LinkUsed(OVER, remedy=ASK)  # the account has another address by now
        elif proof.password_hash is not None:
            _set_first_password(tx, user, proof.password_hash)
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
