"""Verify an access token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from billing_sdk.errors import InvalidToken, Unauthenticated
from billing_sdk.server.settings import Settings
from billing_sdk.server.signing import read_token
from billing_sdk.server.storage.tokens import AccessToken
from billing_sdk.server.usecases.callers import Caller
from billing_sdk.server.usecases.engine import Engine

# The kind of token that this is (RFC 9068, section 2.1): an ID token or a webhook body never passes for one.
TYP = "at+jwt"

Audience = Literal["account", "management"]


def authenticate(engine: Engine, *, token: str, audience: Audience) -> Caller:
    """Return the holder of an access token.

    Args:
        engine: what every use case needs.
        token: as the request carries it.
        audience: which API was called; the management API takes only tokens that were issued for it.

    Raises:
        Unauthenticated: the token is malformed, foreign, expired, revoked, not an access token, or meant for
            another API; the answer does not say which.
    """
    caller, _ = _verify(engine, token, audience, engine.now())
    return caller


def recall_machine(engine: Engine, *, digest: bytes) -> Caller | None:
    """Return the machine whose token `authenticate_machine` has verified for the management API a moment ago.

    It neither waits nor reads, so it may be asked on the event loop. None means that the token has to be verified. What
    was revoked or withdrawn meanwhile is seen within `STALE_SECONDS`.

    Args:
        engine: what every use case needs.
        digest: the token's, as `token_digest` makes it.
    """
    return engine.machines.recall(digest, at=engine.now())


def authenticate_machine(engine: Engine, *, token: str) -> Caller:
    """Return the holder of an access token of the management API, and keep a machine for `recall_machine`.

    Raises:
        Unauthenticated: as `authenticate`.
    """
    at = engine.now()
    try:
        caller, expires_at = _verify(engine, token, "management", at)
    except Unauthenticated:
        engine.machines.forget(token)
        raise
    if caller.kind == "machine":
        engine.machines.remember(token, caller, expires_at=expires_at, at=at)
    return caller


def _verify(engine: Engine, token: str, audience: Audience, at: datetime) -> tuple[Caller, float]:
    """Return the holder of a token, and when it ends."""
    with engine.read() as tx:
        try:
            claims = read_token(token, keys=tx.keys.list(at=at), typ=TYP)
        except InvalidToken:
            raise _refused() from None
        found = tx.tokens.find_access_token(str(claims.get("jti")))
        user = tx.users.find(found.family.user_id) if found is not None and found.family.user_id else None
    if found is None or not _is_good(found, claims, at, engine.settings.base_url):
        raise _refused()
    if audience == "management" and not _is_for_management(claims, engine.settings):
        raise _refused()
    if found.family.user_id is not None and (user is None or user.is_suspended):
        raise _refused()
    return _caller(found, claims), claims["exp"]


def _is_good(found: AccessToken, claims: Mapping[str, Any], at: datetime, issuer: str) -> bool:
    return claims.get("iss") == issuer and at.timestamp() < claims["exp"] and not found.is_revoked


def _is_for_management(claims: Mapping[str, Any], settings: Settings) -> bool:
    return not set(settings.management_audience).isdisjoint(claims["aud"])


def _caller(found: AccessToken, claims: Mapping[str, Any]) -> Caller:
    return Caller(
        kind="machine" if found.family.user_id is None else "user",
        user_id=found.family.user_id,
        org_code=found.family.org_code,
        client_id=found.family.client_id,
        scopes=frozenset(claims["scp"]),
        jti=found.jti,
        userinfo_claims=tuple(found.family.userinfo_claims.split()),
    )


def _refused() -> Unauthenticated:
    return Unauthenticated("the access token is not valid", remedy="Get a new access token and send the request again.")
