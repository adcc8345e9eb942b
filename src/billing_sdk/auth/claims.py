"""What a verified token says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from billing_sdk.errors import InvalidToken
from billing_sdk.models import parse_instant


class Owner(NamedTuple):
    """Whose facts a cache entry holds: never only a user, always in one organization of one issuer."""

    issuer: str
    subject: str
    org_code: str | None


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """A verified access token.

    Attributes:
        sub: the user's id.
        audience: APIs that the token was made for; hosted providers leave it empty unless one was asked for.
        azp: id of the application that the token was given to.
        permissions: keys of what the user may do in `org_code`.
        raw: all claims, those without an attribute included.
    """

    iss: str
    sub: str
    exp: int
    iat: int
    org_code: str | None = None
    audience: tuple[str, ...] = ()
    azp: str | None = None
    jti: str | None = None
    scopes: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, claims: Mapping[str, Any]) -> AccessClaims:
        """Read the claims of an access token whose signature and times were checked before.

        Raises:
            InvalidToken: a claim is missing or of the wrong type.
        """
        scopes = texts(claims, "scp") if "scp" in claims else tuple((text(claims, "scope") or "").split())
        return cls(
            iss=required(claims, "iss"),
            sub=required(claims, "sub"),
            exp=instant(claims, "exp"),
            iat=instant(claims, "iat"),
            org_code=text(claims, "org_code"),
            audience=texts(claims, "aud"),
            azp=text(claims, "azp"),
            jti=text(claims, "jti"),
            scopes=frozenset(scopes),
            permissions=frozenset(texts(claims, "permissions")),
            raw=claims,
        )

    @property
    def parties(self) -> frozenset[str]:
        """To whom the token was issued (`azp`, or `client_id` of RFC 9068), and for whom (`aud`)."""
        issued_to = (self.azp, text(self.raw, "client_id"))
        return frozenset((*self.audience, *(client for client in issued_to if client)))

    @property
    def owner(self) -> Owner:
        """The key under which this user's entitlements in this organization are kept."""
        return Owner(self.iss, self.sub, self.org_code)

    @property
    def has_trial_period(self) -> bool:
        """Whether the user or the organization was in a free trial when the token was issued."""
        return self.raw.get("has_trial_period") is True

    @property
    def trial_expires_on(self) -> datetime | None:
        """When that trial ends, as far as the provider says."""
        try:
            return parse_instant(text(self.raw, "trial_expires_on") or "")
        except (InvalidToken, ValueError):
            return None

    @property
    def expires_at(self) -> datetime:
        """When the token ends."""
        return datetime.fromtimestamp(self.exp, UTC)


@dataclass(frozen=True, slots=True)
class IdClaims:
    """A verified ID token: who signed in."""

    iss: str
    sub: str
    audience: tuple[str, ...]
    exp: int
    iat: int
    auth_time: int | None = None
    email: str | None = None
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    picture: str | None = None
    org_codes: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, claims: Mapping[str, Any]) -> IdClaims:
        """Read the claims of an ID token whose signature, times and audience were checked before.

        Raises:
            InvalidToken: a claim is missing or of the wrong type.
        """
        return cls(
            iss=required(claims, "iss"),
            sub=required(claims, "sub"),
            audience=texts(claims, "aud"),
            exp=instant(claims, "exp"),
            iat=instant(claims, "iat"),
            auth_time=instant(claims, "auth_time") if claims.get("auth_time") is not None else None,
            email=text(claims, "email"),
            name=text(claims, "name"),
            given_name=text(claims, "given_name"),
            family_name=text(claims, "family_name"),
            picture=text(claims, "picture"),
            org_codes=texts(claims, "org_codes"),
            raw=claims,
        )


def text(claims: Mapping[str, Any], name: str) -> str | None:
    """Return a claim that is a string of at most 4,096 characters, or None when it is missing."""
    found = claims.get(name)
    if found is None:
        return None
    if not isinstance(found, str) or len(found) > 4_096:
        raise InvalidToken(f"the claim {name} is not a short text")
    return found


def required(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim that is a string of 1 to 255 characters."""
    found = text(claims, name)
    if not found or len(found) > 255:
        raise InvalidToken(f"the claim {name} is missing, empty or too long")
    return found


def texts(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a claim that is a list of strings or, as `aud` may be, a single one; empty when it is missing."""
    found = claims.get(name)
    if found is None:
        return ()
    if isinstance(found, str):
        return (found,)
    if not isinstance(found, list) or not {*map(type, found)} <= {str}:
        raise InvalidToken(f"the claim {name} is not a list of texts")
    return tuple(found)


def instant(claims: Mapping[str, Any], name: str) -> int:
    """Return a claim that is a time in whole seconds of 0 to 2**53; text, fractions and booleans are none."""
    found = claims.get(name)
    if type(found) is not int or not 0 <= found <= 2**53:
        raise InvalidToken(f"the claim {name} is missing or not a time in whole seconds")
    return found
