"""Tokens of the issuer: which kind is accepted where, and what was verified before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from billing_sdk._fork import new_lock
from billing_sdk._operation import Flow
from billing_sdk.auth.claims import AccessClaims, instant, texts
from billing_sdk.auth.jwk import VerifyingKey
from billing_sdk.auth.jws import UnverifiedToken, read_token
from billing_sdk.auth.key_cache import KeyCache
from billing_sdk.errors import ExpiredToken, InvalidToken

LEEWAY_SECONDS: Final = 60
LONGEST_TOKEN: Final = 16_384
LONGEST_LIFETIME_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class TokenKind:
    """What sets one kind of token apart, so that none is taken for another (RFC 8725, section 3.12).

    Attributes:
        types: values of the header `typ`, in lower case; "" stands for none.
        needed: claims that it has to have.
        refused: claims that only the other kinds have.
    """

    name: str
    types: frozenset[str]
    needed: frozenset[str]
    refused: frozenset[str]

    def require(self, typ: str | None, claims: Mapping[str, Any]) -> None:
        """Raise `InvalidToken` unless header and claims are those of this kind."""
        if (typ or "").lower() not in self.types:
            raise InvalidToken(f"the type in the header is not that of {self.name}")
        if not self.needed <= claims.keys() or self.refused & claims.keys():
            raise InvalidToken(f"the claims are not those of {self.name}")


_EVENT_CLAIMS: Final = frozenset({"event_id", "event_timestamp"})
# A token that names its kind in the header needs no further proof (RFC 9068, section 4); hosted ones all say JWT.
TYPED_ACCESS: Final = TokenKind(
    "an access token", frozenset({"at+jwt", "application/at+jwt"}), frozenset(), _EVENT_CLAIMS
)
PLAIN_ACCESS: Final = TokenKind(
    "an access token",
    frozenset({"jwt", ""}),
    frozenset({"scp"}),
    _EVENT_CLAIMS | {"nonce", "at_hash", "c_hash", "auth_time", "events"},
)
ID: Final = TokenKind(
    "an ID token",
    frozenset({"jwt", ""}),
    frozenset({"aud"}),
    _EVENT_CLAIMS | {"scp", "scope", "gty", "permissions", "events"},
)


class Verified(NamedTuple):
    """What a verified access token says, and which key vouched for it."""

    claims: AccessClaims
    key: VerifyingKey


class VerifiedCache:
    """What verified tokens say, until they end or their key does; the tokens themselves are kept as SHA-256 only."""

    def __init__(self, *, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._lock = new_lock()
        self._verified: OrderedDict[bytes, Verified] = OrderedDict()

    def get(self, digest: bytes, *, at: float) -> Verified | None:
        """Return what a token said that was verified and has not ended; whether its key is still good is not asked."""
        with self._lock:
            found = self._verified.get(digest)
            if found is None:
                return None
            if found.claims.exp <= at:
                del self._verified[digest]
                return None
            self._verified.move_to_end(digest)
            return found

    def put(self, digest: bytes, verified: Verified) -> None:
        """Remember a verified token; the one that was not used for longest goes when there are too many."""
        with self._lock:
            self._verified[digest] = verified
            if len(self._verified) > self._capacity:
                self._verified.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._verified.clear()


class Verifier:
    """Verifies the tokens of one issuer for one application.

    Args:
        issuer: compared byte by byte with `iss`.
        keys: the issuer's keys.
        now: tells the time.
        longest_seconds: a token that was made for longer is refused, whoever signed it.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str | None,
        keys: KeyCache,
        now: Callable[[], datetime],
        longest_seconds: float = LONGEST_LIFETIME_SECONDS,
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._longest_seconds = longest_seconds
        self._keys = keys
        self._now = now
        self._verified = VerifiedCache()

    def access(self, token: str, *, audience: str | None = None) -> Flow[AccessClaims]:
        """Return what an access token says.

        Raises:
            InvalidToken: it is malformed, wrongly signed, of another issuer or kind, or not for the audience.
            ExpiredToken: it was valid once.
            UnknownKey: the issuer does not publish its key.
        """
        digest, at = _digest(token), self._now().timestamp()
        found = self._known(digest, at)
        if found is None:
            # Before any call: what can't be a token is not worth one.
            unverified = read_token(token, max_bytes=LONGEST_TOKEN)
            key = yield from self._keys.find(unverified.kid, unverified.alg)
            found = self._access_by(key, digest, unverified, at)
        if audience is not None and audience not in found.audience:
            raise InvalidToken("the token was made for another audience")
        return found

    def known(self, token: str) -> AccessClaims | None:
        """Return what an access token says that was verified before and has not ended; it makes no call.

        None as well where the issuer has to be asked whether the token's key is still good.
        """
        return self._known(_digest(token), self._now().timestamp()) if _is_short(token) else None

    def identity(self, token: str, *, client_id: str) -> Flow[Mapping[str, Any]]:
        """Return the claims of an ID token (OpenID Connect Core, section 3.1.3.7); the nonce is the caller's to check.

        Raises:
            InvalidToken: it is malformed, wrongly signed, of another issuer or kind, or not for this application alone.
            ExpiredToken: it was valid once.
            UnknownKey: the issuer does not publish its key.
        """
        unverified = read_token(token, max_bytes=LONGEST_TOKEN)
        key = yield from self._keys.find(unverified.kid, unverified.alg)
        claims = self._signed(unverified, key, self._now().timestamp())
        ID.require(unverified.typ, claims)
        if set(texts(claims, "aud")) != {client_id}:
            raise InvalidToken("the ID token was made for another application")
        if claims.get("azp", client_id) != client_id:
            raise InvalidToken("the ID token was given to another application")
        return claims

    def forget(self) -> None:
        """Forget verified tokens and keys, after a key was compromised."""
        self._keys.purge()
        self._verified.clear()

    def _known(self, digest: bytes, at: float) -> AccessClaims | None:
        keys = self._keys.fresh
        verified = None if keys is None else self._verified.get(digest, at=at)
        if keys is None or verified is None or keys.find(verified.key.kid, verified.key.alg) != verified.key:
            return None
        return verified.claims

    def _access_by(self, key: VerifyingKey, digest: bytes, unverified: UnverifiedToken, at: float) -> AccessClaims:
        verified = self._verified.get(digest, at=at)
        if verified is None or verified.key != key:
            verified = Verified(self._first_access(unverified, key, at), key)
            self._verified.put(digest, verified)
        return verified.claims

    def _first_access(self, unverified: UnverifiedToken, key: VerifyingKey, at: float) -> AccessClaims:
        claims = self._signed(unverified, key, at)
        kind = TYPED_ACCESS if (unverified.typ or "").lower() in TYPED_ACCESS.types else PLAIN_ACCESS
        kind.require(unverified.typ, claims)
        found = AccessClaims.read(claims)
        if kind is PLAIN_ACCESS and self._client_id in found.audience:
            raise InvalidToken("an ID token was shown as an access token")
        return found

    def _signed(self, unverified: UnverifiedToken, key: VerifyingKey, at: float) -> dict[str, Any]:
        claims = unverified.verify(key)
        if claims.get("iss") != self._issuer:
            raise InvalidToken("the token is of another issuer")
        require_current(claims, at=at, longest_seconds=self._longest_seconds)
        return claims


