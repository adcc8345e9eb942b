"""The relying party of the certification plans for providers, and the browser of its tester.

It registers as the suite asks for: with a secret, without PKCE, once with each way to prove itself, and twice, since
some modules try the tokens of one client with the other. Every answer is checked as the suite checks each of them, so
a module states only what is special about it. What the suite reports as a warning fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jwt
import pytest

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.ids import digest_of
from billing_sdk.server.signing import at_hash
from billing_sdk.server.usecases.begin_session import begin_session
from tests.contract.oidc_client import error_of
from tests.serving import RunningServer, serving

CLIENTS = {"suite_one": "the secret of one %&+: \u00e4", "suite_two": "the secret of two"}
REDIRECT_URI = "https://suite.example/test/a/billing/callback"
AFTER_LOGOUT = "https://suite.example/test/a/billing/post_logout_redirect"
PERSON = ("grace@example.com", "correct horse battery staple")
ACTION = re.compile(r'<form[^>]* action="([^"]+)"')


def module(name: str) -> pytest.MarkDecorator:
    """Mark a test as the one of a module of the suite; its id is the module's name."""
    return pytest.mark.parametrize("name", [name])


@contextmanager
def provider_under_test(folder: Any) -> Iterator[RunningServer]:
    """Run a server that the suite's clients are registered at, with a clock that tests move."""
    clock = TestClock(datetime(2026, 11, 1, 12, tzinfo=UTC))
    with serving(f"sqlite:///{folder}/billing.db", clock=clock) as server:
        with server.engine.begin() as tx:
            for client_id, secret in CLIENTS.items():
                application = Application(
                    client_id, "Suite", "web", (REDIRECT_URI,), (AFTER_LOGOUT,), requires_pkce=False
                )
                tx.applications.save(application, secret_digest=digest_of(secret))
        yield server


def move(server: RunningServer, **units: float) -> None:
    """Let time pass."""
    assert isinstance(server.engine.clock, TestClock)
    server.engine.clock.advance(**units)


