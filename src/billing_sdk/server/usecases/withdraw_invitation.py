"""Withdraw an invitation: its link opens nothing any more."""

from __future__ import annotations

from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.membership import require_manager


def withdraw_invitation(engine: Engine, *, org_code: str, invitation_id: str, manager_id: str) -> None:
    """Take an invitation back.

    Raises:
        NotFound: the organization has no such invitation; it may have been accepted meanwhile.
        Forbidden: the person does not manage its members.
    """
    with engine.begin() as tx:
        require_manager(tx, org_code, manager_id)
        invitation = tx.invitations.get_of(org_code, invitation_id)
        tx.invitations.remove(invitation.id)
        tx.audit.record(manager_id, "invitation.withdraw", org_code, engine.now(), before=invitation)
