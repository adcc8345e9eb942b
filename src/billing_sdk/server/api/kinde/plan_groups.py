"""Plan groups (extension): plans of which a customer holds at most one at a time."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.catalog import PlanGroup
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.delete_plan_group import delete_plan_group
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_plan import reorder_plans
from billing_sdk.server.usecases.update_plan_group import reorder_plan_groups, update_plan_group
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Plan groups"], route_class=StrictRoute)


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


class NewPlanGroup(Body):
    """A group of plans for people or for organizations; the scope never changes."""

    code: str = Field(max_length=64)
    name: str = Field(max_length=200)
    scope: CustomerKind
    is_default: bool = False


class PlanGroupChange(Body):
    """What to change; a default group stops being one when another takes its place."""

    name: str | None = Field(default=None, max_length=200)
    is_default: Literal[True] | None = None


class NewOrder(Body):
    """The codes of all of them, each once."""

    codes: list[str] = Field(max_length=10_000)


class PlanGroupOrder(Answer):
    """All plan groups in their order."""

    plan_groups: list[PlanGroupView]


class PlanOrder(Answer):
    """The plans of a group in their order."""

    plan_codes: list[str]


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


@router.get("/billing/plan_groups/{group_code}", **TAGGED, **scoped("read:billing_plan_groups", extension=True))
def get_plan_group(engine: EngineOf, group_code: str, response: Response) -> PlanGroupAnswer:
    """Return one plan group (extension)."""
    with engine.read() as tx:
        group = tx.plan_groups.get(group_code)
    put_etag(response, group)
    return PlanGroupAnswer(plan_group=PlanGroupView.of(group))


@router.post(
    "/billing/plan_groups", response_model=PlanGroupAnswer, **scoped("create:billing_plan_groups", extension=True)
)
def create_plan_group(caller: MachineOf, body: NewPlanGroup, once: OnlyOnce) -> Response:
    """Make a group behind the others; the first one of a scope is its default (extension)."""

    def serve(engine: Engine) -> PlanGroupAnswer:
        group = add_plan_group(
            engine,
            key=body.code,
            name=body.name,
            scope=body.scope,
            is_default=body.is_default,
            actor=caller.client_id,
        )
        return PlanGroupAnswer(plan_group=PlanGroupView.of(group))

    return once(serve, body)


@router.patch(
    "/billing/plan_groups/{group_code}",
    response_model=PlanGroupAnswer,
    **GUARDED,
    **scoped("update:billing_plan_groups", extension=True),
)
def change_plan_group(
    caller: MachineOf, group_code: str, body: PlanGroupChange, once: OnlyOnce, versions: KnownVersions
) -> Response:
    """Rename a group, or make it the default of its scope in place of the present one (extension)."""

    def serve(engine: Engine) -> PlanGroupAnswer:
        group = update_plan_group(
            engine,
            key=group_code,
            name=body.name,
            make_default=body.is_default is True,
            versions=versions,
            actor=caller.client_id,
        )
        return PlanGroupAnswer(plan_group=PlanGroupView.of(group))

    return once(serve, body)


@router.delete(
    "/billing/plan_groups/{group_code}",
    response_model=Answer,
    **scoped("delete:billing_plan_groups", extension=True),
)
def remove_plan_group(caller: MachineOf, group_code: str, once: OnlyOnce) -> Response:
    """Delete a group with its pricing tables and plans, where nobody has agreed to any of them (extension)."""

    def serve(engine: Engine) -> Answer:
        delete_plan_group(engine, key=group_code, actor=caller.client_id)
        return Answer()

    return once(serve)


@router.post(
    "/billing/plan_group_order",
    response_model=PlanGroupOrder,
    **scoped("update:billing_plan_groups", extension=True),
)
def order_plan_groups(caller: MachineOf, body: NewOrder, once: OnlyOnce) -> Response:
    """Put all plan groups in an order (extension)."""

    def serve(engine: Engine) -> PlanGroupOrder:
        groups = reorder_plan_groups(engine, keys=body.codes, actor=caller.client_id)
        return PlanGroupOrder(plan_groups=[PlanGroupView.of(group) for group in groups])

    return once(serve, body)


@router.post(
    "/billing/plan_groups/{group_code}/plan_order",
    response_model=PlanOrder,
    **scoped("update:billing_plan_groups", extension=True),
)
def order_plans(caller: MachineOf, group_code: str, body: NewOrder, once: OnlyOnce) -> Response:
    """Put all plans of a group in an order; pricing tables keep theirs (extension)."""

    def serve(engine: Engine) -> PlanOrder:
        plans = reorder_plans(engine, group_key=group_code, plan_keys=body.codes, actor=caller.client_id)
        return PlanOrder(plan_codes=[plan.key for plan in plans])

    return once(serve, body)
