"""Caps of the workspace: how many operators, applications and webhooks its own plan allows.

The limit of active users is no refusal: `count_active_users` charges for those above it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from billing_sdk.errors import WorkspaceCapReached
from billing_sdk.server.domain.workspace import BY_KEY, CAP_WORDS, HOBBY, Cap, WorkspacePlan, month_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

# The workspace as a customer of its own server; its code is not of the form that others get.
WORKSPACE_ORG: Final = "org_workspace"
CURRENCY: Final = "USD"
REMEDY: Final = "Put the workspace on a larger plan in the dashboard; what it allows is more the moment that is paid."


def workspace_plan(tx: UnitOfWork) -> WorkspacePlan:
    """Return the plan that the workspace has: the one that it pays for, or Hobby."""
    customer = tx.customers.find_by_organization(WORKSPACE_ORG)
    agreements = tx.agreements.live_of(customer.id) if customer else ()
    granted = [BY_KEY[one.plan_key] for one in agreements if one.grants and one.plan_key in BY_KEY]
    return granted[0] if granted else HOBBY


def used_of(tx: UnitOfWork, *, at: datetime) -> dict[Cap, int]:
    """Return how many of each the workspace has; active users of this month by the latest count."""
    month = tx.usage_months.find(month_of(at))
    return {
        "seats": tx.operators.count(),
        "monthly_active_users": 0 if month is None else month.active_users,
        "applications": len(tx.applications.list()),
        "webhooks": len(tx.endpoints.list()),
    }


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
        raise WorkspaceCapReached(
            f"the plan {plan.name} allows {limit} {CAP_WORDS[cap]}", remedy=REMEDY, cap=cap, limit=limit
        )
