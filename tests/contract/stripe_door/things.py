"""A resource that only tests of the frame have: things, kept in `tx.stripe`, through both APIs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount

from billing_sdk.errors import CardDeclined, NotFound
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.application import Api as ApiName, create_app
from billing_sdk.server.api.stripe.bodies import Body, FormBody, Since, StripeRoute, Until, View
from billing_sdk.server.api.stripe.ids import BillableItemId, ours, path_id, unknown
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.security import EngineOf, v1, v2
from billing_sdk.server.api.stripe.values import (
    DecimalText,
    Flag,
    Instant,
    Int64,
    Livemode,
    LowerCurrency,
    Metadata,
    Whole,
    merged,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.api_tokens import create_api_token
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ingest_usage import Ingestion
from tests.contract.stripe_door.door import Door
from tests.engines import IN_MEMORY, engine_on

KIND = "thing"
PATH = "/things/{billable_item_id}"


class Nested(FormBody):
    """A part of a form."""

    flag: Flag
    sizes: list[Whole] | None = None


class NewFormThing(FormBody):
    """What makes a thing in v1."""

    name: str
    count: Whole | None = None
    nested: Nested | None = None
    metadata: Metadata | None = None


class NewThing(Body):
    """What makes a thing in v2."""

    name: str
    count: Int64 | None = None
    price: DecimalText | None = None
    currency: LowerCurrency | None = None
    at: Instant | None = None
    other: str | None = None
    metadata: Metadata | None = None


class ThingFilters(Filters):
    """What things can be filtered by."""

    name: str | None = None
    names: list[str] | None = None


class ThingView(View):
    """A thing."""

    id: BillableItemId
    object: Literal["thing"] = "thing"
    name: str
    count: Int64 | None = None
    price: DecimalText | None = None
    currency: LowerCurrency | None = None
    at: Instant | None = None
    metadata: dict[str, str]
    livemode: Livemode = None
    gone: Annotated[str, Until("2026-06-10")] = "old"
    came: Annotated[str | None, Since("2026-04-22")] = None


def make(engine: Engine, body: NewThing | NewFormThing) -> ThingView:
    """Make a thing; some names stand for failures."""
    if isinstance(body, NewThing) and body.other is not None:
        raise unknown("meter", ours("meter", body.other, param="other"), param="other")
    if body.name == "declined":
        raise CardDeclined("the card was declined", decline_code="generic_decline")
    if body.name == "broken":
        raise RuntimeError("nobody expected that")
    at, our_id = engine.now(), new_id("item")
    kept = StripeObject(KIND, our_id, at, at, data={"name": body.name}, metadata=merged({}, body.metadata or {}))
    with engine.begin() as tx:
        tx.stripe.save(kept)
    said = body.model_dump(exclude={"name", "metadata", "nested", "other"})
    return ThingView(id=our_id, name=body.name, metadata=dict(kept.metadata), **said)


def show(engine: Engine, our_id: str) -> ThingView:
    """Show a thing as it is now."""
    with engine.read() as tx:
        found = tx.stripe.find(KIND, our_id)
    if found is None:
        raise NotFound("there is no such thing", entity=KIND)
    return _view(found)


def _view(found: StripeObject) -> ThingView:
    return ThingView(id=found.our_id, name=found.data["name"], metadata=dict(found.metadata))


THINGS = Listing(ThingFilters)


def list_things(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[ThingFilters], Depends(THINGS)]
) -> Response:
    """List things."""
    with engine.read() as tx:
        found = tx.stripe.list(KIND)
    if wanted.filters.names is not None:
        found = tuple(one for one in found if one.data["name"] in wanted.filters.names)
    is_v1 = wanted.is_v1
    return answer(
        wanted.page(
            found, _view, place_of=lambda one: one.our_id.replace("item_", "bli_test_") if is_v1 else one.our_id
        )
    )


def get_thing(engine: EngineOf, answer: Answering, our_id: Annotated[str, path_id("billable_item")]) -> Response:
    """Get a thing."""
    return answer(show(engine, our_id))


def post_form(body: NewFormThing, once: OnlyOnce) -> Response:
    """Make a thing."""
    return once(lambda engine: make(engine, body), body)


def post_json(body: NewThing, once: OnlyOnce) -> Response:
    """Make a thing."""
    return once(
        lambda engine: make(engine, body), body, again=lambda engine, id_: show(engine, ours("billable_item", id_))
    )


def _router(api: ApiName) -> APIRouter:
    router = APIRouter(route_class=StripeRoute)
    guard = v1 if api == "v1" else v2
    router.get("/things", **guard("read:billing_plans"))(list_things)
    router.get(PATH, **guard("read:billing_plans", codes={NotFound: "thing_not_found"}))(get_thing)
    router.post("/things", **guard("create:billing_plans"))(post_form if api == "v1" else post_json)
    return router


@contextmanager
def door_with_things() -> Iterator[Door]:
    """Yield a door that has things besides."""
    with engine_on(IN_MEMORY) as engine, asyncio.Runner() as runner:
        ingestion = Ingestion(engine)
        mounts = []
        apis: tuple[ApiName, ...] = ("v1", "v2")
        for api in apis:
            app = create_app(engine, ingestion, api)
            app.include_router(_router(api))
            mounts.append(Mount(f"/{api}", app=app))
        key = create_api_token(engine, name="tests", prefix="sk").secret.reveal()
        yield Door(engine, Starlette(routes=mounts), runner, key)
        ingestion.close()
