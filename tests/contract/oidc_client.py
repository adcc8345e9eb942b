"""An application and a browser, as far as tests of the OpenID provider need them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from billing_sdk.server.usecases.begin_session import begin_session
from tests.serving import RunningServer

SCOPE = "openid profile email offline"
SESSION_COOKIE = "provider_session"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application's redirect address was sent."""

    address: str
    parameters: dict[str, str]


@dataclass(slots=True)
class SignIn:
    """One sign-in of an application, from its link to its tokens."""

    server: RunningServer
    browser: httpx.Client
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """Return a good authorization request with some parameters changed, or left out where they are None."""
        asked: dict[str, str | None] = {
            "client_id": self.server.seed.client_id,
            "redirect_uri": self.server.redirect_uri,
            "response_type": "code",
            "scope": SCOPE,
            "state": "a-state",
            "nonce": "a-nonce",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def ask(self, **changes: str | None) -> httpx.Response:
        """Send the browser to the authorization endpoint, and no further."""
        return self.browser.get("/oauth2/auth", params=self.parameters(**changes))

    def arrive(self, **changes: str | None) -> Answer:
        """Follow the provider until it sends the browser back to the application."""
        response = self.ask(**changes)
        while response.is_redirect and not response.headers["location"].startswith("http://127.0.0.1:3000/"):
            response = self.browser.get(response.headers["location"])
        assert response.is_redirect, response.text
        return answer_of(response)

    def redeem(self, code: str, **changes: str | None) -> httpx.Response:
        """Exchange a code for tokens, as this application or with some fields changed or left out."""
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.server.redirect_uri,
            "code_verifier": self.verifier,
            **credentials(self.server),
            **changes,
        }
        return post(self.server, "/oauth2/token", asked)

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        """Sign in, and return the tokens."""
        response = self.redeem(self.arrive(**changes).parameters["code"])
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found


def browser_of(server: RunningServer, email: str = "grace@example.com") -> httpx.Client:
    """Return a browser in which somebody is signed in at the provider."""
    with server.engine.read() as tx:
        user = tx.users.find_by_email(email)
    assert user is not None
    key = begin_session(server.engine, user_id=user.id)
    headers = {"Accept": "text/html"}
    return httpx.Client(base_url=server.base_url, cookies={SESSION_COOKIE: key}, headers=headers, timeout=60)


def credentials(server: RunningServer) -> dict[str, str]:
    """Return the fields by which the demo application proves who it is."""
    return {"client_id": server.seed.client_id, "client_secret": server.seed.client_secret}


def machine_credentials(server: RunningServer) -> dict[str, str]:
    """Return the fields by which the demo machine proves who it is."""
    return {"client_id": server.seed.m2m_client_id, "client_secret": server.seed.m2m_client_secret}


def post(server: RunningServer, path: str, fields: dict[str, str | None], **options: Any) -> httpx.Response:
    """Post a form, without the fields that are None."""
    form = {name: value for name, value in fields.items() if value is not None}
    return httpx.post(f"{server.base_url}{path}", data=form, timeout=60, **options)


def refresh(server: RunningServer, token: str, **changes: str | None) -> httpx.Response:
    """Exchange a refresh token, as the demo application or with some fields changed or left out."""
    fields = {"grant_type": "refresh_token", "refresh_token": token, **credentials(server), **changes}
    return post(server, "/oauth2/token", fields)


def profile(server: RunningServer, access_token: str) -> httpx.Response:
    """Ask whose an access token is."""
    headers = {"Authorization": f"Bearer {access_token}"}
    return httpx.get(f"{server.base_url}/oauth2/v2/user_profile", headers=headers, timeout=60)


def error_of(response: httpx.Response, status: int = 400) -> str:
    """Return the code of an error that is told as RFC 6749, section 5.2, wants it."""
    assert response.status_code == status, response.text
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert body.keys() <= {"error", "error_description"}
    assert not set(body.get("error_description", "")) & set('"\\ä')
    error: str = body["error"]
    return error


def answer_of(response: httpx.Response) -> Answer:
    """Return what a redirect back to the application says."""
    address, _, _ = response.headers["location"].partition("?")
    return Answer(address, dict(parse_qsl(urlsplit(response.headers["location"]).query)))


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
