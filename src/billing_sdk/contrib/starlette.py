"""Billing for Starlette and FastAPI: `billing = Billing(app)`.

Translates between Starlette and the core, and decides nothing. The present request is known through a middleware, so
a gated endpoint keeps its own signature: FastAPI goes on to resolve its parameters and dependencies.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial, wraps
from typing import Any, ClassVar, Final, Unpack, cast

from anyio import CancelScope
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from billing_sdk._operation import Flow
from billing_sdk.client import AsyncClient
from billing_sdk.contrib._answers import Answer
from billing_sdk.contrib._application import Application
from billing_sdk.contrib._asgi import EVENT, VISIT, VisitMiddleware, WebhookMiddleware as WebhookMiddleware, read_body
from billing_sdk.contrib._asgi_refusal import (
    Refused,
    answer_refused,
    endpoints_of,
    is_asgi_call,
    refuse,
    respond,
)
from billing_sdk.contrib._billing import ROUTES, BillingBase, View
from billing_sdk.contrib._gate import guard, opens_at_once
from billing_sdk.contrib._guard import NeedsUnits, Rule
from billing_sdk.contrib._meter import admit_at_once, reserve, settle, settle_at_once
from billing_sdk.contrib._metered import Metered, running
from billing_sdk.contrib._options import BillingOptions
from billing_sdk.contrib._receive import require_event, too_large
from billing_sdk.contrib._visit import Visit
from billing_sdk.errors import ConfigurationError, InvalidSetting
from billing_sdk.events import Event

NO_MATCH: Final[tuple[Match, Scope]] = (Match.NONE, {})
OWN_ROUTE: Final = "billing_sdk.route"


class Billing(BillingBase):
    """Sign-up links, gates, the portal and webhooks for a Starlette or FastAPI application.

    Args:
        app: the application; or call `init_app` later, before it serves.
        client: a `AsyncClient` that you keep and close; one is made from the options where it is left out.
        **options: `sessions`, `seen`, `prefix`, `home`, `session_secret`, `session_seconds`, and every setting of
            `AsyncClient`; each of those may come from `BILLING_*` instead.

    Raises:
        MissingSetting: a setting was given neither as an argument nor in the environment; it is named.
        InvalidSetting: there is no such setting, or its value can't work; it is named.
    """

    client_class: ClassVar[type[AsyncClient]] = AsyncClient

    def __init__(
        self, app: Starlette | None = None, *, client: AsyncClient | None = None, **options: Unpack[BillingOptions]
    ) -> None:
        super().__init__(client, options)
        self._app: Starlette | None = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Starlette) -> None:
        """Add the routes and the middleware to an application, and read the settings.

        Templates get the helpers with `templates.env.globals.update(billing.helpers)`.
        """
        self._assemble()
        # First, so that no route of the application's own, such as one for every path, hides them.
        app.router.routes.insert(0, self._routes())
        app.add_middleware(
            VisitMiddleware, before_first=partial(self.refuse_ways_around, app), gated_views=self._gated_views
        )
        app.add_exception_handler(Refused, answer_refused)
        if self._owns_client:
            app.router.lifespan_context = self._closing_client(app.router.lifespan_context)
        self._app = app
        self.refuse_ways_around(app)

    @property
    def client(self) -> AsyncClient:
        """The client of the billing server."""
        return cast("AsyncClient", self.application.client)

    @property
    def event(self) -> Event:
        """The verified event of the present request, where `WebhookMiddleware` is in front of its route.

        Raises:
            ConfigurationError: it is not, so that nothing has verified the request.
        """
        return require_event(EVENT.get())

    def _routes(self) -> OwnRoutes:
        routes = [
            Route(f"{self.prefix}/{name}", self._answering(flow), methods=[method]) for name, method, flow in ROUTES
        ]
        return OwnRoutes(self.prefix, [*routes, Route(f"{self.prefix}/webhooks", self._webhooks, methods=["POST"])])

    def _answering(
        self, flow: Callable[[Application, Visit], Flow[Answer]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(_: Request) -> Response:
            return respond(await self.client.run(flow(self.application, self._visit())))

        return endpoint

    async def _webhooks(self, request: Request) -> Response:
        body = await read_body(request.stream())
        if body is None:
            return respond(too_large())
        receipt = await self.client.run(self.receiver.receive(self._visit(), body))
        if isinstance(receipt, Answer):
            return respond(receipt)
        with receipt:
            for handler in self.handlers_of(receipt.event):
                await call(handler, receipt.event)
        return respond(receipt.answer)

    def _visit(self) -> Visit:
        try:
            return VISIT.get()
        except LookupError:
            raise ConfigurationError("nobody asks", remedy="Use this while a request is handled.") from None

    def _gate(self, rule: Rule) -> Callable[[View], View]:
        def gated(view: View) -> View:
            self._note_gate(view)
            run = caller_of(view)

            @wraps(view)
            async def run_if_allowed(*args: Any, **kwargs: Any) -> Any:
                application, visit = self.application, self._visit()
                if not opens_at_once(application, visit, rule):
                    answer = await self.client.run(guard(application, visit, rule))
                    if answer is not None:
                        return await refuse(answer, run_if_allowed, args, kwargs)
                return await run(*args, **kwargs)

            return cast("View", run_if_allowed)

        return gated

    def _meter(self, rule: NeedsUnits) -> Callable[[View], View]:
        def metered(view: View) -> View:
            self._note_gate(view)
            run = caller_of(view)

            @wraps(view)
            async def run_if_room(*args: Any, **kwargs: Any) -> Any:
                application, visit = self.application, self._visit()
                found: Answer | Metered | None = admit_at_once(application, visit, rule)
                if found is None:
                    found = await self.client.run(reserve(application, visit, rule))
                if isinstance(found, Answer):
                    return await refuse(found, run_if_room, args, kwargs)
                try:
                    with running(found):
                        return await run_noting_status(found, run, args, kwargs)
                finally:
                    if not settle_at_once(application, found):
                        # A visitor who leaves cancels the request, and what was reserved is still to be given back.
                        with CancelScope(shield=True):
                            await self.client.run(settle(application, found))

            return cast("View", run_if_room)

        return metered

    def _note_gate(self, view: Callable[..., Any]) -> None:
        """Note a view that gets a gate, unless it can't have one."""
        self._gated_views.add(view)
        self.refuse_ways_around(self._app)
        if inspect.isgeneratorfunction(view) or inspect.isasyncgenfunction(view):
            raise InvalidSetting(
                f"{view.__qualname__} is a stream",
                remedy="Put the gate on the function that returns the stream.",
            )

    def refuse_ways_around(self, app: Starlette | None) -> None:
        """Check that no route of an application leads around a gate.

        Raises:
            InvalidSetting: one does.
        """
        if app is not None:
            self._gated_views.require_gated(endpoints_of(app.routes))

    def _closing_client(self, inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Close the client that was made here when the application ends."""

        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[Any]:
            async with inner(app) as state:
                try:
                    yield state
                finally:
                    await self.client.close()

        return lifespan


class OwnRoutes(BaseRoute):
    """The routes of this package, as one. They come before the application's own, and must not cost those anything."""

    def __init__(self, prefix: str, routes: Sequence[Route]) -> None:
        self.routes = routes
        self._prefix = prefix

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request; nearly every one is for another route, which is seen without an expression."""
        if self._prefix not in scope["path"]:
            return NO_MATCH
        found = NO_MATCH
        for route in self.routes:
            match, child_scope = route.matches(scope)
            if match.value > found[0].value:
                found = match, {**child_scope, OWN_ROUTE: route}
        return found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request that has matched; a method that there is not is refused by the route."""
        await scope[OWN_ROUTE].handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Return the path of one of them."""
        return Router(self.routes).url_path_for(name, **path_params)


def caller_of(view: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Return what is awaited to call a view; which colour it has is found out once."""
    return view if inspect.iscoroutinefunction(view) else partial(call, view)


async def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of either colour; a blocking one in a thread, as Starlette does."""
    if inspect.iscoroutinefunction(function):
        return await function(*args, **kwargs)
    answer = await run_in_threadpool(function, *args, **kwargs)
    # A plain function around an endpoint that is awaited, such as another decorator, hands on what to await.
    return await answer if inspect.isawaitable(answer) else answer


async def run_noting_status(
    metered: Metered, view: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Run a view, an application or a WebSocket, and note what it has answered."""
    statuses: list[int] = []
    if is_asgi_call(args):
        scope, receive, send = args

        async def note_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        args = (scope, receive, note_status)
    try:
        answer = await view(*args, **kwargs)
    except WebSocketDisconnect:
        metered.status = 200  # whoever leaves has had what was sent until then
        raise
    if isinstance(answer, Response) and not kwargs and not statuses:
        metered.status = answer.status_code
        return answer
    # FastAPI hands an endpoint a response to write its status on, and answers with what it returns.
    responses = [one for one in (answer, *kwargs.values()) if isinstance(one, Response)]
    statuses += filter(None, (one.status_code for one in responses))
    metered.status = statuses[0] if statuses else 200
    return answer
