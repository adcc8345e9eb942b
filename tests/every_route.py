"""Every address of the server with its methods, read from the application itself, so that none is forgotten."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route

Address = tuple[str, frozenset[str]]
PARAMETER = re.compile(r"\{([a-z_]+)\}")


def addresses_of(app: Starlette) -> dict[str, frozenset[str]]:
    """Return the methods of every path template, those of the mounted APIs as well."""
    found: dict[str, frozenset[str]] = {}
    for path, methods in _walk(app):
        found[path] = found.get(path, frozenset()) | methods
    return found


def filled(path: str, value_of: Callable[[str], str] = lambda _: "x") -> str:
    """Return a path template with a value for each of its parameters."""
    return PARAMETER.sub(lambda match: value_of(match[1]), path)


def _walk(app: Starlette) -> Iterator[Address]:
    for route in app.routes:
        if isinstance(route, Mount):
            assert isinstance(route.app, FastAPI), f"nobody has taught the tests to look into {route.path}"
            yield from _walk_api(route.path, route.app)
        else:
            assert isinstance(route, Route), f"nobody has taught the tests to look into {route!r}"
            if isinstance(route.endpoint, FastAPI):
                yield from _walk_part(route, route.endpoint)
                continue
            yield route.path, frozenset(route.methods or ())


def _walk_api(prefix: str, api: FastAPI) -> Iterator[Address]:
    if any(isinstance(route, Route) and route.path == "/openapi.json" for route in api.routes):
        yield f"{prefix}/openapi.json", frozenset({"GET", "HEAD"})
    for path, operations in api.openapi()["paths"].items():
        yield f"{prefix}{path}", frozenset(name.upper() for name in operations)


def _walk_part(route: Route, api: FastAPI) -> Iterator[Address]:
    """Walk what an API has at the address of a route, which gives it the path as it is."""
    beginning, _, is_open = route.path.partition("/{")
    for path, operations in api.openapi()["paths"].items():
        if path == beginning or (is_open and path.startswith(f"{beginning}/")):
            methods = frozenset(name.upper() for name in operations)
            yield path, methods if route.methods is None else methods & route.methods
