"""Describe somebody: standard claims beyond name, picture and e-mail address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.identity import User
from billing_sdk.server.usecases.engine import Engine

TEXTS = frozenset(
    """middle_name nickname preferred_username profile website gender birthdate zoneinfo locale phone_number""".split()
)
TRUTHS = frozenset({"phone_number_verified"})
ADDRESS = frozenset("formatted street_address locality region postal_code country".split())
MAX_LENGTH = 500


def describe_user(engine: Engine, *, user_id: str, claims: Mapping[str, Any]) -> User:
    """Store what else is known about a person; it takes the place of what was known before.

    An application is told by the scopes `profile`, `address` and `phone`, or where it asks for a claim by name.

    Args:
        engine: the engine.
        user_id: whom it is about.
        claims: by the names and in the shapes of OpenID Connect Core 1.0, section 5.1; what is not known is left out.

    Raises:
        InvalidRequest: a claim is none of these, or has another shape.
        NotFound: there is no such person.
    """
    for name, value in claims.items():
        if not _fits(name, value):
            raise InvalidRequest(f"{name[:64]!r} is not a standard claim of this shape", parameter=name[:64])
    with engine.begin() as tx:
        before, at = tx.users.get(user_id), engine.now()
        described = replace(before, standard_claims=dict(claims), updated_at=at)
        tx.users.save(described)
        tx.audit.record("operator", "user.describe", user_id, at, before=before, after=described)
    return described


def _fits(name: str, value: Any) -> bool:
    if name == "address":
        is_object = isinstance(value, Mapping) and bool(value)
        return is_object and ADDRESS.issuperset(value) and all(_is_text(part) for part in value.values())
    return (name in TEXTS and _is_text(value)) or (name in TRUTHS and isinstance(value, bool))


def _is_text(value: Any) -> bool:
    # An empty text is left out instead (section 5.3.2), and PostgreSQL has no text with a NUL.
    return isinstance(value, str) and 0 < len(value) <= MAX_LENGTH and "\x00" not in value
