"""Count the active users of the workspace: noted as they come, counted every six hours, charged once a month.

Nobody is kept out when there are more than the plan includes: the limit is a soft one.
"""

from __future__ import annotations

from datetime import datetime

from billing_sdk.money import Money
from billing_sdk.server.domain.workspace import UsageMonth, WorkspacePlan, is_retained, month_of
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.add_charge import gather_charge
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.workspace_caps import CURRENCY, WORKSPACE_ORG, workspace_plan

ACTOR = "timer"


def note_active(tx: UnitOfWork, settings: Settings, user_id: str, *, at: datetime) -> None:
    """Note that somebody is here, where workspaces are on plans."""
    if settings.workspace_plans and is_retained(signed_up_at=tx.users.get(user_id).created_at, at=at):
        tx.usage_months.note_active(user_id, month_of(at), at=at)


def count_active_users(engine: Engine) -> None:
    """Count those of the present month where the latest count is six hours old, and close what is over for a day.

    Done all the time by every process; each count and each closing happens once.
    """
    if not engine.settings.workspace_plans:
        return
    at = engine.now()
    with engine.read() as tx:
        present = tx.usage_months.find(month_of(at))
        is_due = any(month.needs_count(at) or month.is_closing(at) for month in tx.usage_months.list_open())
    if present is not None and not is_due:
        return
    with engine.begin() as tx:
        tx.workspace.lock()
        if tx.usage_months.find(month_of(at)) is None:
            tx.usage_months.save(
                UsageMonth(month_of(at), 0, at).counted(tx.usage_months.count_active(month_of(at)), at)
            )
        for month in tx.usage_months.list_open():
            _look_at(engine, tx, month, at)


def _look_at(engine: Engine, tx: UnitOfWork, month: UsageMonth, at: datetime) -> None:
    if month.needs_count(at):
        month = month.counted(tx.usage_months.count_active(month.month), at)
        tx.usage_months.save(month)
    if month.is_closing(at):
        plan = workspace_plan(tx)
        closed = month.closed(plan, at, bill_id=_charge(engine, tx, month, plan))
        tx.usage_months.save(closed)
        tx.usage_months.forget_active(month.month)
        tx.audit.record(ACTOR, "usage_month.close", month.month, at, before=month, after=closed)


def _charge(engine: Engine, tx: UnitOfWork, month: UsageMonth, plan: WorkspacePlan) -> str | None:
    """Put what is above the plan on the workspace's next invoice, and return which one that is."""
    users = plan.users_above(month.active_users)
    customer = tx.customers.find_by_organization(WORKSPACE_ORG)
    if customer is None or not users * plan.extra_user_minor:
        return None
    words = f"{users:,} monthly active users above {plan.caps['monthly_active_users']:,}, {month.month}"
    charge = OneOff(words, Money(users * plan.extra_user_minor, CURRENCY))
    return gather_charge(tx, engine, tx.customers.lock(customer.id), charge, actor=ACTOR).id
