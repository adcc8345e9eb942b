"""Plans (extension): what can be bought, version by version."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from billing_sdk.errors import UnknownPlan
from billing_sdk.server.api.kinde.envelope import StrictRoute
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.plan_view import PlanAnswer, PlanList, PlanVersionList, PlanVersionView, PlanView
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.catalog import Plan, PlanStatus
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import PageRequest

router = APIRouter(tags=["Plans"], route_class=StrictRoute)

GroupCode = Annotated[str | None, Query(max_length=64, description="Only plans of this plan group.")]
LookupKey = Annotated[str | None, Query(max_length=200, description="Only the plan with this lookup key.")]


@router.get("/billing/plans", **scoped("read:billing_plans", extension=True))
def list_plans(
    engine: EngineOf,
    group_code: GroupCode = None,
    status: PlanStatus | None = None,
    lookup_key: LookupKey = None,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> PlanList:
    """Return plans in the order of their codes, which are the cursors (extension)."""
    with engine.read() as tx:
        plans = sorted(tx.catalog.list_plans(), key=lambda plan: plan.key)
    wanted = [
        plan
        for plan in plans
        if (group_code is None or plan.group.key == group_code)
        and (status is None or plan.status == status)
        and (lookup_key is None or plan.lookup_key == lookup_key)
    ]
    page = cut(wanted, PageRequest(page_size, starting_after, ending_before), id_of=lambda plan: plan.key)
    return PlanList(has_more=page.has_more, plans=[PlanView.of(plan) for plan in page.items])


@router.get("/billing/plans/{plan_code}", **scoped("read:billing_plans", extension=True))
def get_plan(engine: EngineOf, plan_code: str) -> PlanAnswer:
    """Return one plan (extension)."""
    with engine.read() as tx:
        return PlanAnswer.of(_plan(tx, plan_code))


@router.get("/billing/plans/{plan_code}/versions", **scoped("read:billing_plans", extension=True))
def list_versions(engine: EngineOf, plan_code: str) -> PlanVersionList:
    """Return every version of a plan, the latest first (extension)."""
    with engine.read() as tx:
        versions = tx.catalog.list_versions(_plan(tx, plan_code).key)
    return PlanVersionList(versions=[PlanVersionView.of(version) for version in versions])


def _plan(tx: UnitOfWork, plan_code: str) -> Plan:
    """Return a plan in any status.

    Raises:
        UnknownPlan: there is none with this code.
    """
    plan = tx.catalog.find_plan(plan_code)
    if plan is None:
        raise UnknownPlan(f"there is no plan {plan_code[:64]!r}", plan=plan_code[:64])
    return plan
