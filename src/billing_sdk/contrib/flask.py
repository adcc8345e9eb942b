"""Billing for Flask: `billing = Billing(app)`.

Translates between Flask and the core, and decides nothing. The routes are in the blueprint `billing.blueprint`, which
an extension that checks forms has to leave alone (`csrf.exempt(billing.blueprint)`): webhooks are signed, and signing
out checks where it was asked for.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ClassVar, Unpack, cast

from flask import Blueprint, Flask, Response, abort, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from billing_sdk._operation import Flow
from billing_sdk.client import Client
from billing_sdk.contrib._answers import OTHER_CACHE_HEADERS, PRIVATE, Answer
from billing_sdk.contrib._application import Application
from billing_sdk.contrib._billing import ROUTES, BillingBase, View
from billing_sdk.contrib._gate import guard, opens_at_once
from billing_sdk.contrib._guard import NeedsUnits, Rule
from billing_sdk.contrib._meter import admit_at_once, reserve, settle, settle_at_once
from billing_sdk.contrib._metered import Metered, running
from billing_sdk.contrib._options import BillingOptions
from billing_sdk.contrib._receive import require_event, too_large
from billing_sdk.contrib._visit import Visit, visit_from_wsgi
from billing_sdk.contrib._wsgi import EVENT, WebhookMiddleware as WebhookMiddleware
from billing_sdk.errors import ConfigurationError, InvalidSetting
from billing_sdk.events import Event
from billing_sdk.webhooks import LONGEST_BODY

VISIT = "billing_sdk.visit"


class Billing(BillingBase):
    """Sign-up links, gates, the portal and webhooks for a Flask application.

    Args:
        app: the application; or call `init_app` later.
        client: a `Client` that you keep and close; one is made from the options where it is left out.
        **options: `sessions`, `seen`, `prefix`, `home`, `session_secret`, `session_seconds`, and every setting of
            `Client`; each of those may come from `BILLING_*` instead.

    Raises:
        MissingSetting: a setting was given neither as an argument nor in the environment; it is named.
        InvalidSetting: there is no such setting, or its value can't work; it is named.
    """

    client_class: ClassVar[type[Client]] = Client

    def __init__(
        self, app: Flask | None = None, *, client: Client | None = None, **options: Unpack[BillingOptions]
    ) -> None:
        super().__init__(client, options)
        self._app: Flask | None = None
        self.blueprint = Blueprint("billing_sdk", __name__, url_prefix=self.prefix)
        self._add_routes()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Add the routes and the template helpers to an application, and read the settings."""
        self._assemble(app.secret_key)
        app.register_blueprint(self.blueprint)
        app.before_request(self._refuse_way_around)
        app.after_request(keep_private)
        app.jinja_env.globals.update(self.helpers)
        app.extensions["billing_sdk"] = self
        self._app = app
        self._refuse_ways_around()

    @property
    def client(self) -> Client:
        """The client of the billing server."""
        return cast("Client", self.application.client)

    @property
    def event(self) -> Event:
        """The verified event of the present request, where `WebhookMiddleware` is in front of its route.

        Raises:
            ConfigurationError: it is not, so that nothing has verified the request.
        """
        return require_event(request.environ.get(EVENT))

    def _add_routes(self) -> None:
        for name, method, flow in ROUTES:
            self.blueprint.add_url_rule(f"/{name}", name, self._answering(flow), methods=[method])
        self.blueprint.add_url_rule("/webhooks", "webhooks", self._webhooks, methods=["POST"])

    def _answering(self, flow: Callable[[Application, Visit], Flow[Answer]]) -> Callable[[], Response]:
        return lambda: respond(self.client.run(flow(self.application, self._visit())))

    def _webhooks(self) -> Response:
        body = read_body()
        if body is None:
            return respond(too_large())
        receipt = self.client.run(self.receiver.receive(self._visit(), body))
        if isinstance(receipt, Answer):
            return respond(receipt)
        with receipt:
            for handler in self.handlers_of(receipt.event):
                current_app.ensure_sync(handler)(receipt.event)
        return respond(receipt.answer)

    def _visit(self) -> Visit:
        try:
            environ = request.environ
        except RuntimeError:
            raise ConfigurationError("nobody asks", remedy="Use this while a request is handled.") from None
        visit: Visit | None = environ.get(VISIT)
        if visit is None:
            visit = environ[VISIT] = visit_from_wsgi(environ)
        return visit

    def _gate(self, rule: Rule) -> Callable[[View], View]:
        def gated(view: View) -> View:
            self._note_gate(view)

            @wraps(view)
            def run_if_allowed(*args: Any, **kwargs: Any) -> Any:
                self._require(rule)
                return view(*args, **kwargs)

            @wraps(view)
            async def await_if_allowed(*args: Any, **kwargs: Any) -> Any:
                # Flask runs each of these in an event loop of its own, where nothing else waits.
                self._require(rule)
                return await view(*args, **kwargs)

            return cast("View", await_if_allowed if is_awaited(view) else run_if_allowed)

        return gated

    def _meter(self, rule: NeedsUnits) -> Callable[[View], View]:
        def metered(view: View) -> View:
            self._note_gate(view)

            @wraps(view)
            def run_if_room(*args: Any, **kwargs: Any) -> Any:
                with self._reserved(rule) as reserved:
                    answer = view(*args, **kwargs)
                    reserved.status = status_of(answer)
                return answer

            @wraps(view)
            async def await_if_room(*args: Any, **kwargs: Any) -> Any:
                with self._reserved(rule) as reserved:
                    answer = await view(*args, **kwargs)
                    reserved.status = status_of(answer)
                return answer

            return cast("View", await_if_room if is_awaited(view) else run_if_room)

        return metered

    def _note_gate(self, view: Callable[..., Any]) -> None:
        """Note a view that gets a gate, unless it can't have one."""
        self._gated_views.add(view)
        self._refuse_ways_around()
        if inspect.isasyncgenfunction(view):
            raise InvalidSetting(
                f"{view.__qualname__} is an asynchronous stream, which Flask can't send",
                remedy="Put the gate on the function that returns the stream.",
            )

    @contextmanager
    def _reserved(self, rule: NeedsUnits) -> Iterator[Metered]:
        """Reserve for the length of a `with` block, and settle at its end; a refusal is raised, as `_require` does."""
        application, visit = self.application, self._visit()
        found = admit_at_once(application, visit, rule) or self.client.run(reserve(application, visit, rule))
        if isinstance(found, Answer):
            abort(respond(found))
        try:
            with running(found):
                yield found
        finally:
            if not settle_at_once(application, found):
                self.client.run(settle(application, found))

    def _require(self, rule: Rule) -> None:
        """Return if the present request is let in.

        A refusal is raised, so that it also ends whatever has called the view: a decorator, or another view.
        """
        application, visit = self.application, self._visit()
        if not opens_at_once(application, visit, rule):
            answer = self.client.run(guard(application, visit, rule))
            if answer is not None:
                abort(respond(answer))

    def _refuse_ways_around(self) -> None:
        if self._app is not None:
            self._gated_views.require_gated(self._app.view_functions.values())

    def _refuse_way_around(self) -> None:
        self._gated_views.require_gated([current_app.view_functions.get(request.endpoint or "")])


