"""Making tokens, and keeping what is needed to revoke them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from billing_sdk.server.domain.identity import User
from billing_sdk.server.ids import digest_of, new_id, new_secret
from billing_sdk.server.oidc.people import ACR, AMR, id_token_claims
from billing_sdk.server.settings import Settings
from billing_sdk.server.signing import SigningKey, at_hash
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.tokens import AccessToken, RefreshToken, TokenFamily
from billing_sdk.server.usecases.count_active_users import note_active
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.verify_access_token import TYP

ID_TOKEN_TYP = "JWT"  # noqa: S105 - a kind of token, not a token
# However often it is refreshed, a sign-in ends after so long (RFC 9700, section 4.14.2).
MAX_FAMILY_LIFE = timedelta(days=90)


def keep_family(tx: UnitOfWork, family: TokenFamily, settings: Settings) -> None:
    """Keep a new family, and forget some of what nobody can use any more."""
    at, longest = family.created_at, timedelta(seconds=settings.access_token_seconds)
    tx.tokens.forget(expired_at=at, families_before=at - MAX_FAMILY_LIFE - longest)
    tx.tokens.add_family(family)


def issue_access_token(
    tx: UnitOfWork, family: TokenFamily, *, scope: str, key: SigningKey, at: datetime, settings: Settings
) -> dict[str, Any]:
    """Make an access token and keep its id; return the members of the answer (RFC 6749, section 5.1)."""
    seconds = settings.access_token_seconds
    jti = new_id("token")
    claims = {
        **_registered_claims(family.client_id, settings, at, seconds),
        "jti": jti,
        "aud": family.audience.split(),
        "scp": scope.split(),
        **(_user_claims(tx, family) if family.user_id else _machine_claims(scope)),
    }
    if family.user_id:
        note_active(tx, settings, family.user_id, at=at)
    tx.tokens.add_access_token(AccessToken(jti, family, at + timedelta(seconds=seconds)))
    return {
        "access_token": key.sign(claims, typ=TYP),
        "token_type": "bearer",
        "expires_in": seconds,
        "scope": scope,
    }


def sign_id_token(
    engine: Engine,
    family: TokenFamily,
    user: User,
    *,
    scope: str,
    access_token: str,
    nonce: str | None,
    key: SigningKey,
) -> str:
    """Return an ID token that goes with an access token (OpenID Connect Core 1.0, section 2)."""
    at = engine.now()
    claims = {
        **_registered_claims(family.client_id, engine.settings, at, engine.settings.id_token_seconds),
        "jti": new_id("id"),
        "aud": [family.client_id],
        "at_hash": at_hash(access_token),
        "acr": ACR,
        "amr": list(AMR),
        **id_token_claims(engine, user, scope=scope, names=family.id_token_claims.split()),
    }
    if family.authenticated_at is not None:
        claims["auth_time"] = int(family.authenticated_at.timestamp())
    if nonce is not None:
        claims["nonce"] = nonce
    return key.sign(claims, typ=ID_TOKEN_TYP)


def new_refresh_token(family: TokenFamily, secret: str, *, at: datetime, lifetime_seconds: int) -> RefreshToken:
    """Return what is kept of a refresh token."""
    expires_at = min(at + timedelta(seconds=lifetime_seconds), family.created_at + MAX_FAMILY_LIFE)
    return RefreshToken(digest_of(secret), family, new_secret(), expires_at)


def _registered_claims(client_id: str, settings: Settings, at: datetime, seconds: int) -> dict[str, Any]:
    issued_at = int(at.timestamp())
    return {"iss": settings.base_url, "azp": client_id, "iat": issued_at, "exp": issued_at + seconds}


def _user_claims(tx: UnitOfWork, family: TokenFamily) -> dict[str, Any]:
    permissions = tx.roles.permissions_of_member(family.org_code or "", family.user_id or "")
    return {
        "sub": family.user_id,
        "org_code": family.org_code,
        "permissions": [permission.key for permission in permissions],
        "feature_flags": {},
        **_trial_claims(tx, family),
    }


def _trial_claims(tx: UnitOfWork, family: TokenFamily) -> dict[str, Any]:
    """Say that somebody is in a trial, and until when (Kinde documentation, "Free trials")."""
    ends_at = tx.agreements.trial_end_of(user_id=family.user_id or "", org_code=family.org_code)
    if ends_at is None:
        return {}
    return {"has_trial_period": True, "trial_expires_on": ends_at.isoformat().replace("+00:00", "Z")}


def _machine_claims(scope: str) -> dict[str, Any]:
    return {"gty": ["client_credentials"], "scope": scope, "v": "2"}
