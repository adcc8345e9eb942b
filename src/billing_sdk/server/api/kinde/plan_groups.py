"""Plan groups (extension): plans of which a customer holds at most one at a time."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from billing_sdk.server.api.kinde.envelope import Answer, StrictRoute
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.catalog import PlanGroup
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.storage.paging import PageRequest

router = APIRouter(tags=["Plan groups"], route_class=StrictRoute)


class PlanGroupView(BaseModel):
    """A plan group; `id` is what agreements call `billing_group_id`."""

    id: str
    code: str
    name: str
    scope: CustomerKind
    is_default: bool
    position: int

    @classmethod
    def of(cls, group: PlanGroup) -> PlanGroupView:
        """Show a group."""
        return cls(
            id=group.id,
            code=group.key,
            name=group.name,
            scope=group.scope,
            is_default=group.is_default,
            position=group.position,
        )


class PlanGroupAnswer(Answer):
    """One plan group."""

    plan_group: PlanGroupView


class PlanGroupList(Answer):
    """Plan groups in their order."""

    has_more: bool
    plan_groups: list[PlanGroupView]


@router.get("/billing/plan_groups", **scoped("read:billing_plan_groups", extension=True))
def list_plan_groups(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> PlanGroupList:
    """Return plan groups in their order; codes are the cursors (extension)."""
    with engine.read() as tx:
        groups = tx.plan_groups.list()
    page = cut(groups, PageRequest(page_size, starting_after, ending_before), id_of=lambda group: group.key)
    return PlanGroupList(has_more=page.has_more, plan_groups=[PlanGroupView.of(group) for group in page.items])


@router.get("/billing/plan_groups/{group_code}", **scoped("read:billing_plan_groups", extension=True))
def get_plan_group(engine: EngineOf, group_code: str) -> PlanGroupAnswer:
    """Return one plan group (extension)."""
    with engine.read() as tx:
        return PlanGroupAnswer(plan_group=PlanGroupView.of(tx.plan_groups.get(group_code)))
