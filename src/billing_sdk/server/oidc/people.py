"""The person behind a token, and what a client may know about them.

Source: OpenID Connect Core 1.0, sections 5.1 to 5.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError

from billing_sdk.server.domain.identity import User
from billing_sdk.server.storage.tokens import TokenFamily
from billing_sdk.server.usecases.engine import Engine

# What each scope tells at the userinfo endpoint, as far as it is known; `provided_id` is an addition of ours.
CLAIMS_OF_SCOPES = {
    "profile": tuple(
        """name given_name family_name middle_name nickname preferred_username profile picture website gender birthdate
        zoneinfo locale updated_at provided_id""".split()
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}
# An ID token is sent on with other requests, so it tells only what an application shows at once.
CLAIMS_OF_ID_TOKENS = frozenset(
    "name given_name family_name picture updated_at provided_id email email_verified".split()
)
# The one way to sign in here (SAML 2.0, authentication contexts; RFC 8176, section 2).
ACR = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
AMR = ("pwd",)


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


def id_token_claims(engine: Engine, user: User, *, scope: str, names: Iterable[str] = ()) -> dict[str, Any]:
    """Return what an ID token says about a user: what the scope tells at once, and what was asked for by name."""
    return _claims(engine, user, (CLAIMS_OF_ID_TOKENS & set(_names_of(scope))).union(names))


def userinfo_claims(engine: Engine, user: User, *, scope: str, names: Iterable[str] = ()) -> dict[str, Any]:
    """Return what the userinfo endpoint says about a user: all that the scope tells, and what was asked for by name."""
    claims = _claims(engine, user, {*_names_of(scope), *names})
    if "email" in claims:
        claims.setdefault("preferred_username", user.email)
    return claims


def _names_of(scope: str) -> list[str]:
    return [name for granted in scope.split() for name in CLAIMS_OF_SCOPES.get(granted, ())]


def _claims(engine: Engine, user: User, names: Iterable[str]) -> dict[str, Any]:
    with engine.read() as tx:
        organizations = tx.organizations.of_user(user.id)
    known = _known(user)
    return {
        "sub": user.id,
        "org_codes": [organization.code for organization in organizations],
        "organizations": [{"id": organization.code, "name": organization.name} for organization in organizations],
        **{name: known[name] for name in names if known.get(name) is not None},
    }


def _known(user: User) -> dict[str, Any]:
    return {
        **user.standard_claims,
        "name": user.name,
        "given_name": user.given_name,
        "family_name": user.family_name,
        "picture": user.picture,
        "provided_id": user.provided_id,
        "updated_at": int(user.updated_at.timestamp()),
        "email": user.email,
        # Nobody has shown yet that mail sent there reaches them.
        "email_verified": False,
    }