@dataclass(slots=True)
class RelyingParty:
    """One client of the suite, and a browser."""

    server: RunningServer
    browser: httpx.Client
    client_id: str = "suite_one"
    sign_ins: int = 0
    asked: dict[str, str] = field(default_factory=dict)

    @property
    def secret(self) -> str:
        return CLIENTS[self.client_id]

    def ask(self, method: str = "GET", **changes: str | None) -> httpx.Response:
        """Send the browser to the authorization endpoint with a good request, changed where it is said."""
        request: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": "openid",
            "state": "random-state",
            "nonce": "random-nonce",
            "response_type": "code",
            **changes,
        }
        self.asked = {name: value for name, value in request.items() if value is not None}
        if method == "POST":
            return self.browser.post("/oauth2/auth", data=self.asked)
        return self.browser.get("/oauth2/auth", params=self.asked)

    def callback(self, response: httpx.Response) -> dict[str, str]:
        """Follow the provider to the callback, signing in where its page is shown; return what it is sent."""
        while True:
            while response.is_redirect and response.headers["location"].startswith("/"):
                response = self.browser.get(response.headers["location"])
            if response.is_redirect:
                address, _, query = response.headers["location"].partition("?")
                assert address == REDIRECT_URI
                sent = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))
                assert sent["state"] == self.asked["state"]
                assert sent["iss"] == self.server.base_url
                return sent
            assert response.status_code == 200, response.text
            assert "Sign in" in response.text
            self.sign_ins += 1
            response = self.submit(response, email=PERSON[0], password=PERSON[1])

    def submit(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """Send the form of a page."""
        action, hidden = (
            ACTION.search(page.text),
            re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text),
        )
        assert action, page.text
        form = {unescape(name): unescape(value) for name, value in hidden} | fields
        return self.browser.post(action[1], data=form, headers={"Origin": self.server.base_url})

    def code(self, method: str = "GET", **changes: str | None) -> str:
        """Return the code of an authorization that succeeds, in an answer that has nothing else in it."""
        sent = self.callback(self.ask(method, **changes))
        assert sent.keys() == {"code", "state", "iss"}, sent
        return sent["code"]

    def refusal(self, response: httpx.Response) -> str:
        """Return the error of an authorization that fails, in an answer that is well formed."""
        sent = self.callback(response)
        assert sent.keys() <= {"error", "error_description", "state", "iss"}
        assert set(sent.get("error_description", "")) <= {chr(code) for code in range(0x20, 0x7F)} - {'"', "\\"}
        return sent["error"]

    def token_request(self, *, is_posted: bool = False, **fields: str) -> httpx.Response:
        """Call the token endpoint by `client_secret_basic`, or by `client_secret_post`."""
        if is_posted:
            fields |= {"client_id": self.client_id, "client_secret": self.secret}
            return self.browser.post("/oauth2/token", data=fields)
        basic = httpx.BasicAuth(*(str(httpx.QueryParams({"x": part}))[2:] for part in (self.client_id, self.secret)))
        return self.browser.post("/oauth2/token", data=fields, auth=basic)

    def redeem(self, code: str, *, is_posted: bool = False, **fields: str) -> httpx.Response:
        """Exchange a code."""
        request = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, **fields}
        return self.token_request(is_posted=is_posted, **request)

    def tokens(self, *, is_posted: bool = False, **changes: str | None) -> dict[str, Any]:
        """Sign in and return the answer of the token endpoint, with the claims of its ID token as `claims`."""
        return self.read_tokens(self.redeem(self.code(**changes), is_posted=is_posted))

    def read_tokens(self, response: httpx.Response) -> dict[str, Any]:
        """Return an answer of the token endpoint that is as it has to be, with the claims of its ID token."""
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json"
        assert response.headers["cache-control"] == "no-store"
        answer: dict[str, Any] = response.json()
        assert answer["token_type"].lower() == "bearer"
        assert answer["expires_in"] > 0
        assert len(answer["access_token"]) >= 43  # 128 bits and more
        return answer | {"claims": self.verified(answer)}

    def verified(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return the claims of an ID token whose signature and standard claims hold."""
        header = jwt.get_unverified_header(answer["id_token"])
        keys = {key["kid"]: key for key in self.browser.get("/.well-known/jwks").json()["keys"]}
        assert header["alg"] == "RS256"
        claims: dict[str, Any] = jwt.decode(
            answer["id_token"],
            jwt.PyJWK(keys[header["kid"]]),
            algorithms=["RS256"],
            audience=self.client_id,
            issuer=self.server.base_url,
            options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_exp": False, "verify_iat": False},
        )
        now = self.server.engine.now().timestamp()
        assert claims["iat"] <= now < claims["exp"]
        assert claims["azp"] == self.client_id
        assert claims["at_hash"] == at_hash(answer["access_token"])
        assert claims.get("nonce") == self.asked.get("nonce")
        assert 0 < len(claims["sub"]) <= 255
        return claims

    def userinfo(self, answer: dict[str, Any], *, status: int = 200) -> dict[str, Any]:
        """Return what the userinfo endpoint says for an access token."""
        headers = {"Authorization": f"Bearer {answer['access_token']}"}
        return self.read_userinfo(self.browser.get("/oauth2/userinfo", headers=headers), answer, status=status)

    def read_userinfo(self, response: httpx.Response, answer: dict[str, Any], *, status: int = 200) -> dict[str, Any]:
        """Return an answer of the userinfo endpoint that is as it has to be."""
        assert response.status_code == status, response.text
        if status != 200:
            return {}
        said: dict[str, Any] = response.json()
        assert said["sub"] == answer["claims"]["sub"]
        assert all(value not in (None, "") for value in said.values())
        return said

    def expect_invalid_grant(self, response: httpx.Response) -> None:
        """Check an answer of the token endpoint that refuses what it was sent."""
        assert error_of(response) == "invalid_grant"
        assert response.headers["content-type"] == "application/json"

    def log_out(self, **parameters: str) -> httpx.Response:
        """Send the browser to the end-session endpoint; confirm there, if the provider asks for that."""
        response = self.browser.get("/logout", params=parameters)
        if "Sign out?" in response.text:
            response = self.submit(response)
        return response

    @property
    def is_signed_in(self) -> bool:
        """Whether the provider still knows the person."""
        return "code" in self.callback(self.ask(prompt="none"))


@contextmanager
def relying_party(server: RunningServer, *, is_signed_in: bool = True) -> Iterator[RelyingParty]:
    """Open a browser, in which the tester is signed in unless it is said otherwise."""
    with httpx.Client(base_url=server.base_url, headers={"Accept": "text/html"}, timeout=30) as browser:
        if is_signed_in:
            with server.engine.read() as tx:
                user = tx.users.find_by_email(PERSON[0])
            assert user is not None
            key = begin_session(server.engine, user_id=user.id)
            browser.cookies.set("provider_session", key, domain="127.0.0.1")
        yield RelyingParty(server, browser)
