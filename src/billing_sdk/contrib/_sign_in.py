"""Signing in and out: to the provider, back from it, and away again.

A sign-in that was started is kept with the browser that started it: its cookie and the `state` have to meet again in
the callback (RFC 6749, section 10.12). It is taken once, before anything is asked of the provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast
from urllib.parse import parse_qsl

from billing_sdk._operation import Flow, Spawn
from billing_sdk.auth import AuthUrl, SignedIn, SignInOptions
from billing_sdk.contrib._answers import Answer, Link, redirect, refusal
from billing_sdk.contrib._application import Application
from billing_sdk.contrib._links import FLAGS, SIGN_IN_PARAMETERS
from billing_sdk.contrib._sessions import Session, SignedInUser, StartedSignIn
from billing_sdk.contrib._visit import Visit, local_path
from billing_sdk.contrib._who_asks import session_key
from billing_sdk.errors import BillingError, Forbidden, InvalidRequest, StateMismatch

LONGEST_QUERY = 16_384
MOST_PARAMETERS = 40


def begin_sign_in(application: Application, visit: Visit, *, kind: Literal["login", "register"]) -> Flow[Answer]:
    """Start a sign-in and send the browser to the provider."""
    try:
        options = sign_in_options(application, visit)
        login = application.client.login
        start = yield from (login.register_url if kind == "register" else login.login_url).flow(**options)
    except BillingError as error:
        return refusal(visit, error, Link("Back", application.home))
    return send_to_provider(application, visit, start)


def finish_sign_in(application: Application, visit: Visit) -> Flow[Answer]:
    """Take the browser back from the provider, and begin a session under a new id."""
    try:
        query = read_query(visit)
        started = started_sign_in(application, visit, query.get("state", ""))
        if started.is_taken:
            # Pressed twice, or opened again from the history: the first one did what there was to do.
            return redirect(application.home)
        if query.get("error") == "login_link_expired":
            return (yield from restart_sign_in(application, visit, query, started.transaction.return_to))
        signed_in = yield from application.client.login.callback.flow(query, started.transaction)
    except BillingError as error:
        return refusal(visit, error, Link("Sign in again", f"{application.base}/login"), Link("Home", application.home))
    return redirect(
        local_path(signed_in.return_to or "") or application.home, begin_session(application, visit, signed_in)
    )


def restart_sign_in(
    application: Application, visit: Visit, query: Mapping[str, str], return_to: str | None
) -> Flow[Answer]:
    """Start anew a sign-in whose e-mailed link had expired, with the harmless part of what it asked for."""
    restart = application.client.login.restart_url
    start = yield from restart.flow(query.get("reauth_state", ""), return_to=return_to)
    return send_to_provider(application, visit, start)


def send_to_provider(application: Application, visit: Visit, start: AuthUrl) -> Answer:
    """Keep a started sign-in with this browser, and send the browser to the provider."""
    browser, cookie = browser_key(application, visit)
    application.sessions.start_sign_in(browser, start.transaction)
    return redirect(start.url, cookie)


def begin_session(application: Application, visit: Visit, signed_in: SignedIn) -> str:
    """Keep who signed in, under an id that nobody knew before, and return the cookie that names it."""
    if old := session_key(application, visit):
        application.sessions.drop(old)
    key, cookie = application.session_cookie.issue()
    session = session_of(application, signed_in)
    application.snapshots.drop(session.owner)
    application.sessions.save(key, session)
    return cookie


def session_of(application: Application, signed_in: SignedIn) -> Session:
    """Return a session of whoever has just signed in."""
    who, access = signed_in.user, signed_in.access
    user = SignedInUser(who.sub, who.email, who.given_name, who.family_name, who.picture)
    expires_at = application.now() + application.session_time
    return Session(user, access.iss, access.org_code, access.permissions, signed_in.tokens, expires_at)


def sign_out(application: Application, visit: Visit) -> Flow[Answer]:
    """End the session here, its refresh token at the provider, and the provider's own session."""
    if not is_same_origin(application, visit):
        return refusal(visit, Forbidden("signing out was asked for by another site"), Link("Home", application.home))
    key = session_key(application, visit)
    session = application.sessions.find(key, application.now()) if key else None
    if key is None or session is None:
        return redirect(application.home, application.session_cookie.clear())
    application.sessions.drop(key)
    tokens, login = session.tokens, application.client.login
    if refresh_token := tokens.refresh_token:
        yield from Spawn(lambda: login.revoke.flow(refresh_token))
    try:
        url = yield from login.logout_url.flow(id_token_hint=tokens.id_token)
    except BillingError:
        # Signed out here at least: the provider has no such page, or can't be reached.
        url = application.home
    return redirect(url, application.session_cookie.clear())


def sign_in_options(application: Application, visit: Visit) -> SignInOptions:
    """Return what a link asks of the sign-in; parameters that a link may not carry are left out.

    Raises:
        InvalidRequest: a parameter is repeated, or a flag is neither true nor false.
    """
    query = read_query(visit)
    found: dict[str, str | bool] = {name: query[name] for name in SIGN_IN_PARAMETERS & query.keys() if query[name]}
    for name in FLAGS & found.keys():
        if found[name] not in ("true", "false"):
            raise InvalidRequest(f"{name} is true or false")
        found[name] = found[name] == "true"
    found["return_to"] = local_path(query.get("return_to", "")) or application.home
    return cast("SignInOptions", found)


def read_query(visit: Visit) -> dict[str, str]:
    """Return the parameters of a request.

    Raises:
        InvalidRequest: one is repeated, so that two readers could see two values, or there are too many.
    """
    if len(visit.query) > LONGEST_QUERY:
        raise InvalidRequest("the address is too long")
    try:
        pairs = parse_qsl(visit.query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise InvalidRequest("the address has too many parameters") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidRequest("a parameter is repeated")
    return found


def started_sign_in(application: Application, visit: Visit, state: str) -> StartedSignIn:
    """Return the sign-in that a callback belongs to, and take it.

    Raises:
        StateMismatch: this browser has not started it.
    """
    browser = application.browser_cookie.key_in(visit.header("cookie"))
    found = application.sessions.take_sign_in(browser, state) if browser and state else None
    if found is None:
        raise StateMismatch("the callback does not belong to a sign-in that this browser has started")
    return found


def browser_key(application: Application, visit: Visit) -> tuple[str, str]:
    """Return the key of this browser, and the cookie to hand out: its own for longer, or a new one."""
    cookie = application.browser_cookie
    value = visit.cookie(cookie.name)
    if key := cookie.key(value):
        return key, cookie.keep(value)
    return cookie.issue()


def is_same_origin(application: Application, visit: Visit) -> bool:
    """Whether a browser says that a page of this application sent the request; one that says nothing is refused."""
    if site := visit.header("sec-fetch-site"):
        return site == "same-origin"
    return visit.header("origin") == application.root
