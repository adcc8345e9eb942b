"""The door as an ASGI application: below `/openmeter`, and at the root where no other door has the path."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import cache

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from billing_sdk._version import __version__
from billing_sdk.server.api.openmeter import customers, entitlements, events, problems, subjects, usage
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ingest_usage import Ingestion
from billing_sdk.server.web.operations import Door

PREFIX = "/api/v1"
NEWER = "/api/v2"
NOUNS = ("meters", "customers", "features", "subjects", "grants")


def routes(engine: Engine, ingestion: Ingestion) -> list[BaseRoute]:
    """Return the application at its prefix and at the root; these stand before any mount that begins the same."""
    app = create_app(engine, ingestion)
    at_root: list[BaseRoute] = [Route(f"{PREFIX}/events", app, methods=["POST"])]
    for noun in NOUNS:
        at_root += [Route(f"{PREFIX}/{noun}", app), Route(f"{PREFIX}/{noun}/{{rest:path}}", app)]
    at_root.append(Route(f"{NEWER}/{{rest:path}}", app))
    return [Mount("/openmeter", app=app), *at_root]


def create_app(engine: Engine, ingestion: Ingestion) -> FastAPI:
    """Return the door."""
    app = Door(
        operations=_operations,
        title="OpenMeter",
        version=__version__,
        openapi_url=None,
        docs_url=None,  # the ready-made pages load scripts from other hosts
        redoc_url=None,
        exception_handlers=problems.exception_handlers(),
    )
    app.add_route("/openapi.json", _openapi_document(app), include_in_schema=False)
    app.state.engine = engine
    app.state.ingestion = ingestion
    return app


@cache
def _operations() -> tuple[BaseRoute, ...]:
    """Return the operations, for all servers of this process together; they depend on no engine."""
    older = (events.intake, events.router, usage.router, customers.router, subjects.router)
    of_subjects = entitlements.router_for(entitlements.SUBJECTS)
    of_customers = entitlements.router_for(entitlements.CUSTOMERS)
    return (
        *(route for router in (*older, of_subjects, entitlements.grants) for route in router.made(prefix=PREFIX)),
        *(route for router in (events.newer, of_customers) for route in router.made(prefix=NEWER)),
    )


def _openapi_document(app: FastAPI) -> Callable[[Request], Awaitable[Response]]:
    @cache
    def document() -> bytes:
        return json.dumps(app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()

    async def give(_request: Request) -> Response:
        return Response(document(), media_type="application/json")

    return give
