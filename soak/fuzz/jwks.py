"""Key sets of strangers: read, and searched for keys."""

from __future__ import annotations

import contextlib
import json
from base64 import urlsafe_b64encode
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from billing_sdk.auth.jwk import read_key_set
from billing_sdk.errors import BillingError


def _number(value: int, octets: int) -> str:
    return urlsafe_b64encode(value.to_bytes(octets, "big")).rstrip(b"=").decode()


def _keys() -> list[dict[str, Any]]:
    of_rsa = rsa.generate_private_key(public_exponent=65_537, key_size=2_048).public_key().public_numbers()
    of_curve = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    return [
        {"kty": "RSA", "kid": "a", "alg": "RS256", "use": "sig", "n": _number(of_rsa.n, 256), "e": "AQAB"},
        {"kty": "EC", "kid": "b", "crv": "P-256", "x": _number(of_curve.x, 32), "y": _number(of_curve.y, 32)},
        {"kty": "oct", "kid": "c", "k": "AAAA", "alg": "HS256"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "key_ops": ["verify"]},
    ]


KEYS: Final = _keys()
SEEDS: Final = (
    *(json.dumps({"keys": [key]}).encode() for key in KEYS),
    json.dumps({"keys": KEYS}).encode(),
    json.dumps({"keys": [KEYS[0], KEYS[0]]}).encode(),
    json.dumps({"keys": [{**KEYS[0], "key_ops": ["sign"]}, {**KEYS[1], "use": "enc"}, 7, None]}).encode(),
    b'{"keys": []}',
)


def target(data: bytes) -> None:
    """Read one input as a key set."""
    with contextlib.suppress(BillingError):
        found = read_key_set(data)
        for key in found.keys:
            found.find(key.kid, key.alg)
