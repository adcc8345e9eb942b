"""Change which roles a member of an organization has."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.membership import (
    announce_member,
    change_roles,
    held_in,
    require_manager,
    require_member,
)
from billing_sdk.server.usecases.versions import check_version


def change_member_role(
    engine: Engine,
    *,
    org_code: str,
    user_id: str,
    role_keys: Sequence[str],
    versions: Collection[str] | None = None,
    manager_id: str,
) -> None:
    """Give a member these roles, and take away all others.

    Args:
        engine: the engine.
        org_code: which organization.
        user_id: the member.
        role_keys: all the roles that they have afterwards.
        versions: those of what they hold (`version_of`) that may be changed; any by default.
        manager_id: a member who manages the members.

    Raises:
        NotFound: they do not belong to the organization.
        Forbidden: the manager does not manage its members, or may not give or take away one of the roles.
        PreconditionFailed: what they hold is in none of the versions any more.
        InvalidRequest: there is no such role.
        Conflict: nobody would manage the members, or what the organization pays, any more.
    """
    at = engine.now()
    with engine.begin() as tx:
        held = require_manager(tx, org_code, manager_id)
        holding = held_in(tx, org_code, user_id)
        check_version(holding, versions)
        before = list(holding.role_keys)
        if change_roles(tx, org_code, user_id, held, role_keys):
            after = list(held_in(tx, org_code, user_id).role_keys)
            tx.audit.record(manager_id, "member.update", user_id, at, before={"roles": before}, after={"roles": after})
            announce_member(tx, require_member(tx, org_code, user_id), at=at)
