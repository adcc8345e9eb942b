"""Plans (extension): what can be bought, version by version."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from billing_sdk.errors import UnknownPlan
from billing_sdk.server.api.kinde.envelope import StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.plan_body import LiveVersion, NewPlan, NewVersion, PlanChange
from billing_sdk.server.api.kinde.plan_view import (
    PlanAnswer,
    PlanList,
    PlanVersionAnswer,
    PlanVersionList,
    PlanVersionView,
    PlanView,
)
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.catalog import Plan, PlanStatus
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.archive_plan import archive_plan
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.update_plan import update_plan
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Plans"], route_class=StrictRoute)

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


@router.get("/billing/plans/{plan_code}", **TAGGED, **scoped("read:billing_plans", extension=True))
def get_plan(engine: EngineOf, plan_code: str, response: Response) -> PlanAnswer:
    """Return one plan (extension)."""
    with engine.read() as tx:
        plan = _plan(tx, plan_code)
    put_etag(response, plan)
    return PlanAnswer.of(plan)


@router.post("/billing/plans", response_model=PlanAnswer, **scoped("create:billing_plans", extension=True))
def add_plan(caller: MachineOf, body: NewPlan, once: OnlyOnce) -> Response:
    """Make a draft with its first version, which nobody can buy until it is published (extension)."""
    content = body.version.content

    def serve(engine: Engine) -> PlanAnswer:
        plan = create_plan(
            engine,
            key=body.code,
            name=body.name,
            group_key=body.group_code,
            scope=body.scope,
            description=body.description,
            kind=body.kind,
            content=content,
            lookup_key=body.lookup_key,
            metadata=body.metadata,
            source="api",
            actor=caller.client_id,
        )
        return PlanAnswer.of(plan)

    return once(serve, body)


@router.patch(
    "/billing/plans/{plan_code}",
    response_model=PlanAnswer,
    **GUARDED,
    **scoped("update:billing_plans", extension=True),
)
def change_plan(
    caller: MachineOf, plan_code: str, body: PlanChange, once: OnlyOnce, versions: KnownVersions
) -> Response:
    """Change what is given and leave the rest; a published plan keeps its code (extension).

    What is charged and included changes by another version alone.
    """

    def serve(engine: Engine) -> PlanAnswer:
        plan = update_plan(
            engine,
            plan_key=plan_code,
            new_key=body.code,
            name=body.name,
            description=body.description,
            lookup_key=body.lookup_key,
            takes_lookup_key=body.takes_lookup_key,
            metadata=body.metadata,
            versions=versions,
            actor=caller.client_id,
        )
        return PlanAnswer.of(plan)

    return once(serve, body)


@router.get("/billing/plans/{plan_code}/versions", **scoped("read:billing_plans", extension=True))
def list_versions(engine: EngineOf, plan_code: str) -> PlanVersionList:
    """Return every version of a plan, the latest first (extension)."""
    with engine.read() as tx:
        versions = tx.catalog.list_versions(_plan(tx, plan_code).key)
    return PlanVersionList(versions=[PlanVersionView.of(version) for version in versions])


@router.post(
    "/billing/plans/{plan_code}/versions",
    response_model=PlanVersionAnswer,
    **scoped("update:billing_plans", extension=True),
)
def create_version(caller: MachineOf, plan_code: str, body: NewVersion, once: OnlyOnce) -> Response:
    """Make another version of a plan; it is not sold yet, and customers stay on theirs (extension)."""
    content = body.content

    def serve(engine: Engine) -> PlanVersionAnswer:
        version = add_version(engine, plan_key=plan_code, content=content, actor=caller.client_id)
        return PlanVersionAnswer(version=PlanVersionView.of(version))

    return once(serve, body)


@router.post(
    "/billing/plans/{plan_code}/publish",
    response_model=PlanAnswer,
    **scoped("update:billing_plans", extension=True),
)
def publish(caller: MachineOf, plan_code: str, once: OnlyOnce) -> Response:
    """Put a draft on sale with its latest version (extension).

    Its code can't change from then on, and neither can the default currency of the settings.
    """
    return once(lambda engine: PlanAnswer.of(publish_plan(engine, plan_key=plan_code, actor=caller.client_id)))


@router.post(
    "/billing/plans/{plan_code}/archive",
    response_model=PlanAnswer,
    **scoped("update:billing_plans", extension=True),
)
def archive(caller: MachineOf, plan_code: str, once: OnlyOnce) -> Response:
    """Sell a plan to nobody any more; whoever is on it stays (extension)."""
    return once(lambda engine: PlanAnswer.of(archive_plan(engine, plan_key=plan_code, actor=caller.client_id)))


@router.post(
    "/billing/plans/{plan_code}/live",
    response_model=PlanAnswer,
    **scoped("update:billing_plans", extension=True),
)
def make_live(caller: MachineOf, plan_code: str, once: OnlyOnce, body: LiveVersion | None = None) -> Response:
    """Sell another version of a published plan from now on; customers stay on theirs (extension)."""

    def serve(engine: Engine) -> PlanAnswer:
        number = body.version if body else None
        plan = make_version_live(engine, plan_key=plan_code, number=number, actor=caller.client_id)
        return PlanAnswer.of(plan)

    return once(serve, body)


def _plan(tx: UnitOfWork, plan_code: str) -> Plan:
    """Return a plan in any status.

    Raises:
        UnknownPlan: there is none with this code.
    """
    plan = tx.catalog.find_plan(plan_code)
    if plan is None:
        raise UnknownPlan(f"there is no plan {plan_code[:64]!r}", plan=plan_code[:64])
    return plan
