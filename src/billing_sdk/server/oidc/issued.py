"""Tokens that are sent to us to be looked at: found by what they are, whatever the hint says they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.errors import InvalidToken
from billing_sdk.server.ids import digest_of
from billing_sdk.server.oidc.clients import Client
from billing_sdk.server.signing import SigningKey, read_token
from billing_sdk.server.storage.tokens import AccessToken, RefreshToken, TokenFamily
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.verify_access_token import TYP


@dataclass(frozen=True, slots=True)
class Issued:
    """An access or refresh token of ours, with the questions that Authlib has.

    Attributes:
        at: the present.
        claims: what an access token says; a refresh token says nothing.
    """

    token: AccessToken | RefreshToken
    at: datetime
    claims: Mapping[str, Any]

    @property
    def family(self) -> TokenFamily:
        """What it descends in."""
        return self.token.family

    def check_client(self, client: Client) -> bool:
        """Tell whether it was issued to this client."""
        return self.family.client_id == client.client_id

    def is_expired(self) -> bool:
        """Tell whether its time is over."""
        return self.token.expires_at <= self.at

    def is_revoked(self) -> bool:
        """Tell whether it was revoked, or exchanged for its successor."""
        if isinstance(self.token, AccessToken):
            return self.token.is_revoked
        return self.family.revoked_at is not None or self.token.rotated_at is not None


def find_issued(engine: Engine, text: str) -> Issued | None:
    """Return the token of ours that a text is, if it is one."""
    at = engine.now()
    with engine.read() as tx:
        claims = _read_claims(text, tx.keys.list(at=at))
        found = tx.tokens.find_access_token(claims["jti"]) if claims else tx.tokens.find_refresh_token(digest_of(text))
    return None if found is None else Issued(found, at, claims)


def _read_claims(text: str, keys: tuple[SigningKey, ...]) -> Mapping[str, Any]:
    try:
        return read_token(text, keys=keys, typ=TYP)
    except InvalidToken:
        return {}
