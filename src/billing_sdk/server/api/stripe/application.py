"""The door as two ASGI applications at the server's root: a client's base address is the server's own."""

from __future__ import annotations

from functools import cache, partial
from typing import Final, Literal

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount

from billing_sdk._version import __version__
from billing_sdk.server.api.stripe import (
    cadence_settings,
    cadences,
    card_subscriptions,
    checkout,
    credit_balances,
    credit_grants,
    custom_pricing_units,
    customers,
    event_destinations,
    events,
    intents,
    invoices,
    items,
    licence_fees,
    meter_events,
    meter_sessions,
    meter_stream,
    meter_summaries,
    meters,
    other_items,
    overage_rates,
    payer_profiles,
    payment_intents,
    payment_methods,
    plan_components,
    plan_subscriptions,
    pricing_plans,
    problems,
    rate_cards,
    rates,
    refunds,
    service_actions,
    setup_intents,
    test_clocks,
    webhook_endpoints,
)
from billing_sdk.server.api.stripe.headers import StripeApp
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ingest_usage import Ingestion
from billing_sdk.server.web import ExpressRoutes, Shapes
from billing_sdk.server.web.operations import Operations

Api = Literal["v1", "v2"]

V1_ROUTERS: Final[tuple[Operations, ...]] = (
    credit_grants.router,
    credit_balances.router,
    events.v1_router,
    webhook_endpoints.router,
    customers.router,
    payment_methods.router,
    test_clocks.router,
    payment_intents.router,
    refunds.router,
    setup_intents.router,
    invoices.router,
    checkout.router,
    meters.router,
    meter_summaries.router,
    meter_events.v1_router,
)
V2_ROUTERS: Final[tuple[Operations, ...]] = (
    custom_pricing_units.router,
    overage_rates.router,
    payer_profiles.router,
    cadences.router,
    cadence_settings.router,
    items.router,
    other_items.router,
    licence_fees.router,
    rate_cards.router,
    rates.router,
    service_actions.router,
    pricing_plans.router,
    plan_components.router,
    plan_subscriptions.router,
    card_subscriptions.router,
    intents.router,
    event_destinations.router,
    events.v2_router,
    meter_events.v2_router,
    meter_sessions.router,
    meter_stream.router,
)


def shapes() -> Shapes:
    """Return how errors look that come before the door is reached; other doors that begin the same come before."""
    return {"/v1/": problems.edge_answer("v1"), "/v2/": problems.edge_answer("v2")}


def express(engine: Engine, ingestion: Ingestion) -> ExpressRoutes:
    """Return what is asked for more often than all the rest together."""
    return {("POST", f"/v2{meter_stream.PATH}"): meter_stream.express(meter_stream.Stream(engine, ingestion))}


def routes(engine: Engine, ingestion: Ingestion) -> list[BaseRoute]:
    """Return the applications; they stand behind any other mount that begins the same."""
    return [
        Mount("/v1", app=create_app(engine, ingestion, "v1")),
        Mount("/v2", app=create_app(engine, ingestion, "v2")),
    ]


def create_app(engine: Engine, ingestion: Ingestion, api: Api) -> FastAPI:
    """Return one of the two; routes and error handlers know which one by `app.state.api`."""
    app = StripeApp(
        operations=partial(_operations, api),
        title=f"Stripe door {api}",
        version=__version__,
        openapi_url=None,  # the published clients and their documentation describe these APIs
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # an address that is none has an error; a key is not to follow one elsewhere
        exception_handlers=problems.exception_handlers(),
    )
    app.state.api = api
    app.state.engine = engine
    app.state.ingestion = ingestion
    app.state.stream = meter_stream.Stream(engine, ingestion)
    return app


@cache
def _operations(api: Api) -> tuple[BaseRoute, ...]:
    """Return the operations, for all servers of this process together; they depend on no engine."""
    return tuple(route for router in (V1_ROUTERS if api == "v1" else V2_ROUTERS) for route in router.made())
