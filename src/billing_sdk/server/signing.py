"""Keys, and what they sign: access tokens, ID tokens and webhook bodies.

Pure: nothing here reads a clock, a database or the network. All signatures are RS256 (RFC 7518, section 3.3), and
the `typ` of the header keeps the kinds of tokens apart, which the same keys sign (RFC 8725, section 3.11).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from billing_sdk._secret import Secret
from billing_sdk._strict_json import parse_object
from billing_sdk.errors import InvalidToken

ALGORITHM = "RS256"
KEY_BITS = 2048
PUBLIC_EXPONENT = 65_537
MAX_TOKEN_CHARACTERS = 16_384
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair with the times between which it is of use.

    Attributes:
        kid: the thumbprint of the public part (RFC 7638), so that no two keys share one.
        private_pem: the private part (PKCS #8); it does not leave the process, and the database keeps it sealed.
        created_at: from when on the public part is published.
        activates_at: from when on it may sign.
        retires_at: from when on nothing that it has signed is accepted any more; None while it is not replaced.
    """

    kid: str
    private_pem: Secret
    created_at: datetime
    activates_at: datetime
    retires_at: datetime | None = None

    @classmethod
    def generate(cls, at: datetime, *, activates_at: datetime | None = None) -> SigningKey:
        """Make a new key pair, which signs from `activates_at` on, or at once."""
        private = generate_private_key(PUBLIC_EXPONENT, KEY_BITS)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return cls(_thumbprint(private.public_key()), Secret(pem), at, activates_at or at)

    def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        """Return the claims as a compact JWT of one kind, such as `at+jwt`."""
        headers = {"kid": self.kid, "typ": typ}
        return jwt.encode(dict(claims), _load(self.private_pem), algorithm=ALGORITHM, headers=headers)

    def public_jwk(self) -> dict[str, str]:
        """Return the public part, and nothing else, as a JSON Web Key (RFC 7517)."""
        return {**_public_members(self.public_key()), "use": "sig", "alg": ALGORITHM, "kid": self.kid}

    def public_key(self) -> RSAPublicKey:
        """Return the part that verifies."""
        return _load(self.private_pem).public_key()


def read_token(token: str, *, keys: Collection[SigningKey], typ: str) -> dict[str, Any]:
    """Return the claims of a token that one of our own keys has signed.

    Nothing is read from the claims before the signature holds. Times and audiences are for the caller to judge.

    Raises:
        InvalidToken: it is not exactly what `SigningKey.sign` makes of this kind with one of these keys.
    """
    if len(token) > MAX_TOKEN_CHARACTERS or not COMPACT.fullmatch(token):
        raise InvalidToken("the token is not a compact JWT")
    header, payload, signature = token.split(".")
    named = _object(_decode(header))
    key = next((key for key in keys if key.kid == named.get("kid")), None)
    # A whole comparison leaves no room for `alg` none, a key or an address in the header, or `crit`.
    if key is None or named != {"alg": ALGORITHM, "kid": key.kid, "typ": typ}:
        raise InvalidToken("the token was not issued here, or not for this use")
    _decode(signature)
    try:
        jwt.api_jws.decode(token, key.public_key(), algorithms=[ALGORITHM])
    except jwt.PyJWTError:
        raise InvalidToken("the token's signature does not hold") from None
    return _object(_decode(payload))


def at_hash(access_token: str) -> str:
    """Return the claim that ties an ID token to an access token (OpenID Connect Core 1.0, section 3.1.3.6)."""
    return _encode(hashlib.sha256(access_token.encode("ascii")).digest()[:16])


@lru_cache(maxsize=32)  # reading a key checks its primes, which takes longer than signing with it
def _load(private_pem: Secret) -> RSAPrivateKey:
    key = load_pem_private_key(private_pem.reveal().encode(), password=None)
    assert isinstance(key, RSAPrivateKey)  # noqa: S101 - `generate` makes no other kind
    return key


def _public_members(public: RSAPublicKey) -> dict[str, str]:
    numbers = public.public_numbers()
    return {"kty": "RSA", "n": _encode_number(numbers.n), "e": _encode_number(numbers.e)}


def _thumbprint(public: RSAPublicKey) -> str:
    canonical = json.dumps(_public_members(public), sort_keys=True, separators=(",", ":"))
    return _encode(hashlib.sha256(canonical.encode()).digest())


def _encode_number(number: int) -> str:
    return _encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _decode(segment: str) -> bytes:
    try:
        octets = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise InvalidToken("the token is not a compact JWT") from None
    if _encode(octets) != segment:  # the same octets have one spelling only
        raise InvalidToken("the token is not a compact JWT")
    return octets


def _object(text: bytes) -> dict[str, Any]:
    try:
        return parse_object(text)
    except ValueError:
        raise InvalidToken("the token does not carry JSON objects") from None
