"""Plans: phases of rate cards, as drafts that are published, and archived when others take their place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import Depends
from pydantic import AfterValidator
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.konnect.bodies import KonnectRoute
from billing_sdk.server.api.konnect.compiling import Fault, resource_key
from billing_sdk.server.api.konnect.filters import EXACT, STRING, one_of
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.plan_body import NewPlan, PlanFields, check_currency, draft_of, sent_plan
from billing_sdk.server.api.konnect.plan_view import PlanView, known_by_key
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.sorting import in_order
from billing_sdk.server.api.konnect.values import ULID_IN_PATH
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.storage.conditions import all_hold
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_plans import (
    PlanRecord,
    archive_record,
    create_draft,
    delete_record,
    get_record,
    list_records,
    publish_record,
    require_draft,
    update_draft,
)
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Plans"], route_class=KonnectRoute)

SORTS = ("id", "key", "version", "created_at", "updated_at")
LISTED = Listing(
    filters={
        "key": STRING,
        "name": STRING,
        "status": one_of("draft", "active", "archived", "scheduled"),
        "currency": EXACT,
    },
    sorts=SORTS,
)
VersionId = Annotated[str, ULID_IN_PATH, AfterValidator(partial(id_from_ulid, "version"))]


def refuse_faults(faults: Sequence[Fault]) -> None:
    """Let a draft pass that has no faults.

    Raises:
        InvalidRequest: it has some; all of them are told.
    """
    if faults:
        raise InvalidRequest(
            "it can't be published as it is",
            validation_errors=[{"code": one.code, "message": one.message, "field": one.field} for one in faults],
            invalid_parameters=[
                {"field": one.field, "reason": f"{one.code}: {one.message}", "source": "body"} for one in faults
            ],
        )


def value_of(record: PlanRecord, field: str) -> Any:
    """Return what a plan or an add-on has in a field that lists are asked by."""
    match field:
        case "version":
            return record.number
        case "key":
            return resource_key(record.key)
        case "updated_at":
            return max(record.created_at, record.extras.updated_at) if record.extras else record.created_at
        case _:
            return getattr(record, field)


@router.post("/plans", name="create-plan", response_model=PlanView, status_code=201, **scoped("create:billing_plans"))
def create_plan(caller: CallerOf, body: NewPlan, once: OnlyOnce) -> Response:
    """Make a draft; of a key that there is it is the next version. It may be incomplete, and says what is wrong."""
    check_currency(body.currency)
    sent = body.model_dump(mode="json", include={"currency", "billing_cadence"})

    def serve(engine: Engine) -> PlanView:
        with engine.begin() as tx:
            draft = draft_of(tx, body, sent)
            record = create_draft(engine, kind="plan", key=body.key, draft=draft, actor=caller.client_id)
            return PlanView.of(tx, record)

    return once(serve, body, status=201)


@router.get("/plans", name="list-plans", **scoped("read:billing_plans", lists=LISTED))
def list_plans(engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)]) -> Paged[PlanView]:
    """List the plans, each version by itself."""
    with engine.read() as tx:
        records = [one for one in list_records(tx, "plan") if all_hold(wanted.conditions, partial(value_of, one))]
        page = wanted.page.cut(in_order(records, wanted.order, value_of))
        known = known_by_key(tx)
        return paged([PlanView.of(tx, one, known) for one in page], wanted.page, len(records))


@router.get("/plans/{plan_id}", name="get-plan", **scoped("read:billing_plans"))
def get_plan(engine: EngineOf, plan_id: VersionId) -> PlanView:
    """Get a plan, also a deleted one."""
    with engine.read() as tx:
        return PlanView.of(tx, get_record(tx, "plan", plan_id))


@router.put("/plans/{plan_id}", name="update-plan", response_model=PlanView, **scoped("update:billing_plans"))
def update_plan(caller: CallerOf, plan_id: VersionId, body: PlanFields, once: OnlyOnce) -> Response:
    """Replace what is said of a draft."""

    def serve(engine: Engine) -> PlanView:
        with engine.begin() as tx:
            before = PlanView.of(tx, require_draft(tx, "plan", plan_id))
            sent = {"currency": before.currency, "billing_cadence": before.billing_cadence}
            draft = draft_of(tx, body, sent)
            record = update_draft(engine, kind="plan", version_id=plan_id, draft=draft, actor=caller.client_id)
            return PlanView.of(tx, record)

    return once(serve, body)


@router.delete("/plans/{plan_id}", name="delete-plan", status_code=204, **scoped("update:billing_plans"))
def delete_plan(caller: CallerOf, plan_id: VersionId, once: OnlyOnce) -> Response:
    """Delete a draft, or an archived plan that nobody is on."""

    def serve(engine: Engine) -> None:
        delete_record(engine, kind="plan", version_id=plan_id, actor=caller.client_id)

    return once(serve, status=204)


@router.post("/plans/{plan_id}/archive", name="archive-plan", response_model=PlanView, **scoped("update:billing_plans"))
def archive_plan(caller: CallerOf, plan_id: VersionId, once: OnlyOnce) -> Response:
    """Take a plan off the market; whoever is on it keeps it."""

    def serve(engine: Engine) -> PlanView:
        record = archive_record(engine, kind="plan", version_id=plan_id, actor=caller.client_id)
        with engine.read() as tx:
            return PlanView.of(tx, record)

    return once(serve)


@router.post("/plans/{plan_id}/publish", name="publish-plan", response_model=PlanView, **scoped("update:billing_plans"))
def publish_plan(caller: CallerOf, plan_id: VersionId, once: OnlyOnce) -> Response:
    """Put a draft up for sale; the version that was for sale is archived."""

    def serve(engine: Engine) -> PlanView:
        with engine.begin() as tx:
            sent = sent_plan(require_draft(tx, "plan", plan_id))
            made = None if sent is None else sent.content(tx)
            refuse_faults(made.faults if made else ())
            record = publish_record(
                engine,
                kind="plan",
                version_id=plan_id,
                content=made.content if made else None,
                actor=caller.client_id,
            )
            return PlanView.of(tx, record)

    return once(serve)
