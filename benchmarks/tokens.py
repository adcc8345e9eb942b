"""What it costs to verify an access token: for the first time, again, and with another library."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, Key, KeySet as JoserfcKeySet, RSAKey

from billing_sdk import Client
from billing_sdk.auth.jwk import KeySet
from billing_sdk.auth.key_cache import _Fetched

ISSUER = "https://id.example"  # nobody is asked: the keys are at hand
ROUNDS = 7
FIRST_CALLS = 400
AGAIN_CALLS = 20_000


def measure() -> list[tuple[str, str]]:
    """Return what was measured, a name and a figure each."""
    return [figure for alg in ("RS256", "ES256") for figure in measure_algorithm(alg)]


def measure_algorithm(alg: str) -> list[tuple[str, str]]:
    """Time the same tokens with the client and with joserfc, round by round in turn."""
    key = private_key(alg)
    tokens = [sign(key, alg, serial) for serial in range(FIRST_CALLS)]
    client = client_with(key)
    published = JoserfcKeySet.import_key_set({"keys": [key.as_dict(private=False)]})
    registry = joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    )

    def first(token: str) -> None:
        client.tokens.verify_access(token)

    def other(token: str) -> None:
        registry.validate(joserfc_jwt.decode(token, published, algorithms=[alg]).claims)

    ours, theirs, again = [], [], []
    for _ in range(ROUNDS):
        client._provider.verifier._verified.clear()
        ours.append(microseconds(first, tokens))
        theirs.append(microseconds(other, tokens))
        again.append(microseconds(first, tokens[:20] * (AGAIN_CALLS // 20)))
    return [
        (f"{alg}: a token for the first time, all claims checked", shown(ours)),
        (f"{alg}: the same tokens with joserfc", shown(theirs)),
        (f"{alg}: a token again", shown(again)),
    ]


def private_key(alg: str) -> Key:
    """Return a new key pair."""
    private: Any = (
        ec.generate_private_key(ec.SECP256R1()) if alg == "ES256" else rsa.generate_private_key(65_537, 2_048)
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kind: Any = ECKey if alg == "ES256" else RSAKey
    found: Key = kind.import_key(pem, {"kid": "key-1", "use": "sig", "alg": alg})
    return found


def sign(key: Key, alg: str, serial: int) -> str:
    """Return an access token such as the billing server issues."""
    at = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": "kp_0123456789abcdef0123456789abcdef",
        "aud": [],
        "azp": "app_1",
        "iat": at,
        "exp": at + 3_600,
        "jti": f"token_{serial}",
        "scp": ["openid", "profile", "email", "offline"],
        "org_code": "org_0123456789a",
        "permissions": ["org:read:billing", "org:write:billing"],
        "feature_flags": {},
    }
    return joserfc_jwt.encode({"alg": alg, "kid": "key-1", "typ": "at+jwt"}, claims, key, algorithms=[alg])


def client_with(key: Key) -> Client:
    """Return a client that has fetched the key already."""
    client = Client(issuer=ISSUER, client_id="app_1", now=lambda: datetime.now(UTC))
    keys = client._provider.keys
    keys._fetched = _Fetched(KeySet.read({"keys": [key.as_dict(private=False)]}), time.monotonic())
    return client


def microseconds(call: Callable[[str], None], tokens: list[str]) -> float:
    """Return how much of the processor's time one call takes, which other programs do not lengthen much."""
    started = time.process_time_ns()
    for token in tokens:
        call(token)
    return (time.process_time_ns() - started) / len(tokens) / 1_000


def shown(rounds: list[float]) -> str:
    """Return the median as it is printed."""
    found = statistics.median(rounds)
    return f"{found:.1f} µs"
