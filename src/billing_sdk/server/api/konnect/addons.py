"""Add-ons: rate cards that are bought beside a plan, as drafts that are published and archived."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.server.api.konnect.addon_body import AddonFields, AddonView, NewAddon, draft_of, sent_addon
from billing_sdk.server.api.konnect.bodies import KonnectRoute
from billing_sdk.server.api.konnect.filters import EXACT, STRING, one_of, ulid_of
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.plan_body import check_currency
from billing_sdk.server.api.konnect.plans import SORTS, VersionId, refuse_faults, value_of
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.sorting import in_order
from billing_sdk.server.storage.conditions import all_hold
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_plans import (
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

router = Operations(tags=["Add-ons"], route_class=KonnectRoute)

LISTED = Listing(
    filters={
        "id": ulid_of("version"),
        "key": STRING,
        "name": STRING,
        "status": one_of("draft", "active", "archived"),
        "currency": EXACT,
    },
    sorts=SORTS,
)


@router.post(
    "/addons",
    name="create-product-catalog-addon",
    response_model=AddonView,
    status_code=201,
    **scoped("create:billing_plans"),
)
def create_addon(caller: CallerOf, body: NewAddon, once: OnlyOnce) -> Response:
    """Make a draft; of a key that there is it is the next version. It may be incomplete, and says what is wrong."""
    check_currency(body.currency)
    sent = body.model_dump(mode="json", include={"currency"})

    def serve(engine: Engine) -> AddonView:
        with engine.begin() as tx:
            draft = draft_of(tx, body, sent)
            record = create_draft(engine, kind="add_on", key=body.key, draft=draft, actor=caller.client_id)
            return AddonView.of(tx, record)

    return once(serve, body, status=201)


@router.get("/addons", name="list-product-catalog-addons", **scoped("read:billing_plans", lists=LISTED))
def list_addons(engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)]) -> Paged[AddonView]:
    """List the add-ons, each version by itself."""
    with engine.read() as tx:
        records = [one for one in list_records(tx, "add_on") if all_hold(wanted.conditions, partial(value_of, one))]
        page = wanted.page.cut(in_order(records, wanted.order, value_of))
        return paged([AddonView.of(tx, one) for one in page], wanted.page, len(records))


@router.get("/addons/{addon_id}", name="get-product-catalog-addon", **scoped("read:billing_plans"))
def get_addon(engine: EngineOf, addon_id: VersionId) -> AddonView:
    """Get an add-on, also a deleted one."""
    with engine.read() as tx:
        return AddonView.of(tx, get_record(tx, "add_on", addon_id))


@router.put(
    "/addons/{addon_id}",
    name="update-product-catalog-addon",
    response_model=AddonView,
    **scoped("update:billing_plans"),
)
def update_addon(caller: CallerOf, addon_id: VersionId, body: AddonFields, once: OnlyOnce) -> Response:
    """Replace what is said of a draft."""

    def serve(engine: Engine) -> AddonView:
        with engine.begin() as tx:
            before = AddonView.of(tx, require_draft(tx, "add_on", addon_id))
            sent = {"currency": before.currency}
            draft = draft_of(tx, body, sent)
            record = update_draft(engine, kind="add_on", version_id=addon_id, draft=draft, actor=caller.client_id)
            return AddonView.of(tx, record)

    return once(serve, body)


@router.delete(
    "/addons/{addon_id}", name="delete-product-catalog-addon", status_code=204, **scoped("update:billing_plans")
)
def delete_addon(caller: CallerOf, addon_id: VersionId, once: OnlyOnce) -> Response:
    """Delete a draft, or an archived add-on that nobody has."""

    def serve(engine: Engine) -> None:
        delete_record(engine, kind="add_on", version_id=addon_id, actor=caller.client_id)

    return once(serve, status=204)


@router.post(
    "/addons/{addon_id}/archive",
    name="archive-product-catalog-addon",
    response_model=AddonView,
    **scoped("update:billing_plans"),
)
def archive_addon(caller: CallerOf, addon_id: VersionId, once: OnlyOnce) -> Response:
    """Take an add-on off the market; whoever has it keeps it."""

    def serve(engine: Engine) -> AddonView:
        record = archive_record(engine, kind="add_on", version_id=addon_id, actor=caller.client_id)
        with engine.read() as tx:
            return AddonView.of(tx, record)

    return once(serve)


@router.post(
    "/addons/{addon_id}/publish",
    name="publish-product-catalog-addon",
    response_model=AddonView,
    **scoped("update:billing_plans"),
)
def publish_addon(caller: CallerOf, addon_id: VersionId, once: OnlyOnce) -> Response:
    """Put a draft up for sale; the version that was for sale is archived."""

    def serve(engine: Engine) -> AddonView:
        with engine.begin() as tx:
            sent = sent_addon(require_draft(tx, "add_on", addon_id))
            made = None if sent is None else sent.content(tx)
            refuse_faults(made.faults if made else ())
            record = publish_record(
                engine,
                kind="add_on",
                version_id=addon_id,
                content=made.content if made else None,
                actor=caller.client_id,
            )
            return AddonView.of(tx, record)

    return once(serve)
