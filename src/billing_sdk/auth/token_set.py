"""The tokens of one sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from billing_sdk.auth.claims import AccessClaims, IdClaims
from billing_sdk.auth.confidential import Confidential
from billing_sdk.errors import UnsafeAnswer
from billing_sdk.models import Document

LONGEST_TOKEN: Final = 16_384
LONGEST_ANSWER: Final = 128 * 1024
LONGEST_LIFETIME: Final = timedelta(days=366)
ASSUMED_LIFETIME: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TokenSet(Confidential):
    """Access, ID and refresh token; all of them secret.

    Attributes:
        expires_at: when the access token ends; five minutes from its arrival if the provider does not say.
    """

    access_token: str = field(repr=False)
    expires_at: datetime
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    scope: str = ""

    @classmethod
    def read(cls, data: Any, *, at: datetime) -> TokenSet:
        """Read a token response (RFC 6749, section 5.1).

        Raises:
            UnsafeAnswer: a token is missing or too long, the type is not bearer, or the lifetime makes no sense.
        """
        document = Document(data, "token response")
        if document.text("token_type").lower() != "bearer":
            raise UnsafeAnswer("the token type is not bearer")
        seconds = document.whole_or_none("expires_in")
        if seconds is not None and not 0 < seconds <= LONGEST_LIFETIME.total_seconds():
            raise UnsafeAnswer("the token response has a lifetime that makes no sense")
        tokens = cls(
            access_token=document.text("access_token"),
            expires_at=at + (ASSUMED_LIFETIME if seconds is None else timedelta(seconds=seconds)),
            id_token=document.text_or_none("id_token"),
            refresh_token=document.text_or_none("refresh_token"),
            scope=document.text_or_none("scope") or "",
        )
        for token in (tokens.access_token, tokens.id_token, tokens.refresh_token):
            if token is not None and (len(token) > LONGEST_TOKEN or not token.isascii() or not token.isprintable()):
                raise UnsafeAnswer("the token response has a token that is too long or not printable")
        return tokens

    @classmethod
    def restore(cls, data: Mapping[str, Any]) -> TokenSet:
        """Restore what `write` gave; raises `UnsafeAnswer` for anything else."""
        document = Document(data, "stored tokens")
        expires_at = document.instant_or_none("expires_at")
        if expires_at is None:
            raise UnsafeAnswer("expires_at of stored tokens is missing")
        return cls(
            access_token=document.text("access_token"),
            expires_at=expires_at,
            id_token=document.text_or_none("id_token"),
            refresh_token=document.text_or_none("refresh_token"),
            scope=document.text_or_none("scope") or "",
        )

    def write(self) -> dict[str, str | None]:
        """Return a record for a server-side session; it is secret."""
        return {
            "access_token": self.access_token,
            "expires_at": self.expires_at.astimezone(UTC).isoformat(),
            "id_token": self.id_token,
            "refresh_token": self.refresh_token,
            "scope": self.scope,
        }

    def ends_within(self, seconds: float, *, at: datetime) -> bool:
        """Return whether the access token has ended or will within these seconds."""
        return (self.expires_at - at).total_seconds() <= seconds


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A finished sign-in: the tokens, and what the verified ones say."""

    tokens: TokenSet
    user: IdClaims
    access: AccessClaims
    return_to: str | None = None
