"""The journey from a sign-up or sign-in link back to the application: the pages of its steps.

`next_step` alone decides which step it is. A page that is asked for out of order sends the browser to the right
one, and a form that is sent out of order changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import BillingError, Conflict
from billing_sdk.server import web
from billing_sdk.server.pages import account, checkout
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.messages import page
from billing_sdk.server.pages.stop import Stop, arrive
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.next_step import Step, next_step

Handler = Callable[[Stop, Form], Response]


@dataclass(frozen=True, slots=True)
class StepPage:
    """One page of the journey.

    Attributes:
        path: the last part of its address.
        steps: at which steps it may be shown; the first is its own.
        show: returns the page with a form as it stands.
        submit: acts on a form that belongs to this browser.
    """

    path: str
    steps: tuple[Step, ...]
    show: Handler
    submit: Handler

    def route(self) -> BaseRoute:
        """Return its route."""
        return Route(f"/journey/{{journey_id}}/{self.path}", page(self._serve), methods=["GET", "POST"])

    def _serve(self, request: Request, engine: Engine) -> Response:
        stop = arrive(request, engine)
        try:
            return self._submit(stop) if request.method == "POST" else self._show(stop)
        except BillingError as error:
            return stop.refuse(error)

    def _show(self, stop: Stop) -> Response:
        return self.show(stop, Form()) if self._is_due(stop) else stop.go_on()

    def _submit(self, stop: Stop) -> Response:
        fields = web.form_of(stop.request)
        web.check_csrf(stop.request, fields, stop.browser_key, stop.engine.settings)
        if not self._is_due(stop):
            return stop.go_on()
        try:
            return self.submit(stop, Form(fields))
        except Conflict:
            # The same form, sent twice: the first copy has done it or is at it. The journey shows what is next.
            return stop.go_on()

    def _is_due(self, stop: Stop) -> bool:
        return next_step(stop.engine, journey=stop.find_again()) in self.steps


def direct(request: Request, engine: Engine) -> Response:
    """Send the browser to the step that is next, or back to the authorization endpoint when all are done."""
    stop = arrive(request, engine)
    try:
        step = next_step(engine, journey=stop.journey)
    except BillingError as error:
        return stop.refuse(error)
    if step == "finish":
        return RedirectResponse(f"/oauth2/auth/resume?journey={stop.journey.id}", 303)
    path = next(found.path for found in PAGES if found.steps[0] == step)
    return RedirectResponse(f"{stop.url}/{path}", 303)


def routes() -> list[BaseRoute]:
    """Return the routes of the journey."""
    return [
        Route("/journey/{journey_id}", page(direct), methods=["GET"]),
        *(step_page.route() for step_page in PAGES),
    ]


PAGES = (
    StepPage("register", ("register", "sign_in"), account.show_register, account.register),
    StepPage("sign-in", ("sign_in", "register"), account.show_sign_in, account.sign_in),
    StepPage("forgotten", ("sign_in", "register"), account.show_forgotten, account.send_password_link),
    StepPage("organization", ("organization",), account.show_organization, account.create_organization),
    StepPage("plans", ("plans", "payment"), checkout.show_plans, checkout.choose),
    StepPage("payment", ("payment",), checkout.show_payment, checkout.settle),
    StepPage("success", ("success",), checkout.show_success, checkout.leave),
)
