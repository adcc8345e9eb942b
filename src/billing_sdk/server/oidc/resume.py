"""The way back to the client: GET /oauth2/auth/resume, after the last page of a journey."""

from __future__ import annotations

from collections.abc import Mapping

from authlib.oauth2.rfc6749 import AccessDeniedError, OAuth2Error
from authlib.oidc.core.errors import LoginRequiredError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import SignInExpired
from billing_sdk.server import web
from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.ids import digest_of
from billing_sdk.server.oidc.answers import SEE_OTHER, redirect, redirect_error
from billing_sdk.server.oidc.code_grant import issue_code
from billing_sdk.server.oidc.hints import expected_subjects
from billing_sdk.server.oidc.provider import ProviderRequest, SignedInUser
from billing_sdk.server.oidc.token import provider_of
from billing_sdk.server.usecases.advance_journey import finish_journey
from billing_sdk.server.usecases.begin_journey import find_journey
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.next_step import next_step

REMEDY = "Go back to the application and sign in again."


def resume(request: Request, engine: Engine) -> Response:
    """End a journey of this browser, or send it to the step that is still to do.

    Raises:
        SignInExpired: the journey is over, was begun in another browser, or its person is no longer signed in.
    """
    journey_id = web.query_of(request).get("journey", "")
    browser_key = web.read_journey_key(request, engine.settings, journey_id)
    if browser_key is None:
        raise SignInExpired("this sign-in was not started in this browser, or its time is over", remedy=REMEDY)
    journey = find_journey(engine, journey_id=journey_id, browser_key=browser_key)
    if next_step(engine, journey=journey) != "finish":
        return RedirectResponse(f"/journey/{journey.id}", SEE_OTHER)
    return finish(request, engine, journey)


def finish(request: Request, engine: Engine, journey: Journey) -> Response:
    """Answer the authorization request of a journey, once, with a code for whoever is signed in.

    Raises:
        SignInExpired: it has had its answer, or its person is no longer signed in.
    """
    visitor = _visitor(request, engine, journey)
    finish_journey(engine, journey=journey)
    fields = {**journey.parameters, "redirect_uri": journey.redirect_uri}
    try:
        _check_subject(engine, visitor, fields)
        _check_membership(engine, visitor)
        code_request = ProviderRequest(method="GET", path="/oauth2/auth", fields=fields, visitor=visitor)
        code = issue_code(provider_of(engine), code_request)
    except OAuth2Error as error:
        error.redirect_uri, error.state = journey.redirect_uri, fields.get("state")
        return redirect_error(error, engine.settings.base_url)
    state = [("state", fields["state"])] if "state" in fields else []
    return redirect(journey.redirect_uri, engine.settings.base_url, ("code", code), *state)


def _visitor(request: Request, engine: Engine, journey: Journey) -> SignedInUser:
    session, key = web.read_session(request, engine), web.read_session_key(request, engine.settings)
    if session is None or key is None or session.user_id != journey.user_id:
        raise SignInExpired("whoever started this is no longer signed in in this browser", remedy=REMEDY)
    with engine.read() as tx:
        user = tx.users.get(session.user_id)
        own = tx.organizations.of_user(user.id)
    org_code = journey.org_code or journey.parameters.get("org_code") or (own[0].code if own else None)
    return SignedInUser(user, org_code, session.authenticated_at, digest_of(key))


def _check_subject(engine: Engine, visitor: SignedInUser, fields: Mapping[str, str]) -> None:
    """Tell a client that expects somebody else so, and not who has signed in instead."""
    expected = expected_subjects(engine, fields)
    if expected is not None and visitor.user.id not in expected:
        raise LoginRequiredError(description="somebody else has signed in")


def _check_membership(engine: Engine, visitor: SignedInUser) -> None:
    if visitor.org_code is None:
        return
    with engine.read() as tx:
        membership = tx.organizations.find_membership(visitor.org_code, visitor.user.id)
    if membership is None or visitor.user.is_suspended:
        raise AccessDeniedError("the user does not belong to this organization")
