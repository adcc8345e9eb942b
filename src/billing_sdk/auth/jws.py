"""Signatures: compact JWS under a policy stricter than the standard's (RFC 7515, RFC 8725).

A library verifies whatever the standard allows. What a billing decision rests on is narrower: three plain segments,
one meaning of the JSON, two asymmetric algorithms, a key that was published for exactly one of them, and no header
that brings its own key. Verification itself is PyJWT's.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jwt import PyJWS
from jwt.exceptions import PyJWTError

from billing_sdk._strict_json import parse_object
from billing_sdk.auth.jwk import ALGORITHMS, VerifyingKey
from billing_sdk.errors import InvalidToken

LONGEST_KID: Final = 256
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_REFUSED_HEADERS: Final = frozenset({"jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip", "enc"})


class Signatures:
    """The algorithms that one kind of signer may use; what verifies them knows no other."""

    def __init__(self, algorithms: Collection[str]) -> None:
        self.algorithms = frozenset(algorithms)
        self._jws = PyJWS(algorithms=sorted(algorithms), options={"enforce_minimum_key_length": True})

    def payload(self, compact: str, key: VerifyingKey) -> bytes:
        """Return what a key has signed; raises `InvalidToken` if it has not."""
        try:
            payload: bytes = self._jws.decode(compact, key=key.public_key, algorithms=[key.alg])
        except (PyJWTError, ValueError, TypeError):
            raise InvalidToken("the signature does not fit") from None
        return payload


OF_ISSUERS: Final = Signatures(ALGORITHMS)


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token that is well-formed, and of which nothing is known yet but which key it claims."""

    compact: str = field(repr=False)
    alg: str
    kid: str | None
    typ: str | None
    signatures: Signatures = field(default=OF_ISSUERS, repr=False)

    def verify(self, key: VerifyingKey) -> dict[str, Any]:
        """Return the claims if the key signed them.

        Raises:
            InvalidToken: it did not, or the signed document is not plain JSON.
        """
        return _document(self.payload(key), "payload")

    def payload(self, key: VerifyingKey) -> bytes:
        """Return the signed octets, whatever they are; raises `InvalidToken` if the key did not sign them."""
        if key.alg != self.alg:
            raise InvalidToken("the token's algorithm is not the one of its key")
        return self.signatures.payload(self.compact, key)


def read_token(token: str | bytes, *, max_bytes: int, signatures: Signatures = OF_ISSUERS) -> UnverifiedToken:
    """Take a compact token apart without trusting it.

    Args:
        token: as it came.
        max_bytes: a longer one is refused unread.
        signatures: of the kind of signer that it has to be from.

    Raises:
        InvalidToken: it is too long, not three plain base64url segments, or its header is not acceptable.
    """
    compact = _text(token, max_bytes)
    segments = compact.split(".")
    if len(segments) != 3:
        raise InvalidToken("a token has three segments")
    header = _document(_decode(segments[0], "header"), "header")
    # A signed nothing is well-formed (RFC 7515); it is refused as a document, together with all that is no JSON.
    if segments[1]:
        _decode(segments[1], "payload")
    _decode(segments[2], "signature")
    refused = sorted(_REFUSED_HEADERS & header.keys())
    if refused:
        raise InvalidToken(f"a token may not bring the header {refused[0]}")
    alg = header.get("alg")
    if not isinstance(alg, str) or alg not in signatures.algorithms:
        raise InvalidToken("the token's algorithm is not accepted")
    return UnverifiedToken(compact, alg, _header_text(header, "kid"), _header_text(header, "typ"), signatures)


def read_unverified_claims(token: str) -> Mapping[str, Any]:
    """Return the claims of a token that was verified when it came in; raises `InvalidToken` if it is malformed."""
    found = read_token(token, max_bytes=16_384)
    return _document(_decode(found.compact.split(".")[1], "payload"), "payload")


def _text(token: Any, max_bytes: int) -> str:
    if not isinstance(token, str | bytes) or len(token) > max_bytes:
        raise InvalidToken("the token is too long, or not a text")
    if isinstance(token, str):
        return token
    try:
        return token.decode("ascii")
    except UnicodeDecodeError:
        raise InvalidToken("the token is not plain text") from None


def _decode(segment: str, noun: str) -> bytes:
    if not _SEGMENT.fullmatch(segment) or len(segment) % 4 == 1:
        raise InvalidToken(f"the {noun} is not plain base64url")
    found = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    # Two spellings of one signature would slip past a list of used tokens, so unused bits have to be zero.
    if urlsafe_b64encode(found).rstrip(b"=") != segment.encode():
        raise InvalidToken(f"the {noun} is not canonical base64url")
    return found


def _document(encoded: bytes, noun: str) -> dict[str, Any]:
    try:
        return parse_object(encoded)
    except ValueError:
        raise InvalidToken(f"the {noun} is not acceptable JSON") from None


def _header_text(header: Mapping[str, Any], name: str) -> str | None:
    if name not in header:
        return None
    found = header[name]
    if not isinstance(found, str) or not found or len(found) > LONGEST_KID:
        raise InvalidToken(f"the header {name} is not a short text")
    return found
