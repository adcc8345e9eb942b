"""An OpenID provider on loopback that does as the standards say until it is told to misbehave.

Each misbehaviour is a name in `FAULTS`; what it was asked is kept in `seen`. A sign-in needs no browser: `visit` takes
the address that a visitor would be sent to, and returns the one that the visitor would come back to.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from tests.unit.sdk.kit import KEY, OTHER_KEY, Key, b64, segment

CLIENT_ID: Final = "the application"
CLIENT_SECRET: Final = "the application's secret"
FAULTS: Final = {
    "discovery-issuer": "the metadata names another issuer",
    "secret-in-header-only": "the token endpoint takes the client's secret as HTTP Basic alone",
    "id-token-issuer": "the ID token names another issuer",
    "id-token-audience": "the ID token is for another application",
    "id-token-nonce": "the ID token has the nonce of another sign-in",
    "id-token-expired": "the ID token has ended",
    "id-token-without-sub": "the ID token names nobody",
    "id-token-without-iat": "the ID token does not say when it was issued",
    "id-token-without-kid": "the ID token does not say which key signed it",
    "id-token-unsigned": "the ID token has the algorithm none",
    "id-token-forged": "the ID token is signed by a key that is not published",
    "another-key-published": "a second key is published",
    "refreshed-issuer": "the refreshed ID token names another issuer",
    "refreshed-sub": "the refreshed ID token names somebody else",
    "profile-of-another": "the userinfo endpoint tells of somebody else",
    "portal-elsewhere": "the portal link leads to another host",
    "token-endpoint-silent": "the token endpoint takes the request and answers nothing",
    "token-endpoint-repeats": "the token endpoint refuses, and repeats what it was sent",
    "short-lived": "access tokens end at once",
}
SOMEBODY_ELSE: Final = "kp_eve"
EVIL: Final = "https://evil.example"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request."""

    path: str
    headers: dict[str, str]
    query: dict[str, str]
    form: dict[str, str]


Answer = tuple[int, dict[str, Any]]


