"""The refresh token grant: each refresh token works once and has one successor.

A client whose answer was lost sends the same token again. For a few seconds it gets the same successor, as long as
nobody has used that; any later repetition says that somebody has a copy, and ends the whole family.

Source: RFC 6749, section 6; RFC 9700, section 4.14.2. Kinde's hosted service gives the same access token again while
it has not expired; here every refresh gives a new one.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant

from billing_sdk.server.domain.identity import User
from billing_sdk.server.ids import digest_of
from billing_sdk.server.oidc.clients import Client
from billing_sdk.server.oidc.code_grant import AUTH_METHODS
from billing_sdk.server.oidc.issuing import issue_access_token, new_refresh_token
from billing_sdk.server.oidc.people import find_signed_in
from billing_sdk.server.oidc.provider import ProviderRequest
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.tokens import RefreshToken


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token that a client sent, with the questions that Authlib has."""

    token: RefreshToken

    def check_client(self, client: Client) -> bool:
        """Tell whether it was issued to this client."""
        return self.token.family.client_id == client.client_id

    def get_scope(self) -> str:
        """Return the widest scope that it can give."""
        return self.token.family.scope


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]  # Authlib is untyped
    """Exchanges a refresh token for an access token and the next refresh token."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    request: ProviderRequest

    def authenticate_refresh_token(self, refresh_token: str) -> Presented | None:
        """Return a refresh token that has not expired and whose family was not revoked, used before or not."""
        engine, at = self.server.engine, self.server.engine.now()
        with engine.read() as tx:
            token = tx.tokens.find_refresh_token(digest_of(refresh_token))
        if token is None or token.family.revoked_at is not None or token.expires_at <= at:
            return None
        if token.family.client_id != self.request.client.client_id:
            with engine.begin() as tx:
                _revoke(tx, token, at)  # it has left the hands that it was given into
            return None
        return Presented(token)

    def authenticate_user(self, presented: Presented) -> User:
        """Return the user of a refresh token."""
        return find_signed_in(self.server.engine, presented.token.family)

    def issue_token(self, user: User, presented: Presented) -> dict[str, Any]:  # noqa: ARG002 - Authlib passes it
        """Return the members of the answer, save for the ID token; the scope was checked before."""
        engine, token = self.server.engine, presented.token
        at, key, settings = engine.now(), self.server.signing_key, engine.settings
        scope = self.request.payload.scope or presented.get_scope()
        with engine.begin() as tx:
            if not tx.tokens.hold_family(token.family.id):
                raise InvalidGrantError("the sign-in that this token came from has been ended meanwhile")
            successor = _succeed(tx, token, self.request.form["refresh_token"], at, settings)
            if successor is not None:
                answer = issue_access_token(tx, token.family, scope=scope, key=key, at=at, settings=settings)
                return answer | {"refresh_token": successor}
        raise InvalidGrantError("the refresh token was used before; all that came from its sign-in is revoked")

    def revoke_old_credential(self, presented: Presented) -> None:
        """Do nothing: the token was marked when it was exchanged."""


def _succeed(tx: UnitOfWork, token: RefreshToken, presented: str, at: datetime, settings: Settings) -> str | None:
    """Exchange a token for its successor; None where a copy must be about, and then its family is revoked."""
    successor = _successor_of(presented, token.seed)
    if tx.tokens.rotate_refresh_token(token.digest, at=at):
        tx.tokens.add_refresh_token(
            new_refresh_token(token.family, successor, at=at, lifetime_seconds=settings.refresh_token_seconds)
        )
        return successor
    used = tx.tokens.find_refresh_token(token.digest)
    following = tx.tokens.find_refresh_token(digest_of(successor))
    overlap = timedelta(seconds=settings.refresh_overlap_seconds)
    is_retry = used is not None and used.rotated_at is not None and at - used.rotated_at <= overlap
    if is_retry and following is not None and following.rotated_at is None:
        return successor
    _revoke(tx, token, at)
    return None


def _revoke(tx: UnitOfWork, token: RefreshToken, at: datetime) -> None:
    tx.tokens.revoke_family(token.family.id, at=at)
    tx.audit.record(token.family.client_id, "refresh_token.misused", token.family.id, at)


def _successor_of(token: str, seed: str) -> str:
    """Return the one successor of a token: it can be made again by who has the token, and never from what is stored."""
    return base64.urlsafe_b64encode(hmac.digest(seed.encode(), token.encode(), "sha256")).rstrip(b"=").decode()
