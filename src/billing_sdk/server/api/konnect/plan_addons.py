"""Add-ons of plans: which can be bought beside a plan, from which phase on, and how many of them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Depends
from pydantic import AfterValidator, Field
from starlette.responses import Response

from billing_sdk.server.api.konnect.addon_body import sent_addon
from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.plan_view import PlanView
from billing_sdk.server.api.konnect.plans import VersionId
from billing_sdk.server.api.konnect.rate_cards import Reference
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.values import ULID_IN_PATH, Description, Labels, Name, ResourceKey
from billing_sdk.server.api.konnect.view import Resource, resource_of
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_plan_addons import (
    Association,
    add_association,
    delete_association,
    get_association,
    list_associations,
    update_association,
)
from billing_sdk.server.usecases.konnect_plans import get_record
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Plans"], route_class=KonnectRoute)

LISTED = Listing()
PlanAddonId = Annotated[str, ULID_IN_PATH, AfterValidator(partial(id_from_ulid, "plan_addon"))]


class PlanAddonFields(Body):
    """What can be said of an add-on of a plan; what is left out is taken away."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    from_plan_phase: ResourceKey
    max_quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class NewPlanAddon(PlanAddonFields):
    """An add-on for a plan."""

    addon: Reference


class ReferenceView(View):
    """Another thing, by its id."""

    id: str


class PlanAddonView(Resource):
    """An add-on that can be bought beside a plan."""

    addon: ReferenceView
    from_plan_phase: str
    max_quantity: int | None = None

    @classmethod
    def of(cls, extras: Extras) -> PlanAddonView:
        """Show an add-on of a plan."""
        return cls(
            **resource_of(extras.our_id, extras, name=extras.name or "", created_at=extras.created_at),
            addon=ReferenceView(id=ulid_of(extras.more["addon_id"])),
            from_plan_phase=extras.more["from_plan_phase"],
            max_quantity=extras.more.get("max_quantity"),
        )


@router.post(
    "/plans/{plan_id}/addons",
    name="create-plan-addon",
    response_model=PlanAddonView,
    status_code=201,
    **scoped("update:billing_plans"),
)
def create_plan_addon(caller: CallerOf, plan_id: VersionId, body: NewPlanAddon, once: OnlyOnce) -> Response:
    """Let an add-on be bought beside a plan."""
    addon_id = id_from_ulid("version", body.addon.id)

    def serve(engine: Engine) -> PlanAddonView:
        with engine.begin() as tx:
            wanted = _wanted(tx, plan_id, addon_id, body)
            return PlanAddonView.of(add_association(engine, plan_id, addon_id, wanted, actor=caller.client_id))

    return once(serve, body, status=201)


@router.get("/plans/{plan_id}/addons", name="list-plan-addons", **scoped("read:billing_plans", lists=LISTED))
def list_plan_addons(
    engine: EngineOf, plan_id: VersionId, wanted: Annotated[Wanted, Depends(LISTED)]
) -> Paged[PlanAddonView]:
    """List the add-ons of a plan."""
    with engine.read() as tx:
        found = list_associations(tx, plan_id)
    return paged([PlanAddonView.of(one) for one in wanted.page.cut(found)], wanted.page, len(found))


@router.get("/plans/{plan_id}/addons/{plan_addon_id}", name="get-plan-addon", **scoped("read:billing_plans"))
def get_plan_addon(engine: EngineOf, plan_id: VersionId, plan_addon_id: PlanAddonId) -> PlanAddonView:
    """Get an add-on of a plan."""
    with engine.read() as tx:
        return PlanAddonView.of(get_association(tx, plan_id, plan_addon_id))


@router.put(
    "/plans/{plan_id}/addons/{plan_addon_id}",
    name="update-plan-addon",
    response_model=PlanAddonView,
    **scoped("update:billing_plans"),
)
def update_plan_addon(
    caller: CallerOf, plan_id: VersionId, plan_addon_id: PlanAddonId, body: PlanAddonFields, once: OnlyOnce
) -> Response:
    """Replace what is said of an add-on of a plan."""

    def serve(engine: Engine) -> PlanAddonView:
        with engine.begin() as tx:
            addon_id = get_association(tx, plan_id, plan_addon_id).more["addon_id"]
            wanted = _wanted(tx, plan_id, addon_id, body)
            return PlanAddonView.of(update_association(engine, plan_id, plan_addon_id, wanted, actor=caller.client_id))

    return once(serve, body)


@router.delete(
    "/plans/{plan_id}/addons/{plan_addon_id}",
    name="delete-plan-addon",
    status_code=204,
    **scoped("update:billing_plans"),
)
def delete_plan_addon(caller: CallerOf, plan_id: VersionId, plan_addon_id: PlanAddonId, once: OnlyOnce) -> Response:
    """Let an add-on be bought beside a plan no more; whoever has it keeps it."""

    def serve(engine: Engine) -> None:
        delete_association(engine, plan_id, plan_addon_id, actor=caller.client_id)

    return once(serve, status=204)


def _wanted(tx: UnitOfWork, plan_id: str, addon_id: str, body: PlanAddonFields) -> Association:
    """Return what is asked for, with what the plan and the add-on say to it."""
    plan, addon = get_record(tx, "plan", plan_id), get_record(tx, "add_on", addon_id)
    sent = sent_addon(addon)
    return Association(
        name=body.name,
        description=body.description,
        labels=body.labels or {},
        from_plan_phase=body.from_plan_phase,
        max_quantity=body.max_quantity,
        phase_keys=tuple(phase["key"] for phase in PlanView.of(tx, plan).phases),
        is_single=sent is not None and sent.instance_type == "single",
    )