@dataclass(slots=True)
class HostileProvider:
    """The provider, and what it was asked.

    Attributes:
        now: tells the seconds that tokens are dated with.
        faults: names of `FAULTS` that it shows at present.
        key: what it signs with.
        seen: what it was asked, in order.
    """

    base_url: str = ""
    now: Callable[[], float] = time.time
    faults: set[str] = field(default_factory=set)
    key: Key = field(default_factory=lambda: KEY)
    seen: list[Seen] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def reset(self, *faults: str) -> None:
        """Become as new, but for these faults."""
        unknown = set(faults) - FAULTS.keys()
        assert not unknown, unknown
        self.faults, self.key = set(faults), KEY
        for kept in (self.seen, self.codes, self.nonces, self.given):
            kept.clear()

    def asked(self, path: str) -> list[Seen]:
        """Return what it was asked at one path."""
        return [one for one in self.seen if one.path == path]

    def visit(self, url: str, **bent: str | None) -> str:
        """Sign Ada in who was sent to this address, and return where she is sent back to, bent as a test asks."""
        asked = dict(parse_qsl(urlsplit(url).query))
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        sent = {"code": code, "state": asked.get("state"), "iss": self.base_url, **bent}
        return (
            f"{asked['redirect_uri']}?{urlencode({name: value for name, value in sent.items() if value is not None})}"
        )

    def secrets_of(self, url: str, callback: str) -> set[str]:
        """Return what of a sign-in nobody else may learn: state and nonce of the way there, code of the way back."""
        there, back = dict(parse_qsl(urlsplit(url).query)), dict(parse_qsl(urlsplit(callback).query))
        return {value for value in (there.get("state"), there.get("nonce"), back.get("code")) if value}

    def secrets_handled(self) -> set[str]:
        """Return the verifiers that were shown to it, and the tokens that it gave."""
        return {one.form["code_verifier"] for one in self.seen if "code_verifier" in one.form} | set(self.given)

    def answer(self, request: Seen) -> Answer:
        """Answer one request."""
        self.seen.append(request)
        paths: dict[str, Callable[[Seen], Answer]] = {
            "/.well-known/openid-configuration": lambda _: (200, self.metadata()),
            "/.well-known/jwks": lambda _: (200, self.key_set()),
            "/oauth2/token": self.token,
            "/oauth2/v2/user_profile": lambda _: (200, self.profile()),
            "/account_api/v1/portal_link": lambda _: (200, self.portal_link()),
            "/oauth2/revoke": lambda _: (200, {}),
        }
        return paths.get(request.path, lambda _: (404, {"error": "not_found"}))(request)

    def metadata(self) -> dict[str, Any]:
        """Return the discovery document."""
        methods = ["client_secret_basic", "client_secret_post"]
        return {
            "issuer": EVIL if "discovery-issuer" in self.faults else self.base_url,
            "authorization_endpoint": f"{self.base_url}/oauth2/auth",
            "token_endpoint": f"{self.base_url}/oauth2/token",
            "userinfo_endpoint": f"{self.base_url}/oauth2/v2/user_profile",
            "revocation_endpoint": f"{self.base_url}/oauth2/revoke",
            "end_session_endpoint": f"{self.base_url}/logout",
            "jwks_uri": f"{self.base_url}/.well-known/jwks",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": methods[:1] if "secret-in-header-only" in self.faults else methods,
            "authorization_response_iss_parameter_supported": True,
        }

    def key_set(self) -> dict[str, Any]:
        """Return the published keys."""
        published = [self.key.jwk()]
        return {"keys": [*published, OTHER_KEY.jwk()] if "another-key-published" in self.faults else published}

    def token(self, request: Seen) -> Answer:
        """Redeem a code or renew tokens, for whoever knows the secret and the verifier."""
        if "token-endpoint-silent" in self.faults:
            self.closing.wait(60)
            return 503, {}
        if "token-endpoint-repeats" in self.faults:
            return 400, {"error": "invalid_request", "error_description": json.dumps(request.form)}
        if not self._knows_secret(request):
            return 401, {"error": "invalid_client"}
        if request.form.get("grant_type") == "refresh_token":
            nonce = self.nonces.pop(request.form.get("refresh_token", ""), None)
            return (400, {"error": "invalid_grant"}) if nonce is None else (200, self.tokens(nonce, is_refresh=True))
        asked = self.codes.pop(request.form.get("code", ""), {})
        challenge = b64(sha256(request.form.get("code_verifier", "").encode()).digest())
        if asked.get("code_challenge") != challenge or asked["redirect_uri"] != request.form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        return 200, self.tokens(asked.get("nonce", ""))

    def _knows_secret(self, request: Seen) -> bool:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            given = tuple(unquote_plus(part) for part in b64decode(encoded).decode().split(":"))
        elif "secret-in-header-only" in self.faults:
            return False
        else:
            given = (request.form.get("client_id", ""), request.form.get("client_secret", ""))
        return given == (CLIENT_ID, CLIENT_SECRET)

    def tokens(self, nonce: str, *, is_refresh: bool = False) -> dict[str, Any]:
        """Return the fields of a token response."""
        refresh_token = secrets.token_urlsafe(24)
        self.nonces[refresh_token] = nonce
        seconds = 1 if "short-lived" in self.faults else 3_600
        access_token = self.key.sign(self.claims(seconds, azp=CLIENT_ID, aud=[], scp=["openid"]), typ="at+jwt")
        id_token = self.id_token(nonce, access_token, is_refresh=is_refresh)
        self.given += [access_token, id_token, refresh_token]
        return {
            "access_token": access_token,
            "id_token": id_token,
            "refresh_token": refresh_token,
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": "openid profile email offline",
        }

    def claims(self, seconds: int, **more: Any) -> dict[str, Any]:
        """Return the claims of a token about Ada that was issued a moment ago."""
        issued = int(self.now()) - 5
        return {"iss": self.base_url, "sub": "kp_ada", "iat": issued, "exp": issued + 5 + seconds, **more}

    def id_token(self, nonce: str, access_token: str, *, is_refresh: bool) -> str:
        """Return an ID token, with the faults that it is to have."""
        claims = self.claims(
            3_600,
            aud=[CLIENT_ID],
            nonce=nonce,
            at_hash=b64(sha256(access_token.encode()).digest()[:16]),
            email="ada@example.com",
        )
        bent: dict[str, dict[str, Any]] = {
            "id-token-issuer": {"iss": EVIL},
            "id-token-audience": {"aud": ["another application"]},
            "id-token-nonce": {"nonce": "the nonce of another sign-in"},
            "id-token-expired": {"iat": claims["iat"] - 7_200, "exp": claims["iat"] - 3_600},
            "id-token-without-sub": {"sub": None},
            "id-token-without-iat": {"iat": None},
            **({"refreshed-issuer": {"iss": EVIL}, "refreshed-sub": {"sub": SOMEBODY_ELSE}} if is_refresh else {}),
        }
        for fault in self.faults & bent.keys():
            claims |= bent[fault]
        claims = {name: value for name, value in claims.items() if value is not None}
        if "id-token-unsigned" in self.faults:
            return f"{segment({'alg': 'none', 'typ': 'JWT'})}.{segment(claims)}."
        key = Key(self.key.kid, OTHER_KEY.private) if "id-token-forged" in self.faults else self.key
        return key.sign(claims, **({"kid": None} if "id-token-without-kid" in self.faults else {}))

    def profile(self) -> dict[str, Any]:
        """Return what the userinfo endpoint tells."""
        sub = SOMEBODY_ELSE if "profile-of-another" in self.faults else "kp_ada"
        return {"sub": sub, "id": sub, "email": "ada@example.com", "email_verified": True, "given_name": "Ada"}

    def portal_link(self) -> dict[str, Any]:
        """Return a link into the portal."""
        return {"url": f"{EVIL if 'portal-elsewhere' in self.faults else self.base_url}/portal_redirect?key=k"}


@contextmanager
def hostile_provider(now: Callable[[], float] = time.time) -> Iterator[HostileProvider]:
    """Run a provider on a free loopback port for the length of a `with` block."""
    provider = HostileProvider(now=now)

    class Handler(BaseHTTPRequestHandler):
        """Translates a request for the provider."""

        def do_GET(self) -> None:
            """Answer a request of either method."""
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Seen(parts.path, headers, dict(parse_qsl(parts.query)), dict(parse_qsl(body)))
            status, document = provider.answer(request)
            encoded = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            with suppress(OSError):  # whoever asked has given up
                self.wfile.write(encoded)

        do_POST = do_GET  # noqa: N815 - the name is that of the library

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.base_url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            provider.closing.set()
            server.shutdown()
            thread.join(10)
