"""The door as an ASGI application."""

from __future__ import annotations

from functools import partial

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount

from billing_sdk._version import __version__
from billing_sdk.server.api.kolaylogin import answers, billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Door

PREFIX = "/v1/dashboard"


def routes(engine: Engine) -> list[BaseRoute]:
    """Return the route of the dashboard's API."""
    app = Door(
        operations=partial(billing.router.made, prefix="/billing", responses=answers.REFUSALS, name_of=_name_of),
        title="Dashboard API",
        version=__version__,
        servers=[{"url": f"{engine.settings.base_url}{PREFIX}"}],
        root_path_in_servers=False,
        generate_unique_id_function=_name_of,
        openapi_url=None,
        docs_url=None,  # the ready-made pages load scripts from other hosts
        redoc_url=None,
        exception_handlers=answers.EXCEPTION_HANDLERS,
    )

    async def openapi(_request: Request) -> JSONResponse:
        return JSONResponse(app.openapi())

    app.add_route("/openapi.json", openapi, include_in_schema=False)
    app.state.engine = engine
    return [Mount(PREFIX, app=app)]


def _name_of(route: APIRoute) -> str:
    return route.name