def is_awaited(view: Callable[..., Any]) -> bool:
    """Whether Flask has to await a view."""
    return inspect.iscoroutinefunction(view) or inspect.iscoroutinefunction(type(view).__call__)


def status_of(answer: Any) -> int:
    """Return the status of whatever a view may return, without making a response of it: a part of a view is none."""
    given = answer[1] if isinstance(answer, tuple) and len(answer) > 1 else None
    if isinstance(given, int):
        return int(given)
    if isinstance(given, str) and given[:3].isdecimal():
        return int(given[:3])
    response = answer[0] if isinstance(answer, tuple) and answer else answer
    return response.status_code if isinstance(response, BaseResponse) else 200


def read_body() -> bytes | None:
    """Return the present request's body, read by us or before us; None where it is longer than a webhook may be."""
    # One byte more than allowed tells a body that is cut off here from one that ends here.
    request.max_content_length = LONGEST_BODY + 1
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        return None
    return body if len(body) <= LONGEST_BODY else None


def respond(answer: Answer) -> Response:
    """Translate an answer."""
    return Response(answer.body, answer.status, list(answer.headers))


def keep_private(response: Response) -> Response:
    """Keep what depends on who asks from everybody else, and what a gate has decided out of every cache."""
    visit: Visit | None = request.environ.get(VISIT)
    if visit is None or not visit.is_personal:
        return response
    (_, cache_control), (_, vary) = PRIVATE
    response.vary.update(vary.split(", "))
    if not visit.is_gated:
        response.headers.setdefault("Cache-Control", "private")
        return response
    response.headers["Cache-Control"] = cache_control
    for name in OTHER_CACHE_HEADERS:
        response.headers.pop(name, None)
    return response
