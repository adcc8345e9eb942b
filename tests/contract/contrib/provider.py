"""A provider for the tests of contrib: it signs everybody in at once, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

KEY = generate_private_key(65_537, 2_048)
CLIENT_ID = "the application"
CLIENT_SECRET = "the application's secret"


class Credentials(Protocol):
    """What an application knows of its provider."""

    base_url: str
    client_id: str
    client_secret: str


@dataclass(slots=True)
class Provider:
    """What the provider says of Ada, and what it was asked.

    Attributes:
        access_seconds: how long access tokens live.
        ahead_seconds: how far its clock is ahead.
        is_down: it answers nothing but 500.
        is_silent: it takes connections and answers nothing at all, until it is not silent any more.
        refuses_refresh: it does not take refresh tokens any more.
        refuses_tokens: it does not take access tokens any more.
        error: what it answers a sign-in instead of a code.
        lacks: endpoints that its metadata does not name.
        calls: how often each path was asked for.
        asked: parameters of the last sign-in.
        bodies: forms that were posted, by path.
    """

    base_url: str = ""
    client_id: str = CLIENT_ID
    client_secret: str = field(default=CLIENT_SECRET, repr=False)
    features: set[str] = field(default_factory=set)
    plans: set[str] = field(default_factory=set)
    permissions: set[str] = field(default_factory=set)
    org_code: str | None = None
    access_seconds: int = 3_600
    is_down: bool = False
    is_silent: bool = False
    refuses_refresh: bool = False
    refuses_tokens: bool = False
    error: dict[str, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    asked: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, dict[str, str]] = field(default_factory=dict)
    ahead_seconds: int = 0
    lacks: set[str] = field(default_factory=set)
    key: RSAPrivateKey = KEY
    kid: str = "k1"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def forget(self) -> None:
        """Become as new, at the same address."""
        for each in fields(self):
            if each.name != "base_url":
                setattr(self, each.name, getattr(Provider(), each.name))

    def app(self) -> Starlette:
        """Return the provider as an application."""
        paths: dict[str, Any] = {
            "/.well-known/openid-configuration": self.metadata,
            "/jwks": self.jwks,
            "/oauth2/auth": self.authorize,
            "/oauth2/token": self.token,
            "/oauth2/revoke": self.revoke,
            "/logout": self.logged_out,
            "/portal_redirect": self.portal,
            "/account_api/v1/entitlements": self.entitlements,
            "/account_api/v1/portal_link": self.portal_link,
        }
        return Starlette(
            routes=[Route(path, self.counted(answer), methods=["GET", "POST"]) for path, answer in paths.items()]
        )

    def counted(self, answer: Any) -> Any:
        """Count a call, and fail it while the provider is down."""

        async def endpoint(request: Request) -> Response:
            path = request.url.path
            self.calls[path] += 1
            while self.is_silent:  # noqa: ASYNC110 - set by the thread of a test, which has no event loop
                await asyncio.sleep(0.02)
            if self.is_down:
                return JSONResponse({"error": "server_error"}, 500)
            form = {name: str(value) for name, value in (await request.form()).items()}
            if form:
                self.bodies[path] = form
            response: Response = answer(request, form)
            return response

        return endpoint

    def metadata(self, _: Request, __: dict[str, str]) -> Response:
        """Answer the discovery document."""
        names = {
            "authorization_endpoint": "/oauth2/auth",
            "token_endpoint": "/oauth2/token",
            "revocation_endpoint": "/oauth2/revoke",
            "end_session_endpoint": "/logout",
            "jwks_uri": "/jwks",
        }
        addresses = {name: f"{self.base_url}{path}" for name, path in names.items() if name not in self.lacks}
        return JSONResponse(
            {"issuer": self.base_url, "authorization_response_iss_parameter_supported": True, **addresses}
        )

    def jwks(self, _: Request, __: dict[str, str]) -> Response:
        """Answer the public key."""
        public: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return JSONResponse({"keys": [{**public, "kid": self.kid, "alg": "RS256", "use": "sig"}]})

    def authorize(self, request: Request, _: dict[str, str]) -> Response:
        """Sign Ada in at once."""
        self.asked = dict(request.query_params)
        code = secrets.token_urlsafe(16)
        self.codes[code] = self.asked
        sent = self.error or {"code": code}
        query = urlencode({**sent, "state": self.asked["state"], "iss": self.base_url})
        return RedirectResponse(f"{self.asked['redirect_uri']}?{query}", 303)

    def token(self, _: Request, form: dict[str, str]) -> Response:
        """Redeem a code, or renew tokens."""
        if form["grant_type"] == "refresh_token":
            if self.refuses_refresh:
                return JSONResponse({"error": "invalid_grant"}, 400)
            return JSONResponse(self.tokens())
        asked = self.codes.pop(form["code"], None)
        if asked is None or urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(
            b"="
        ).decode() != asked.get("code_challenge"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        identity = {"aud": [CLIENT_ID], "nonce": asked["nonce"], "email": "ada@example.com", "given_name": "Ada"}
        return JSONResponse({**self.tokens(), "id_token": self.sign(identity, seconds=3_600)})

    def tokens(self) -> dict[str, Any]:
        """Return the fields of a token response."""
        return {
            "access_token": self.access_token(),
            "refresh_token": secrets.token_urlsafe(16),
            "token_type": "bearer",
            "expires_in": self.access_seconds,
            "scope": "openid",
        }

    def access_token(self, **others: Any) -> str:
        """Return an access token of Ada, with other claims where a test asks for them; None leaves one out."""
        claims = {
            "aud": [],
            "azp": CLIENT_ID,
            "scp": ["openid"],
            "org_code": self.org_code,
            "permissions": sorted(self.permissions),
            "jti": secrets.token_hex(8),
            **others,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.sign(claims, typ="at+jwt", seconds=self.access_seconds)

    def sign(self, claims: dict[str, Any], *, typ: str = "JWT", seconds: int = 60) -> str:
        """Sign claims about Ada."""
        now = int(time.time()) + self.ahead_seconds
        common = {"iss": self.base_url, "sub": "kp_ada", "iat": now, "exp": now + seconds}
        return jwt.encode({**common, **claims}, self.key, "RS256", headers={"kid": self.kid, "typ": typ})

    def webhook(self, event_type: str = "customer.agreement_cancelled", **data: Any) -> str:
        """Return the body of a webhook."""
        now = datetime.now(UTC)
        claims = {
            "type": event_type,
            "event_id": data.pop("event_id", f"event_{secrets.token_hex(8)}"),
            "source": "user",
            "timestamp": now.isoformat(),
            "data": data,
            "iss": self.base_url,
            "aud": "webhook_1",
            "iat": int(now.timestamp()),
            "exp": int(now.timestamp()) + 60,
        }
        return jwt.encode(claims, self.key, "RS256", headers={"kid": self.kid, "typ": "webhook-event+jwt"})

    def revoke(self, _: Request, __: dict[str, str]) -> Response:
        """Take a token back."""
        return Response(status_code=200)

    def logged_out(self, request: Request, _: dict[str, str]) -> Response:
        """Show that the provider's session has ended."""
        return JSONResponse({"logged_out": dict(request.query_params)})

    def portal(self, request: Request, _: dict[str, str]) -> Response:
        """Show the portal."""
        return JSONResponse({"portal": dict(request.query_params)})

    def entitlements(self, _: Request, __: dict[str, str]) -> Response:
        """Answer what Ada may use."""
        if self.refuses_tokens:
            return JSONResponse({"code": "unauthenticated", "detail": "the token was revoked"}, 401)
        data = {
            "org_code": self.org_code,
            "plans": [{"key": key} for key in sorted(self.plans)],
            "entitlements": [{"id": f"entitlement_{key}", "feature_key": key} for key in sorted(self.features)],
        }
        return JSONResponse({"data": data, "metadata": {"has_more": False, "next_page_starting_after": None}})

    def portal_link(self, request: Request, _: dict[str, str]) -> Response:
        """Make a link to the portal."""
        query = urlencode({"key": secrets.token_hex(8), **request.query_params})
        return JSONResponse({"url": f"{self.base_url}/portal_redirect?{query}"})
