"""Operations of the doors: declared where they are written, and made into routes once, by the door that serves them.

A route takes a few milliseconds to make, for all that it reads and answers is worked out with it, and there are
hundreds of them. The framework makes a route where it is declared, and another one where its router is included.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI, params
from fastapi.datastructures import Default
from fastapi.routing import APIRoute
from fastapi.utils import generate_unique_id
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from billing_sdk._fork import new_lock

F = TypeVar("F", bound=Callable[..., Any])


def asked_often(dependency: F) -> F:
    """Work out here what a dependency of hundreds of operations takes: the framework does it at each of them again."""
    dependency.__signature__ = inspect.signature(dependency, eval_str=True)  # type: ignore[attr-defined]
    return dependency


class Operations(APIRouter):
    """Operations that are declared as those of any router, and are not routes yet."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._declared: list[tuple[str, Callable[..., Any], dict[str, Any]]] = []

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Keep an operation for the door that is to serve it."""
        self._declared.append((path, endpoint, options))

    def made(
        self,
        *,
        prefix: str = "",
        dependencies: Sequence[params.Depends] = (),
        responses: dict[int | str, dict[str, Any]] | None = None,
        name_of: Callable[[APIRoute], str] | None = None,
    ) -> list[BaseRoute]:
        """Return the operations as routes.

        Args:
            prefix: before each path.
            dependencies: what is asked before those that an operation names itself.
            responses: what each may answer besides, for the document.
            name_of: gives the name in the document; the framework's own by default.
        """
        router = APIRouter(
            prefix=prefix + self.prefix,
            tags=self.tags,
            dependencies=[*dependencies, *self.dependencies],
            responses={**(responses or {}), **self.responses},
            route_class=self.route_class,
            generate_unique_id_function=name_of or Default(generate_unique_id),
        )
        for path, endpoint, options in self._declared:
            router.add_api_route(path, endpoint, **options)
        return router.routes


class Door(FastAPI):
    """An application whose operations become routes when it is first asked for something, or for its document.

    A server has many doors, and most programs go through one or two of them.

    Args:
        operations: returns its routes.
        components: models that its document refers to by their names. What nearly every operation answers with is
            worked out once so, and not once for each status of each operation.
        options: as of any application.
    """

    def __init__(
        self,
        *,
        operations: Callable[[], Iterable[BaseRoute]],
        components: Sequence[type[BaseModel]] = (),
        **options: Any,
    ) -> None:
        self._lock = new_lock()
        self._components = components
        self._operations: Callable[[], Iterable[BaseRoute]] | None = None
        super().__init__(**options)
        self._operations = operations

    @property
    def routes(self) -> list[BaseRoute]:
        """All routes, also those that are made for it."""
        self._open()
        return super().routes

    def openapi(self) -> dict[str, Any]:
        """Return the document, which is made once."""
        if self.openapi_schema is None and self._components:
            document = super().openapi()
            shown: list[tuple[type[BaseModel], JsonSchemaMode]] = [
                (model, "serialization") for model in self._components
            ]
            _, found = models_json_schema(shown, ref_template="#/components/schemas/{model}")
            components = document.setdefault("components", {})
            schemas = {**components.get("schemas", {}), **found["$defs"]}
            components["schemas"] = {name: schemas[name] for name in sorted(schemas)}
        return super().openapi()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        self._open()
        await super().__call__(scope, receive, send)

    def _open(self) -> None:
        if self._operations is None:
            return
        with self._lock:
            if self._operations is not None:
                self.router.routes.extend(self._operations())
                self._operations = None
