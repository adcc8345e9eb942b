"""A stop on the journey: whose browser it is, for which application, and the page that it gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import BillingError, SignInExpired
from billing_sdk.server import web
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.domain.workspace import PageName
from billing_sdk.server.pages.forms import WRONG, Form
from billing_sdk.server.pages.messages import show_error
from billing_sdk.server.pages.own_code import own_on_page
from billing_sdk.server.pages.rendering import show
from billing_sdk.server.pages.steps import steps_at
from billing_sdk.server.usecases.begin_journey import START_AGAIN, find_journey
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.journey_course import course_of


@dataclass(frozen=True, slots=True)
class Stop:
    """A browser at one step of a journey that was begun in it."""

    request: Request
    engine: Engine
    journey: Journey
    browser_key: str = field(repr=False)
    application: Application

    @property
    def url(self) -> str:
        """Where the journey is."""
        return f"/journey/{self.journey.id}"

    def find_again(self) -> Journey:
        """Return the journey as it is now, whatever another tab has done to it."""
        return find_journey(self.engine, journey_id=self.journey.id, browser_key=self.browser_key)

    def show_beside(self, name: str, form: Form, **values: Any) -> Response:
        """Return a page that stands beside the steps, and is never the operator's own."""
        return show(
            self.request,
            f"journey/{name}.html",
            status=WRONG if form.errors else 200,
            chosen_language=self.journey.language,
            application=self.application.name,
            csrf_token=web.csrf_token(self.browser_key),
            journey_url=self.url,
            form=form,
            **values,
        )

    def show(self, step: PageName, form: Form, **values: Any) -> Response:
        """Return a page of the journey; a form on it may end at the application."""
        web.allow_form_target(self.request, self.journey.redirect_uri)
        with self.engine.read() as tx:
            course = course_of(tx, self.engine, self.journey)
            written = tx.own_pages.get(step)
        own = own_on_page(step, written.code(self.journey.stage))
        if own is not None and own.script_url:
            web.forbid_calls(self.request)
        return show(
            self.request,
            f"journey/{step}.html",
            status=WRONG if form.errors else 200,
            chosen_language=self.journey.language,
            steps=steps_at(step, course),
            own=own,
            application=self.application.name,
            csrf_token=web.csrf_token(self.browser_key),
            journey_url=self.url,
            form=form,
            **values,
        )

    def refuse(self, error: BillingError) -> Response:
        """Say why not, in the language of the journey."""
        name, language = self.application.name, self.journey.language
        return show_error(self.request, error, application=name, chosen_language=language)

    def go_on(self) -> Response:
        """Send the browser to the step that is next."""
        return RedirectResponse(self.url, 303)


def arrive(request: Request, engine: Engine) -> Stop:
    """Return the journey of the address.

    Raises:
        SignInExpired: this browser has no key to it, or it is over.
        InvalidRequest: this browser's key belongs to another journey.
    """
    journey_id = request.path_params["journey_id"]
    browser_key = web.read_journey_key(request, engine.settings, journey_id)
    if browser_key is None:
        raise SignInExpired("this sign-in was not started in this browser, or its time is over", remedy=START_AGAIN)
    journey = find_journey(engine, journey_id=journey_id, browser_key=browser_key)
    with engine.read() as tx:
        application = tx.applications.get(journey.client_id)
    return Stop(request, engine, journey, browser_key, application)
