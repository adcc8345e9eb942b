"""Who calls the server in contract tests: a machine with some scopes, and a person who has signed in."""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from billing_sdk.testing.visitor import Visitor
from tests.serving import RunningServer


def machine_token(server: RunningServer, *scopes: str) -> str:
    """Return a token of the demo machine with some of its scopes, or with all of them."""
    form = {
        "grant_type": "client_credentials",
        "client_id": server.seed.m2m_client_id,
        "client_secret": server.seed.m2m_client_secret,
        "audience": server.engine.settings.management_audience[0],
    }
    if scopes:
        form["scope"] = " ".join(scopes)
    answer = httpx.post(f"{server.base_url}/oauth2/token", data=form, timeout=60)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def person_token(server: RunningServer, email: str, password: str, **parameters: str) -> str:
    """Sign a person in through the pages and return the access token."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    request = {
        "client_id": server.seed.client_id,
        "redirect_uri": server.redirect_uri,
        "response_type": "code",
        "scope": "openid profile email",
        "state": secrets.token_urlsafe(16),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **parameters,
    }
    with Visitor() as visitor:
        visitor.open(f"{server.base_url}/oauth2/auth?{urlencode(request)}")
        callback = sign_in_and_leave(visitor, email=email, password=password)
    form = {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": request["redirect_uri"],
        "client_id": server.seed.client_id,
        "client_secret": server.seed.client_secret,
        "code_verifier": verifier,
    }
    answer = httpx.post(f"{server.base_url}/oauth2/token", data=form, timeout=60)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def sign_in_and_leave(visitor: Visitor, *, email: str, password: str) -> dict[str, str]:
    """Sign in on the page in front of a visitor, and return what the application's callback is sent."""
    try:
        page = visitor.submit(email=email, password=password)
    except httpx.ConnectError as error:  # nobody listens at the application's address, which is all that we need
        return dict(parse_qsl(urlsplit(str(error.request.url)).query))
    raise AssertionError(f"the sign-in stays at {page.url}: {page.text}")
