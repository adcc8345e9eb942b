"""Invite somebody into an organization, by a mail with a link that works once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.identity import Invitation
from billing_sdk.server.domain.identity.invitation import LASTS
from billing_sdk.server.ids import digest_of, new_id, new_secret
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.membership import check_roles, require_manager
from billing_sdk.server.usecases.people import normal_email
from billing_sdk.server.usecases.queue_mail import queue_mail

PATH = "/invitation"
MOST_OPEN = 100


def invite_member(
    engine: Engine,
    *,
    org_code: str,
    email: str,
    role_keys: Sequence[str] = (),
    inviter_id: str,
    language: str | None = None,
) -> Invitation:
    """Send somebody a link that lets them join an organization; the link of an earlier invitation ends with it.

    Args:
        engine: the engine.
        org_code: which organization.
        email: whose link it is: nobody with another address can use it.
        role_keys: what the person may do there.
        inviter_id: a member who manages the members.
        language: of the mail; the one of the inviter's page.

    Raises:
        NotFound: there is no such organization.
        Forbidden: the inviter does not manage its members, or may not give one of the roles.
        InvalidRequest: this is no e-mail address, or no role.
        Conflict: the person belongs to the organization already, or too many invitations wait.
        RateLimited: the organization has sent too many within a minute.
    """
    email, at, key = normal_email(email), engine.now(), new_secret()
    with engine.begin() as tx:
        held = require_manager(tx, org_code, inviter_id)
        roles = check_roles(tx, held, role_keys)
        known = tx.users.find_by_email(email)
        if known and tx.organizations.find_membership(org_code, known.id):
            raise Conflict(f"{email} belongs to the organization already", remedy="Change the roles instead.")
        before = tx.invitations.find_by_email(org_code, email)
        if before is None and tx.invitations.count_of(org_code) >= MOST_OPEN:
            raise Conflict(f"{MOST_OPEN} invitations wait for an answer", remedy="Withdraw some of them first.")
        engine.admit("invitation", org_code)
        invitation = Invitation(
            id=before.id if before else new_id("invitation"),
            org_code=org_code,
            email=email,
            role_keys=roles,
            inviter_id=inviter_id,
            key_hash=digest_of(key),
            created_at=before.created_at if before else at,
            sent_at=at,
            expires_at=at + LASTS,
        )
        (tx.invitations.save if before else tx.invitations.add)(invitation)
        tx.audit.record(inviter_id, "invitation.send", org_code, at, before=before, after=invitation)
        _send(engine, tx, invitation, key, language)
    return invitation


def resend_invitation(
    engine: Engine, *, org_code: str, invitation_id: str, inviter_id: str, language: str | None = None
) -> Invitation:
    """Send an invitation again, with a new link and the whole time to use it; the link before ends.

    Raises:
        NotFound: the organization has no such invitation.
        Forbidden: the person does not manage its members, or may not give one of the roles.
        RateLimited: the organization has sent too many within a minute.
    """
    at, key = engine.now(), new_secret()
    with engine.begin() as tx:
        held = require_manager(tx, org_code, inviter_id)
        before = tx.invitations.get_of(org_code, invitation_id)
        check_roles(tx, held, before.role_keys)
        engine.admit("invitation", org_code)
        invitation = replace(before, key_hash=digest_of(key), inviter_id=inviter_id, sent_at=at, expires_at=at + LASTS)
        tx.invitations.save(invitation)
        tx.audit.record(inviter_id, "invitation.send", org_code, at, before=before, after=invitation)
        _send(engine, tx, invitation, key, language)
    return invitation


def _send(engine: Engine, tx: UnitOfWork, invitation: Invitation, key: str, language: str | None) -> None:
    organization, inviter = tx.organizations.get(invitation.org_code), tx.users.get(invitation.inviter_id)
    query = urlencode({"lang": language, "key": key} if language else {"key": key})
    queue_mail(
        engine,
        tx,
        kind="invitation",
        to=invitation.email,
        values={
            "organization": organization.name,
            "inviter": inviter.name,
            "url": f"{engine.settings.base_url}{PATH}?{query}",
            "expires_at": invitation.expires_at,
        },
        language=language,
        at=invitation.sent_at,
    )
