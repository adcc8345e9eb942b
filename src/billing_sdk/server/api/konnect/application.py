"""The door as an ASGI application, at the two prefixes that clients have."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import cache

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from billing_sdk._version import __version__
from billing_sdk.server.api.konnect import (
    addons,
    apps,
    charges,
    credit_adjustments,
    credit_balance,
    credit_grants,
    credit_transactions,
    customer_billing,
    customers,
    default_tax_codes,
    entitlement_access,
    events,
    feature_cost,
    features,
    llm_prices,
    meter_query,
    meters,
    plan_addons,
    plans,
    problems,
    profiles,
    stripe_sessions,
    subscription_addons,
    subscriptions,
    tax_codes,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ingest_usage import Ingestion
from billing_sdk.server.web.operations import Door, Operations

PREFIXES = ("/v3/openmeter", "/api/v3/openmeter")
ROUTERS: tuple[Operations, ...] = (
    addons.router,
    charges.router,
    credit_adjustments.router,
    credit_balance.router,
    credit_grants.router,
    credit_transactions.router,
    customers.router,
    entitlement_access.router,
    events.intake,
    events.router,
    feature_cost.router,
    features.router,
    llm_prices.router,
    meter_query.router,
    meters.router,
    plan_addons.router,
    plans.router,
    subscription_addons.router,
    subscriptions.router,
    tax_codes.router,
    default_tax_codes.router,
    apps.router,
    profiles.router,
    customer_billing.router,
    stripe_sessions.router,
)


def routes(engine: Engine, ingestion: Ingestion) -> list[BaseRoute]:
    """Return the application at each of its prefixes; they stand before any other mount that begins the same."""
    return [Mount(prefix, app=create_app(engine, ingestion, prefix=prefix)) for prefix in PREFIXES]


def create_app(engine: Engine, ingestion: Ingestion, *, prefix: str) -> FastAPI:
    """Return the door with its OpenAPI document at `openapi.json`."""
    app = Door(
        operations=_operations,
        title="Metering & Billing",
        version=__version__,
        servers=[{"url": f"{engine.settings.base_url}{prefix}"}],
        root_path_in_servers=False,
        generate_unique_id_function=_name_of,
        openapi_url=None,  # made anew for each reader; the one below is not
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
    return tuple(route for router in ROUTERS for route in router.made(name_of=_name_of))


def _openapi_document(app: FastAPI) -> Callable[[Request], Awaitable[Response]]:
    @cache
    def document() -> bytes:
        return json.dumps(app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()

    async def give(_request: Request) -> Response:
        return Response(document(), media_type="application/json")

    return give


def _name_of(route: APIRoute) -> str:
    return route.name
