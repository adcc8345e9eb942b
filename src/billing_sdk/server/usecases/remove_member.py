"""Remove a member from an organization."""

from __future__ import annotations

from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.membership import (
    announce_member,
    held_by,
    require_manager,
    require_member,
    require_somebody_left,
)


def remove_member(engine: Engine, *, org_code: str, user_id: str, manager_id: str) -> None:
    """End a membership, with the roles that came with it; the person's tokens end, which speak for the organization.

    So do the invitations that they have sent: they might be to another address of their own. Whoever belongs to no
    organization afterwards belongs to the default one.

    Raises:
        NotFound: they do not belong to the organization.
        Forbidden: the manager does not manage its members.
        Conflict: nobody would manage the members, or what the organization pays, any more.
    """
    at = engine.now()
    with engine.begin() as tx:
        require_manager(tx, org_code, manager_id)
        member = require_member(tx, org_code, user_id)
        require_somebody_left(tx, org_code, held_by(tx, org_code, user_id), besides=user_id)
        before = sorted(role.key for role in tx.roles.of_member(org_code, user_id))
        tx.organizations.remove_member(org_code, user_id)
        tx.invitations.remove_from(org_code, inviter_id=user_id)
        if not tx.organizations.of_user(user_id):
            tx.organizations.add_member(tx.organizations.get_default().code, user_id, at=at)
        tx.tokens.revoke_user(user_id, at=at)
        tx.audit.record(manager_id, "member.remove", user_id, at, before={"org_code": org_code, "roles": before})
        announce_member(tx, member, at=at)
