"""The reference page: what the OpenAPI documents say, readable without a script or another host."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import cache
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from billing_sdk.server.web import nonce_of

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference</title>
<style nonce="{nonce}">
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }}
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
code {{ font-family: ui-monospace, monospace; }}
dt {{ margin-top: 1rem; font-weight: 600; }}
</style>
</head>
<body>
<h1>API reference</h1>
<p>For programs: <a href="/api/openapi.json">Management API</a> and
<a href="/account_api/openapi.json">Account API</a> as OpenAPI documents.</p>
{sections}
</body>
</html>
"""


def openapi_document(api: FastAPI) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that gives an API's OpenAPI document; all of its readers share the same bytes."""

    @cache
    def document() -> bytes:
        return json.dumps(api.openapi(), ensure_ascii=False, separators=(",", ":")).encode()

    async def give(_request: Request) -> Response:
        return Response(document(), media_type="application/json")

    return give


def reference_page(*apis: FastAPI) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that lists every operation of some APIs."""

    async def show(request: Request) -> Response:
        sections = "\n".join(_section(api.openapi()) for api in apis)
        return HTMLResponse(PAGE.format(nonce=nonce_of(request), sections=sections))

    return show


def _section(document: dict[str, Any]) -> str:
    entries = [
        _entry(method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return f"<h2>{escape(document['info']['title'])}</h2>\n<dl>\n{''.join(entries)}</dl>"


def _entry(method: str, path: str, operation: dict[str, Any]) -> str:
    scope = operation.get("x-scope")
    needs = f" (scope <code>{escape(scope)}</code>)" if scope else ""
    text = escape(operation.get("description", ""))
    return f"<dt><code>{method.upper()} {escape(path)}</code>{needs}</dt><dd>{text}</dd>\n"
