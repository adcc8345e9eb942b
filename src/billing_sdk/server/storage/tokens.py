"""Codes, access tokens and refresh tokens, and the families that they descend in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, delete, insert, select, update

from billing_sdk.server.storage.tables.oidc import (
    access_tokens,
    authorization_codes,
    refresh_tokens,
    token_families,
)

FORGOTTEN_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class TokenFamily:
    """All that descends from one sign-in, or from one request of a machine.

    Attributes:
        user_id: who signed in; None for a machine.
        org_code: the organization that the tokens speak for.
        scope: what was granted, separated by spaces; refreshing can narrow it for one token, never widen it.
        audience: the APIs that the access tokens are for, separated by spaces.
        authenticated_at: when the user last proved who they are.
        userinfo_claims: names of claims that the client asked for one by one, separated by spaces.
        id_token_claims: the same, for the ID token.
        session_digest: the digest of the key of the provider session that it began in.
    """

    id: str
    client_id: str
    user_id: str | None
    org_code: str | None
    scope: str
    created_at: datetime
    audience: str = ""
    authenticated_at: datetime | None = None
    session_digest: str | None = field(default=None, repr=False)
    revoked_at: datetime | None = None
    userinfo_claims: str = ""
    id_token_claims: str = ""


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """A code, known by its digest, and what it may be exchanged for."""

    digest: str
    family: TokenFamily
    redirect_uri: str
    expires_at: datetime
    nonce: str | None = None
    code_challenge: str | None = None
    redeemed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token, known by its digest.

    Attributes:
        seed: with the token itself it yields the token's only successor.
        rotated_at: when it was exchanged for its successor.
    """

    digest: str
    family: TokenFamily
    seed: str = field(repr=False)
    expires_at: datetime
    rotated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token, known by its `jti`."""

    jti: str
    family: TokenFamily
    expires_at: datetime
    revoked_at: datetime | None = None

    @property
    def is_revoked(self) -> bool:
        """Whether it, or all that descends from its sign-in, was revoked."""
        return self.revoked_at is not None or self.family.revoked_at is not None


class TokenRepository:
    """Keeps what was issued, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_family(self, family: TokenFamily) -> None:
        """Keep a new family."""
        values = {column.name: getattr(family, column.name) for column in token_families.c}
        self._connection.execute(insert(token_families).values(values))

    def hold_family(self, family_id: str) -> bool:
        """Tell whether a family still counts; if so, nobody else revokes it until this transaction ends."""
        counts = (token_families.c.id == family_id) & token_families.c.revoked_at.is_(None)
        # The weaker kind, so that rows which refer to it can be written meanwhile.
        held = select(token_families.c.id).where(counts).with_for_update(key_share=True)
        return self._connection.execute(held).first() is not None

    def revoke_family(self, family_id: str, *, at: datetime) -> None:
        """Let nothing of a family be accepted any more."""
        named = (token_families.c.id == family_id) & token_families.c.revoked_at.is_(None)
        self._connection.execute(update(token_families).where(named).values(revoked_at=at))

    def revoke_session(self, session_digest: str, *, at: datetime) -> None:
        """Revoke every family that a provider session has begun."""
        named = (token_families.c.session_digest == session_digest) & token_families.c.revoked_at.is_(None)
        self._connection.execute(update(token_families).where(named).values(revoked_at=at))

    def revoke_user(self, user_id: str, *, at: datetime) -> None:
        """Revoke every family of a user, such as one who was suspended or has a new password."""
        named = (token_families.c.user_id == user_id) & token_families.c.revoked_at.is_(None)
        self._connection.execute(update(token_families).where(named).values(revoked_at=at))

    def add_code(self, code: AuthorizationCode) -> None:
        """Keep a new code; its family is kept already."""
        self._add(authorization_codes, code)

    def spend_code(self, digest: str, *, at: datetime) -> AuthorizationCode | None:
        """Spend a code, and return it as it was before; None where there is no such code.

        Of any number of callers at once exactly one gets it unspent, with `redeemed_at` empty.
        """
        unspent = (authorization_codes.c.digest == digest) & authorization_codes.c.redeemed_at.is_(None)
        spent = update(authorization_codes).where(unspent).values(redeemed_at=at)
        is_first = self._connection.execute(spent.returning(authorization_codes.c.digest)).first() is not None
        found = self._find(authorization_codes, authorization_codes.c.digest == digest)
        if found is None:
            return None
        return AuthorizationCode(**(found | {"redeemed_at": None} if is_first else found))

    def add_refresh_token(self, token: RefreshToken) -> None:
        """Keep a new refresh token; its family is kept already."""
        self._add(refresh_tokens, token)

    def find_refresh_token(self, digest: str) -> RefreshToken | None:
        """Return a refresh token."""
        found = self._find(refresh_tokens, refresh_tokens.c.digest == digest)
        return None if found is None else RefreshToken(**found)

    def rotate_refresh_token(self, digest: str, *, at: datetime) -> bool:
        """Mark a refresh token as exchanged; of any number of callers at once, exactly one is told so."""
        unspent = (refresh_tokens.c.digest == digest) & refresh_tokens.c.rotated_at.is_(None)
        spent = update(refresh_tokens).where(unspent).values(rotated_at=at)
        return self._connection.execute(spent.returning(refresh_tokens.c.digest)).first() is not None

    def add_access_token(self, token: AccessToken) -> None:
        """Keep a new access token; its family is kept already."""
        self._add(access_tokens, token)

    def find_access_token(self, jti: str) -> AccessToken | None:
        """Return an access token."""
        row = self._connection.execute(ACCESS_TOKEN, {"wanted": jti}).first()
        return None if row is None else AccessToken(**_split(row, _own(access_tokens)))

    def revoke_access_token(self, jti: str, *, at: datetime) -> None:
        """Let one access token not be accepted any more."""
        named = (access_tokens.c.jti == jti) & access_tokens.c.revoked_at.is_(None)
        self._connection.execute(update(access_tokens).where(named).values(revoked_at=at))

    def forget(self, *, expired_at: datetime, families_before: datetime) -> None:
        """Remove some of the access tokens that have expired, and of the families that began too long ago.

        Few enough each time to be done along the way; others who do it at the same time take other rows.
        """
        expired = select(access_tokens.c.jti).where(access_tokens.c.expires_at <= expired_at)
        self._delete_some(access_tokens, access_tokens.c.jti, expired)
        old = select(token_families.c.id).where(token_families.c.created_at <= families_before)
        self._delete_some(token_families, token_families.c.id, old)

    def _delete_some(self, table: Table, key: ColumnElement[str], found: Select[tuple[str]]) -> None:
        some = found.limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)
        self._connection.execute(delete(table).where(key.in_(some)))

    def _add(self, table: Table, issued: AuthorizationCode | RefreshToken | AccessToken) -> None:
        values = {column.name: getattr(issued, column.name) for column in table.c if column.name != "family_id"}
        self._connection.execute(insert(table).values(values | {"family_id": issued.family.id}))

    def _find(self, table: Table, condition: Any) -> dict[str, Any] | None:
        """Return the fields of what was issued, its family among them."""
        row = self._connection.execute(_with_family(table).where(condition)).first()
        return None if row is None else _split(row, _own(table))


def _own(table: Table) -> list[str]:
    return [column.name for column in table.c if column.name != "family_id"]


def _with_family(table: Table) -> Select[Any]:
    return select(*(table.c[name] for name in _own(table)), *token_families.c).join(token_families)


ACCESS_TOKEN = _with_family(access_tokens).where(access_tokens.c.jti == bindparam("wanted"))


def _split(row: Row[Any], own: list[str]) -> dict[str, Any]:
    # By position, because columns of both tables may share a name.
    family = dict(zip((column.name for column in token_families.c), row[len(own) :], strict=True))
    return {**dict(zip(own, row[: len(own)], strict=True)), "family": TokenFamily(**family)}
