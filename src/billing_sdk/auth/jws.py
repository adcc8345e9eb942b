"""Signatures: compact JWS under a policy stricter than the standard's (RFC 7515, RFC 8725).

A library verifies whatever the standard allows. What a billing decision rests on is narrower: three plain segments,
one meaning of the JSON, two asymmetric algorithms, a key that was published for exactly one of them, and no header
that brings its own key. The arithmetic of a signature is PyJWT's.
"""

from __future__ import annotations

import string
from binascii import a2b_base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

from jwt import get_algorithm_by_name
from jwt.exceptions import PyJWTError

from billing_sdk._strict_json import parse_object
from billing_sdk.auth.jwk import ALGORITHMS, VerifyingKey
from billing_sdk.errors import InvalidToken

LONGEST_KID: Final = 256
_ALPHABET: Final = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
# By what is over four: with which characters the unused bits are zero. One character alone is no octet.
_LAST_CHARACTERS: Final = (_ALPHABET, "", _ALPHABET[::16], _ALPHABET[::4])
# Whatever is not of the alphabet becomes a star, and is refused as one: `+`, `/` and `=`, too.
_TO_STANDARD: Final = bytes(
    ord({"-": "+", "_": "/"}.get(chr(code), chr(code)) if chr(code) in _ALPHABET else "*") for code in range(256)
)
_REMEMBERED_HEADER: Final = 512
_REFUSED_HEADERS: Final = frozenset({"jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip", "enc"})


class Signatures:
    """The algorithms that one kind of signer may use; what verifies them knows no other."""

    def __init__(self, algorithms: Collection[str]) -> None:
        self._algorithms = {name: get_algorithm_by_name(name) for name in algorithms}

    def __contains__(self, alg: object) -> bool:
        return isinstance(alg, str) and alg in self._algorithms

    def fit(self, message: bytes, signature: bytes, key: VerifyingKey) -> bool:
        """Return whether a key has signed a message, with the one algorithm that it was published for."""
        try:
            return self._algorithms[key.alg].verify(message, key.public_key, signature)
        except (PyJWTError, LookupError, ValueError, TypeError):
            return False


OF_ISSUERS: Final = Signatures(ALGORITHMS)


class Header(NamedTuple):
    """What a token says about itself; nothing else of its header is ever used."""

    alg: str
    kid: str | None
    typ: str | None


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token that is well-formed, and of which nothing is known yet but which key it claims."""

    message: bytes = field(repr=False)
    content: bytes = field(repr=False)
    signature: bytes = field(repr=False)
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
        if not self.signatures.fit(self.message, self.signature, key):
            raise InvalidToken("the signature does not fit")
        return self.content


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
    segments = compact.split(".", 3)
    if len(segments) != 3:
        raise InvalidToken("a token has three segments")
    header = _read_header(segments[0])
    # A signed nothing is well-formed (RFC 7515); it is refused as a document, together with all that is no JSON.
    content = _decode(segments[1], "payload") if segments[1] else b""
    signature = _decode(segments[2], "signature")
    if header.alg not in signatures:
        raise InvalidToken("the token's algorithm is not accepted")
    message = compact[: -len(segments[2]) - 1].encode("ascii")
    return UnverifiedToken(message, content, signature, header.alg, header.kid, header.typ, signatures)


def read_unverified_claims(token: str) -> Mapping[str, Any]:
    """Return the claims of a token that was verified when it came in; raises `InvalidToken` if it is malformed."""
    return _document(read_token(token, max_bytes=16_384).content, "payload")


def _text(token: Any, max_bytes: int) -> str:
    if isinstance(token, str) and len(token) <= max_bytes:
        return token
    if not isinstance(token, bytes) or len(token) > max_bytes:
        raise InvalidToken("the token is too long, or not a text")
    try:
        return token.decode("ascii")
    except UnicodeDecodeError:
        raise InvalidToken("the token is not plain text") from None


def _read_header(segment: str) -> Header:
    # An issuer signs under few headers; a long one is nobody's.
    return _remembered_header(segment) if len(segment) <= _REMEMBERED_HEADER else _judged_header(segment)


def _judged_header(segment: str) -> Header:
    header = _document(_decode(segment, "header"), "header")
    refused = sorted(_REFUSED_HEADERS & header.keys())
    if refused:
        raise InvalidToken(f"a token may not bring the header {refused[0]}")
    alg = header.get("alg")
    if not isinstance(alg, str):
        raise InvalidToken("the token's algorithm is not accepted")
    return Header(alg, _header_text(header, "kid"), _header_text(header, "typ"))


_remembered_header = lru_cache(maxsize=64)(_judged_header)


def _decode(segment: str, noun: str) -> bytes:
    over = len(segment) % 4
    # Two spellings of one signature would slip past a list of used tokens, so unused bits have to be zero.
    if not segment or segment[-1] not in _LAST_CHARACTERS[over]:
        raise InvalidToken(f"the {noun} is not canonical base64url")
    try:
        standard = segment.encode("ascii").translate(_TO_STANDARD)
        return a2b_base64(standard + b"=" * (-over % 4), strict_mode=True)
    except ValueError:
        raise InvalidToken(f"the {noun} is not plain base64url") from None


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