def require_current(claims: Mapping[str, Any], *, at: float, longest_seconds: float) -> None:
    """Check `exp`, `iat` and `nbf` (RFC 7519, section 4.1); both `exp` and `iat` have to be there.

    Raises:
        ExpiredToken: `exp` has come; it gets no leeway.
        InvalidToken: a time is missing or malformed, or more than a minute ahead; or it was made for longer than
            is accepted.
    """
    exp, iat = instant(claims, "exp"), instant(claims, "iat")
    begins = max(iat, instant(claims, "nbf")) if claims.get("nbf") is not None else iat
    if begins > at + LEEWAY_SECONDS or exp <= iat:
        raise InvalidToken("the token's time has not come, or makes no sense")
    if exp - iat > longest_seconds:
        raise InvalidToken("the token was made for longer than longest_token_seconds")
    if exp <= at:
        raise ExpiredToken("the token has ended")


def _is_short(token: Any) -> bool:
    return isinstance(token, str) and len(token) <= LONGEST_TOKEN


def _digest(token: str) -> bytes:
    # Its length is looked at before anything else is done with it: hashing megabytes is work, too.
    if not _is_short(token):
        raise InvalidToken("the token is too long, or not a text")
    return sha256(token.encode("utf-8", errors="surrogatepass")).digest()
