"""An issuer that exists only on paper: it signs tokens, and its endpoints are answered by respx."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import httpx
import respx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "https://id.example"
CLIENT_ID = "app_1"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())

SETTINGS: dict[str, Any] = {
    "issuer": ISSUER,
    "client_id": CLIENT_ID,
    "client_secret": "shh-app",
    "redirect_uri": "https://app.example/billing/callback",
    "m2m_client_id": "machine_1",
    "m2m_client_secret": "shh-machine",
    "now": lambda: NOW,
}

METADATA: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/oauth2/auth",
    "token_endpoint": f"{ISSUER}/oauth2/token",
    "jwks_uri": f"{ISSUER}/.well-known/jwks",
    "end_session_endpoint": f"{ISSUER}/logout",
    "revocation_endpoint": f"{ISSUER}/oauth2/revoke",
    "userinfo_endpoint": f"{ISSUER}/oauth2/v2/user_profile",
    "code_challenge_methods_supported": ["S256"],
    "token_endpoint_auth_methods_supported": ["client_secret_post"],
    "authorization_response_iss_parameter_supported": True,
}


def b64(data: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    """Return a number as a JWK writes it."""
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def segment(document: Any) -> str:
    """Return a JSON document, or raw text, as a segment of a token."""
    return b64(document if isinstance(document, bytes) else json.dumps(document).encode())


@dataclass
class Key:
    """A signing key with any header that a test asks for; RSA unless it is asked for EC."""

    kid: str = "key-1"
    private: Any = field(default_factory=lambda: rsa.generate_private_key(public_exponent=65_537, key_size=2_048))

    @property
    def alg(self) -> str:
        return "RS256" if isinstance(self.private, rsa.RSAPrivateKey) else "ES256"

    def jwk(self, **members: Any) -> dict[str, Any]:
        """Return the public key."""
        public = self.private.public_key()
        if self.alg == "RS256":
            numbers = public.public_numbers()
            own: dict[str, Any] = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        else:
            numbers = public.public_numbers()
            coordinates = {name: b64(getattr(numbers, name).to_bytes(32, "big")) for name in ("x", "y")}
            own = {"kty": "EC", "crv": "P-256", **coordinates}
        return {"kid": self.kid, "use": "sig", "alg": self.alg, **own, **members}

    def sign(self, claims: Any, *, typ: str | None = "JWT", **header: Any) -> str:
        """Return a compact token; a header of None is left out, claims may be raw bytes."""
        found = {"alg": self.alg, "kid": self.kid, "typ": typ, **header}
        return self.sign_raw({name: value for name, value in found.items() if value is not None}, claims)

    def sign_raw(self, header: Any, claims: Any) -> str:
        """Return a compact token with exactly this header."""
        signed = f"{segment(header)}.{segment(claims)}"
        return f"{signed}.{b64(self.signature(signed.encode()))}"

    def signature(self, message: bytes) -> bytes:
        """Return the signature of a message, as JWS writes it."""
        if self.alg == "RS256":
            signed: bytes = self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
            return signed
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


KEY = Key()
OTHER_KEY = Key("key-2")
EC_KEY = Key("key-ec", ec.generate_private_key(ec.SECP256R1()))


def access_claims(**claims: Any) -> dict[str, Any]:
    """Return the claims of a user's access token."""
    return {
        "iss": ISSUER,
        "sub": "kp_1",
        "aud": [],
        "azp": CLIENT_ID,
        "iat": SECONDS - 10,
        "exp": SECONDS + 3_600,
        "jti": "jti_1",
        "scp": ["openid"],
        "org_code": "org_1",
        "permissions": ["org:read:billing"],
        **claims,
    }


def id_claims(access_token: str, nonce: str, **claims: Any) -> dict[str, Any]:
    """Return the claims of an ID token that goes with an access token."""
    return {
        "iss": ISSUER,
        "sub": "kp_1",
        "aud": [CLIENT_ID],
        "azp": CLIENT_ID,
        "iat": SECONDS - 10,
        "exp": SECONDS + 3_600,
        "nonce": nonce,
        "at_hash": b64(sha256(access_token.encode()).digest()[:16]),
        "email": "ada@example.com",
        "org_codes": ["org_1"],
        **claims,
    }


def event_claims(**claims: Any) -> dict[str, Any]:
    """Return the payload of a webhook."""
    return {
        "type": "customer.plan_changed",
        "event_id": "event_1",
        "source": "user",
        "timestamp": "2026-11-21T11:59:00.000Z",
        "event_timestamp": "2026-11-21T11:59:00.000Z",
        "data": {
            "customer_id": "customer_1",
            "user_id": "kp_1",
            "org_code": "org_1",
            "sequence": 7,
            "plan": {"key": "pro_monthly", "code": "pro_monthly", "name": "Pro"},
            "previous_plan": {"key": "free", "name": "Free"},
            "agreement_id": "agreement_1",
        },
        **claims,
    }


def token_response(**members: Any) -> dict[str, Any]:
    """Return an answer of the token endpoint."""
    return {"access_token": "opaque", "token_type": "bearer", "expires_in": 3_600, **members}


def publish(router: respx.MockRouter, *keys: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
    """Let the issuer answer for its metadata and keys."""
    answer_always(router.get("/.well-known/openid-configuration"), metadata or METADATA)
    answer_always(router.get("/.well-known/jwks"), {"keys": list(keys) or [KEY.jwk()]})


def answer_always(route: respx.Route, document: Any, *, status: int = 200) -> respx.Route:
    """Let a route answer every request anew; a response object itself can be read only once."""
    return route.mock(side_effect=lambda _: httpx.Response(status, json=document))


class Monotonic:
    """A clock that runs only when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
