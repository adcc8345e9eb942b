"""The authorization endpoint: GET and POST /oauth2/auth.

It begins a journey and sends the browser to its first page. What a page would ask is asked by the journey (pages,
use cases); the way back to the client is `resume`.
"""

from __future__ import annotations

from datetime import timedelta

from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidRequestError, OAuth2Error
from authlib.oidc.core.errors import InteractionRequiredError, LoginRequiredError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import BillingError, Forbidden, InvalidRequest
from billing_sdk.server import web
from billing_sdk.server.domain.visits import Journey, Session
from billing_sdk.server.oidc.answers import SEE_OTHER, redirect_error
from billing_sdk.server.oidc.authorization_request import AuthorizationRequest, read_authorization_request
from billing_sdk.server.oidc.hints import expected_subjects
from billing_sdk.server.oidc.provider import printable
from billing_sdk.server.oidc.resume import finish
from billing_sdk.server.usecases.begin_journey import begin_journey
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.next_step import next_step


def authorize(request: Request, engine: Engine) -> Response:
    """Answer an authorization request with a journey, or with an error.

    Raises:
        InvalidRequest: it does not even say reliably whom to answer; the person sees an error page.
        UnknownPlan: it asks for a plan that can't be chosen.
        UnknownPricingTable: it asks for a table that can't be shown.
    """
    try:
        wanted = read_authorization_request(engine, _parameters(request))
    except OAuth2Error as error:
        return redirect_error(error, engine.settings.base_url)
    session = web.read_session(request, engine)
    try:
        user_id = _recognized(engine, wanted, session)
        answer = _answer_silently if wanted.is_silent else _start
        return answer(request, engine, wanted, user_id)
    except OAuth2Error as error:
        error.redirect_uri, error.state = wanted.redirect_uri, wanted.state
        return redirect_error(error, engine.settings.base_url)


def _parameters(request: Request) -> dict[str, str]:
    if request.method != "POST":
        return web.query_of(request)
    if request.url.query:
        raise InvalidRequest("the parameters are partly in the form and partly in the address")
    return web.form_of(request)


def _recognized(engine: Engine, wanted: AuthorizationRequest, session: Session | None) -> str | None:
    """Return who is signed in, unless the client wants that proved anew.

    Raises:
        InvalidRequestError: its hint is not an ID token of ours.
    """
    expected = expected_subjects(engine, wanted.parameters)
    if session is None or wanted.wants_sign_in:
        return None
    if wanted.max_age_seconds is not None:
        age = engine.now() - session.authenticated_at
        if age > timedelta(seconds=wanted.max_age_seconds):
            return None
    return session.user_id if expected is None or session.user_id in expected else None


def _start(request: Request, engine: Engine, wanted: AuthorizationRequest, user_id: str | None) -> Response:
    session = web.read_session(request, engine)
    visitor_id = session.user_id if session else None
    journey, browser_key = _begin(engine, wanted, user_id, visitor_id)
    response = RedirectResponse(f"/journey/{journey.id}", SEE_OTHER)
    web.set_journey_key(request, response, engine.settings, journey.id, browser_key)
    return response


def _answer_silently(request: Request, engine: Engine, wanted: AuthorizationRequest, user_id: str | None) -> Response:
    """Answer at once (OpenID Connect Core 1.0, section 3.1.2.6).

    Raises:
        LoginRequiredError: nobody is signed in, or not recently enough.
        InteractionRequiredError: there is something to ask first.
        AccessDeniedError: the user does not belong to the organization that the request names.
        InvalidRequestError: it asks for something that there is not, which otherwise a page would say.
    """
    if user_id is None:
        raise LoginRequiredError(description="User authentication is required")
    try:
        journey, _ = _begin(engine, wanted, user_id)
        step = next_step(engine, journey=journey)
    except Forbidden:
        raise AccessDeniedError("the user does not belong to this organization") from None
    except BillingError as error:
        if error.status >= 500:
            raise
        raise InvalidRequestError(printable(error.detail)) from None
    if step != "finish":
        raise InteractionRequiredError(description="The user has something to decide first")
    return finish(request, engine, journey)


def _begin(
    engine: Engine, wanted: AuthorizationRequest, user_id: str | None, visitor_id: str | None = None
) -> tuple[Journey, str]:
    return begin_journey(
        engine,
        client_id=wanted.client.client_id,
        redirect_uri=wanted.redirect_uri,
        parameters=wanted.parameters,
        user_id=user_id,
        visitor_id=visitor_id,
    )
