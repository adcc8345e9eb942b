"""The person behind a token, and what a client may know about them."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError

from billing_sdk.server.domain.identity import User
from billing_sdk.server.storage.tokens import TokenFamily
from billing_sdk.server.usecases.engine import Engine


def find_signed_in(engine: Engine, family: TokenFamily) -> User:
    """Return the user of a family of tokens.

    Raises:
        InvalidGrantError: the user is gone, is suspended, or has left the organization that the tokens speak for.
    """
    with engine.read() as tx:
        user = tx.users.find(family.user_id or "")
        is_member = family.org_code is None or (
            user is not None and tx.organizations.find_membership(family.org_code, user.id) is not None
        )
    if user is None or user.is_suspended or not is_member:
        raise InvalidGrantError("the user can no longer sign in here")
    return user


def personal_claims(engine: Engine, user: User, *, scope: str) -> dict[str, Any]:
    """Return what a scope tells about a user (OpenID Connect Core 1.0, section 5.4), with their organizations."""
    with engine.read() as tx:
        organizations = tx.organizations.of_user(user.id)
    claims: dict[str, Any] = {
        "sub": user.id,
        "org_codes": [organization.code for organization in organizations],
        "organizations": [{"id": organization.code, "name": organization.name} for organization in organizations],
    }
    granted = scope.split()
    if "email" in granted:
        claims |= {"email": user.email}
    if "profile" in granted:
        claims |= _profile(user)
    return claims


def _profile(user: User) -> dict[str, Any]:
    optional = {"picture": user.picture, "provided_id": user.provided_id}
    return {
        "name": user.name,
        "given_name": user.given_name,
        "family_name": user.family_name,
        "updated_at": int(user.updated_at.timestamp()),
        **{name: value for name, value in optional.items() if value is not None},
    }
