"""Caps of the workspace: how many operators, applications and webhooks its own plan allows."""

from __future__ import annotations

from typing import Final

from billing_sdk.errors import WorkspaceCapReached
from billing_sdk.server.domain.workspace import BY_KEY, HOBBY, Cap, WorkspacePlan
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

# The workspace as a customer of its own server; its code is not of the form that others get.
WORKSPACE_ORG: Final = "org_workspace"
REMEDY: Final = "Put the workspace on a larger plan in the dashboard; what it allows is more the moment that is paid."


def workspace_plan(tx: UnitOfWork) -> WorkspacePlan:
    """Return the plan that the workspace has: the one that it pays for, or Hobby."""
    customer = tx.customers.find_by_organization(WORKSPACE_ORG)
    agreements = tx.agreements.live_of(customer.id) if customer else ()
    granted = [BY_KEY[one.plan_key] for one in agreements if one.grants and one.plan_key in BY_KEY]
    return granted[0] if granted else HOBBY


def require_room(engine: Engine, tx: UnitOfWork, cap: Cap, *, used: int) -> None:
    """Let one more of something be made, where workspaces are on plans and theirs allows it.

    Raises:
        WorkspaceCapReached: the plan of the workspace allows no more; what there is stays.
    """
    if not engine.settings.workspace_plans:
        return
    plan = workspace_plan(tx)
    limit = plan.caps[cap]
    if limit is not None and used >= limit:
        raise WorkspaceCapReached(f"the plan {plan.name} allows {limit} {cap}", remedy=REMEDY, cap=cap, limit=limit)
