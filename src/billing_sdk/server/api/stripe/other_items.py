"""Licensed and one-time items of v2, which measure nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import StripeRoute, View
from billing_sdk.server.api.stripe.ids import ours
from billing_sdk.server.api.stripe.items import (
    ITEMS,
    LICENSED_CODES,
    ONE_TIME_CODES,
    ItemChange,
    ItemPath,
    LicensedItemView,
    NewItem,
    OneTimeItemView,
    changes_of,
    members_of,
)
from billing_sdk.server.api.stripe.labels import TAKEN, LookupFilters, shown_page
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Wanted
from billing_sdk.server.api.stripe.refusals import telling
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.usecases.create_item import create_licensed_item, create_one_time_item
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_item import update_licensed_item, update_one_time_item
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)
WantedItems = Annotated[Wanted[LookupFilters], Depends(ITEMS)]


@router.post("/billing/licensed_items", **v2("create:billing_plans", codes=LICENSED_CODES))
def create_licensed(caller: CallerOf, body: NewItem, once: OnlyOnce) -> Response:
    """Name something that is billed whether it is used or not."""

    def serve(engine: Engine) -> View:
        with telling(TAKEN):
            return LicensedItemView.of(create_licensed_item(engine, **members_of(engine, body, caller.client_id)))

    return once(serve, body, again=_licensed_again)


@router.get("/billing/licensed_items", **v2("read:billing_plans"))
def list_licensed(engine: EngineOf, answer: Answering, wanted: WantedItems) -> Response:
    """List licensed items, the newest first."""
    keys = wanted.filters.lookup_keys
    with engine.read() as tx:
        return answer(
            shown_page(
                wanted,
                lambda page: tx.items.list_licensed(page, lookup_keys=keys),
                LicensedItemView.of,
                lambda item: item.id,
            )
        )


@router.get("/billing/licensed_items/{item_id}", **v2("read:billing_plans", codes=LICENSED_CODES))
def get_licensed(engine: EngineOf, answer: Answering, item_id: ItemPath) -> Response:
    """Get a licensed item."""
    with engine.read() as tx:
        return answer(LicensedItemView.of(tx.items.get_licensed(item_id)))


@router.post("/billing/licensed_items/{item_id}", **v2("update:billing_plans", codes=LICENSED_CODES))
def update_licensed(caller: CallerOf, item_id: ItemPath, body: ItemChange, once: OnlyOnce) -> Response:
    """Change what is given of a licensed item."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = tx.items.get_licensed(item_id)
        with telling(TAKEN):
            item = update_licensed_item(engine, **changes_of(engine, body, before, caller.client_id))
        return LicensedItemView.of(item)

    return once(serve, body, again=_licensed_again)


@router.post("/billing/one_time_items", **v2("create:billing_plans", codes=ONE_TIME_CODES))
def create_one_time(caller: CallerOf, body: NewItem, once: OnlyOnce) -> Response:
    """Name something that is charged once."""

    def serve(engine: Engine) -> View:
        with telling(TAKEN):
            return OneTimeItemView.of(create_one_time_item(engine, **members_of(engine, body, caller.client_id)))

    return once(serve, body, again=_one_time_again)


@router.get("/billing/one_time_items", **v2("read:billing_plans"))
def list_one_time(engine: EngineOf, answer: Answering, wanted: WantedItems) -> Response:
    """List one-time items, the newest first."""
    keys = wanted.filters.lookup_keys
    with engine.read() as tx:
        return answer(
            shown_page(
                wanted,
                lambda page: tx.items.list_one_time(page, lookup_keys=keys),
                OneTimeItemView.of,
                lambda item: item.id,
            )
        )


@router.get("/billing/one_time_items/{item_id}", **v2("read:billing_plans", codes=ONE_TIME_CODES))
def get_one_time(engine: EngineOf, answer: Answering, item_id: ItemPath) -> Response:
    """Get a one-time item."""
    with engine.read() as tx:
        return answer(OneTimeItemView.of(tx.items.get_one_time(item_id)))


@router.post("/billing/one_time_items/{item_id}", **v2("update:billing_plans", codes=ONE_TIME_CODES))
def update_one_time(caller: CallerOf, item_id: ItemPath, body: ItemChange, once: OnlyOnce) -> Response:
    """Change what is given of a one-time item."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = tx.items.get_one_time(item_id)
        with telling(TAKEN):
            item = update_one_time_item(engine, **changes_of(engine, body, before, caller.client_id))
        return OneTimeItemView.of(item)

    return once(serve, body, again=_one_time_again)


def _licensed_again(engine: Engine, item_id: str) -> View:
    with engine.read() as tx:
        return LicensedItemView.of(tx.items.get_licensed(ours("billable_item", item_id)))


def _one_time_again(engine: Engine, item_id: str) -> View:
    with engine.read() as tx:
        return OneTimeItemView.of(tx.items.get_one_time(ours("billable_item", item_id)))
