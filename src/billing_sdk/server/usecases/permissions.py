"""What a person may do in an organization, and by which roles."""

from __future__ import annotations

from billing_sdk.server.domain.identity import Permission, Role
from billing_sdk.server.usecases.engine import Engine


def permissions_of(engine: Engine, *, user_id: str, org_code: str | None) -> tuple[Permission, ...]:
    """Return what a person's roles in an organization allow together, each once, in the order of the keys."""
    with engine.read() as tx:
        return tx.roles.permissions_of_member(org_code, user_id) if org_code else ()


def roles_of(engine: Engine, *, user_id: str, org_code: str | None) -> tuple[Role, ...]:
    """Return the roles that a person holds in an organization, in the order of the keys."""
    with engine.read() as tx:
        return tx.roles.of_member(org_code, user_id) if org_code else ()
