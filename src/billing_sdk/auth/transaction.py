"""What one sign-in needs to remember between the redirect there and the redirect back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from billing_sdk.auth.confidential import Confidential
from billing_sdk.errors import SignInExpired, StateMismatch

LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignInTransaction(Confidential):
    """One sign-in on its way; keep it in the visitor's own session and use it once.

    Attributes:
        state: ties the callback to this browser (RFC 6749, section 10.12).
        nonce: ties the ID token to this sign-in (OpenID Connect Core, section 3.1.2.1).
        verifier: proves that the code is redeemed by whoever asked for it (RFC 7636).
        redirect_uri: sent again, unchanged, with the code.
        issuer: whom the visitor was sent to (RFC 9207).
        started_at: it expires ten minutes later.
        return_to: path of the application to go to afterwards.
        max_age_seconds: the visitor has to have signed in at most so long ago; None leaves it open.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    issuer: str
    started_at: datetime
    return_to: str | None = None
    max_age_seconds: int | None = None

    @classmethod
    def begin(
        cls,
        *,
        redirect_uri: str,
        issuer: str,
        at: datetime,
        return_to: str | None = None,
        max_age_seconds: int | None = None,
    ) -> SignInTransaction:
        """Start a sign-in with 256 fresh random bits for each of its secrets."""
        return cls(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            issuer=issuer,
            started_at=at,
            return_to=return_to,
            max_age_seconds=max_age_seconds,
        )

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> SignInTransaction:
        """Restore what `write` gave.

        Raises:
            StateMismatch: the record is not a transaction.
        """
        started, return_to, max_age = (data.get(name) for name in ("started_at", "return_to", "max_age_seconds"))
        if type(started) is not int or not isinstance(return_to, str | None) or type(max_age) not in (int, type(None)):
            raise StateMismatch("the stored sign-in is not readable")
        try:
            started_at = datetime.fromtimestamp(started, UTC)
        except (OverflowError, ValueError, OSError):
            raise StateMismatch("the stored sign-in is not readable") from None
        return cls(
            state=_stored(data, "state"),
            nonce=_stored(data, "nonce"),
            verifier=_stored(data, "verifier"),
            redirect_uri=_stored(data, "redirect_uri"),
            issuer=_stored(data, "issuer"),
            started_at=started_at,
            return_to=return_to,
            max_age_seconds=max_age,
        )

    def write(self) -> dict[str, str | int | None]:
        """Return a record for a session; it is secret."""
        return {
            "state": self.state,
            "nonce": self.nonce,
            "verifier": self.verifier,
            "redirect_uri": self.redirect_uri,
            "issuer": self.issuer,
            "started_at": int(self.started_at.timestamp()),
            "return_to": self.return_to,
            "max_age_seconds": self.max_age_seconds,
        }

    @property
    def challenge(self) -> str:
        """The S256 code challenge (RFC 7636, section 4.2); `plain` is never sent."""
        return str(create_s256_code_challenge(self.verifier))

    def require_live(self, at: datetime) -> None:
        """Raise `SignInExpired` when the transaction is more than ten minutes old."""
        if not timedelta(seconds=-60) <= at - self.started_at <= LIFETIME:
            raise SignInExpired("the sign-in was started more than ten minutes ago")


def _stored(data: Mapping[str, Any], name: str) -> str:
    found = data.get(name)
    if not isinstance(found, str) or not found:
        raise StateMismatch("the stored sign-in is not readable")
    return found


@dataclass(frozen=True, slots=True)
class AuthUrl(Confidential):
    """Where to send the visitor, and what to remember until the callback."""

    url: str = field(repr=False)
    transaction: SignInTransaction

    def __str__(self) -> str:
        return self.url
