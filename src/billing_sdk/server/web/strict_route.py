"""A route of FastAPI that reads bodies as strictly as everything else here."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, UnsupportedMediaType
from billing_sdk.server.web.strict_json import read_json

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """A route whose bodies go through the server's one strict JSON reader."""

    def get_route_handler(self) -> Handler:
        """Return the handler with the strict reader in front."""
        handle = super().get_route_handler()

        async def read_strictly(request: Request) -> Response:
            strict = _StrictRequest(request.scope, request.receive)
            if await strict.body():
                _check_content_type(request)
            return await handle(strict)

        return read_strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        return read_json(await self.body())


def _check_content_type(request: Request) -> None:
    """Let a body pass that says of itself that it is JSON, which has one encoding (RFC 8259, section 8.1)."""
    given = request.headers.getlist("content-type")
    kind, _, parameters = (given[0] if len(given) == 1 else "").lower().partition(";")
    if kind.strip() != "application/json":
        raise UnsupportedMediaType("the body must be application/json")
    if parameters.replace('"', "").strip() not in ("", "charset=utf-8"):
        raise InvalidRequest("the body must be UTF-8, and say nothing else of itself", parameter="content-type")
