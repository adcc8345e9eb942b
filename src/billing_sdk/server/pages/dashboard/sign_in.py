"""The way into the dashboard, with the account that an operator has here, and the way out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import Forbidden, InvalidRequest, RateLimited, WrongCredentials
from billing_sdk.server import web
from billing_sdk.server.ids import new_secret
from billing_sdk.server.pages.dashboard.seat import SIGN_IN, Seat, name_for
from billing_sdk.server.pages.forms import WRONG, Form, require
from billing_sdk.server.pages.rendering import PLAIN, show
from billing_sdk.server.usecases.begin_session import begin_session, end_session
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.operators import require_operator
from billing_sdk.server.words import phrase, waiting_time

# The key of the form's browser is kept as that of a journey is: nobody has a session yet.
VISIT = "dashboard"
AGAIN = phrase("This page was open for too long. Type it in again.")


def show_sign_in(request: Request, engine: Engine) -> Response:
    """Show the form."""
    return _form(request, engine, Form())


def sign_in(request: Request, engine: Engine) -> Response:
    """Sign an operator in, in a session of its own: one that the browser had before ends."""
    fields = web.form_of(request)
    key = web.read_journey_key(request, engine.settings, VISIT)
    if key is None:
        return _form(request, engine, Form(fields).wrong({"": AGAIN}))
    web.check_csrf(request, fields, key, engine.settings)
    form = require(Form(fields), {"email": phrase("your e-mail address"), "password": phrase("your password")})
    if form.errors:
        return _form(request, engine, form)
    try:
        address = web.client_address(request, engine.settings)
        user = check_password(engine, email=form.text("email"), password=form.values["password"], address=address)
        require_operator(engine, user_id=user.id)
    except (WrongCredentials, Forbidden, InvalidRequest) as error:
        return _form(request, engine, form.refused(error))
    except RateLimited as error:
        words = phrase(
            "There were too many attempts to sign in. Wait %(time)s and try again.", time=waiting_time(error)
        )
        response = _form(request, engine, form.wrong({"": words}))
        response.status_code = error.status
        response.headers.update(web.error_headers(request, error))
        return response
    earlier = web.read_session_key(request, engine.settings)
    if earlier:
        end_session(engine, key=earlier)
    response = RedirectResponse("/dashboard", 303)
    web.set_session_key(response, engine.settings, begin_session(engine, user_id=user.id))
    return response


def sign_out(seat: Seat, _form: Form) -> Response:
    """End the session of this browser."""
    end_session(seat.engine, key=seat.session_key)
    response = RedirectResponse(SIGN_IN, 303)
    web.clear_session_key(response, seat.engine.settings)
    web.forget_pages(response)
    return response


def _form(request: Request, engine: Engine, form: Form) -> Response:
    key = web.read_journey_key(request, engine.settings, VISIT) or new_secret()
    response = show(
        request,
        "dashboard/sign_in.html",
        status=WRONG if form.errors else 200,
        application=name_for(request),
        brand=PLAIN,
        csrf_token=web.csrf_token(key),
        form=form,
    )
    web.set_journey_key(request, response, engine.settings, VISIT, key)
    return response
