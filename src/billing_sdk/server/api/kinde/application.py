"""The door as ASGI applications, each below its own prefix."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from fastapi import Depends, FastAPI, params
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route

from billing_sdk._version import __version__
from billing_sdk.server.api.kinde import (
    account,
    agreement_changes,
    agreements,
    allowances,
    billing_profiles,
    billing_settings,
    books,
    collection,
    corrections,
    coupons,
    credit_grants,
    customers,
    deliveries,
    disputes,
    entitlements,
    envelope,
    events,
    explanations,
    features,
    invoice_drafts,
    invoices,
    items,
    licence_fees,
    meter_usage,
    meters,
    migrations,
    organizations,
    payment_methods,
    plan_components,
    plan_groups,
    plans,
    portal,
    previews,
    pricing_tables,
    rate_cards,
    reservations,
    service_actions,
    subject_keys,
    taxes,
    test_clocks,
    top_ups,
    usage_events,
    usage_trail,
    users,
    webhooks,
)
from billing_sdk.server.api.kinde.reference import openapi_document, reference_page
from billing_sdk.server.api.kinde.security import billing_for_machine, billing_for_person
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ingest_usage import Ingestion
from billing_sdk.server.web import ExpressRoutes
from billing_sdk.server.web.operations import Door, Operations

# What is there without billing, and what says that it is off.
ACCOUNT = (account.router,)
ACCOUNT_BILLING = (portal.account_router,)
MANAGEMENT = (
    organizations.router,
    users.router,
    webhooks.router,
    deliveries.router,
    events.router,
)
MANAGEMENT_BILLING = (
    agreements.router,
    agreement_changes.router,
    previews.router,
    invoices.router,
    collection.router,
    invoice_drafts.router,
    books.router,
    explanations.router,
    corrections.router,
    disputes.router,
    entitlements.router,
    meter_usage.router,
    usage_events.router,
    reservations.router,
    billing_settings.router,
    billing_profiles.router,
    plan_groups.router,
    features.router,
    meters.router,
    usage_trail.router,
    plans.router,
    migrations.router,
    plan_components.router,
    items.router,
    licence_fees.router,
    rate_cards.router,
    service_actions.router,
    pricing_tables.router,
    coupons.router,
    credit_grants.router,
    allowances.router,
    subject_keys.router,
    top_ups.router,
    taxes.router,
    test_clocks.router,
    customers.router,
    payment_methods.router,
    portal.router,
)


def express(engine: Engine, ingestion: Ingestion) -> ExpressRoutes:
    """Return what is asked for more often than all the rest together."""
    record_sent = partial(usage_events.record_sent, engine=engine, ingestion=ingestion)
    return {("POST", f"/api/v1{usage_events.PATH}"): record_sent}


def routes(engine: Engine, ingestion: Ingestion) -> list[BaseRoute]:
    """Return the routes of the Account API, the Management API and their reference."""
    account_api = create_app(engine, title="Account API", prefix="/account_api")
    management_api = create_app(engine, title="Management API", prefix="/api")
    management_api.state.ingestion = ingestion
    return [
        Route("/api/docs", reference_page(management_api, account_api)),
        Mount("/account_api", app=account_api),
        Mount("/api", app=management_api),
    ]


def create_app(engine: Engine, *, title: str, prefix: str) -> FastAPI:
    """Return one API with its OpenAPI document at `openapi.json`."""
    app = Door(
        operations=partial(_operations, prefix),
        components=(envelope.ErrorAnswer,),
        title=title,
        version=__version__,
        servers=[{"url": f"{engine.settings.base_url}{prefix}"}],
        root_path_in_servers=False,
        generate_unique_id_function=_name_of,
        openapi_url=None,  # made anew for each reader; the one below is not
        docs_url=None,  # the ready-made pages load scripts from other hosts
        redoc_url=None,
        exception_handlers=envelope.exception_handlers(),
    )
    app.add_route("/openapi.json", openapi_document(app), include_in_schema=False)
    app.state.engine = engine
    return app


@cache
def _operations(prefix: str) -> tuple[BaseRoute, ...]:
    """Return the operations of an API, for all servers of this process together.

    They are made at the first request. That takes half a second, and depends on no engine.
    """
    anywhere = envelope.refusals(envelope.REFUSED_ANYWHERE)
    everything = envelope.refusals(envelope.REFUSED_ANYWHERE, envelope.REFUSED_WHERE_SOMETHING_CHANGES)
    refusals = anywhere if prefix == "/account_api" else everything
    return tuple(
        route
        for router, gates in _routers(prefix)
        for route in router.made(prefix="/v1", responses=refusals, dependencies=gates, name_of=_name_of)
    )


def _routers(prefix: str) -> Iterator[tuple[Operations, list[params.Depends]]]:
    """Yield the routers of an API, each with the gate that closes it while billing is off."""
    if prefix == "/account_api":
        yield from ((router, [Depends(billing_for_person)]) for router in ACCOUNT_BILLING)
        yield from ((router, []) for router in ACCOUNT)
    else:
        yield from ((router, [Depends(billing_for_machine)]) for router in MANAGEMENT_BILLING)
        yield from ((router, []) for router in MANAGEMENT)


def _name_of(route: APIRoute) -> str:
    return route.name
