"""Tokens of strangers: taken apart, verified, and read as each kind that there is."""

from __future__ import annotations

import contextlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from billing_sdk._strict_json import parse_object
from billing_sdk.auth.claims import AccessClaims, IdClaims
from billing_sdk.auth.jwk import KeySet
from billing_sdk.auth.jws import read_token
from billing_sdk.auth.verifier import ID, LONGEST_TOKEN, PLAIN_ACCESS, TYPED_ACCESS, require_current
from billing_sdk.errors import BillingError, InvalidToken
from billing_sdk.webhooks import WebhookPolicy, verify
from billing_sdk.webhooks.verify import read_event

ISSUER: Final = "https://id.example"
NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECONDS: Final = int(NOW.timestamp())
POLICY: Final = WebhookPolicy(ISSUER, endpoint_id="webhook_1")
PRIVATE: Final = ec.generate_private_key(ec.SECP256R1())
CLAIMS: Final[dict[str, dict[str, Any]]] = {
    "at+jwt": {"iss": ISSUER, "sub": "kp_1", "aud": [], "iat": SECONDS, "exp": SECONDS + 60, "scp": ["openid"]},
    "JWT": {"iss": ISSUER, "sub": "kp_1", "aud": ["app_1"], "iat": SECONDS, "exp": SECONDS + 60, "nonce": "n"},
    "webhook-event+jwt": {
        "type": "customer.plan_changed",
        "event_id": "event_1",
        "timestamp": "2026-11-21T12:00:00.000Z",
        "data": {"customer_id": "customer_1", "plan": {"key": "pro"}},
        "iss": ISSUER,
        "aud": "webhook_1",
        "iat": SECONDS,
        "exp": SECONDS + 60,
    },
}


def _segment(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _document(value: Mapping[str, Any]) -> str:
    return _segment(json.dumps(value).encode())


def _sign(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bytes:
    message = f"{_document({'alg': 'ES256', 'kid': 'key-1', **header})}.{_document(claims)}"
    r, s = decode_dss_signature(PRIVATE.sign(message.encode(), ec.ECDSA(SHA256())))
    return f"{message}.{_segment(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}".encode()


def _published() -> KeySet:
    numbers = PRIVATE.public_key().public_numbers()
    coordinates = {name: _segment(getattr(numbers, name).to_bytes(32, "big")) for name in ("x", "y")}
    return KeySet.read({"keys": [{"kty": "EC", "crv": "P-256", "kid": "key-1", **coordinates}]})


KEYS: Final = _published()
SEEDS: Final = (
    *(_sign({"typ": typ}, claims) for typ, claims in CLAIMS.items()),
    _sign({"crit": ["b64"], "b64": False}, CLAIMS["JWT"]),
    _sign({"jwk": {"kty": "EC"}}, CLAIMS["JWT"]),
    f"{_document({'alg': 'none'})}.e30.".encode(),
    f"{_document({'alg': 'RSA1_5', 'enc': 'A128GCM', 'zip': 'DEF'})}.a.b.c.d".encode(),
    json.dumps({"payload": "e30", "signatures": []}).encode(),
    *(json.dumps(claims).encode() for claims in CLAIMS.values()),
)


def target(data: bytes) -> None:
    """Read one input as a token, as a webhook, and as the claims of something that was signed."""
    with contextlib.suppress(BillingError):
        _verify(data)
    with contextlib.suppress(BillingError):
        verify(data, KEYS, NOW, policy=POLICY)
    try:
        claims = parse_object(data)
    except ValueError:
        return
    for typ in (*CLAIMS, None):
        _read(typ, claims)


def _verify(data: bytes) -> None:
    unverified = read_token(data, max_bytes=LONGEST_TOKEN)
    key = KEYS.find(unverified.kid, unverified.alg)
    if key is None:
        raise InvalidToken("there is no such key")
    _read(unverified.typ, unverified.verify(key))


def _read(typ: str | None, claims: Mapping[str, Any]) -> None:
    with contextlib.suppress(BillingError):
        require_current(claims, at=SECONDS, longest_seconds=86_400)
    for kind, read in ((TYPED_ACCESS, AccessClaims.read), (PLAIN_ACCESS, AccessClaims.read), (ID, IdClaims.read)):
        with contextlib.suppress(BillingError):
            kind.require(typ, claims)
        with contextlib.suppress(BillingError):
            read(claims)
    with contextlib.suppress(BillingError):
        read_event(typ, claims, at=NOW, policy=POLICY)
