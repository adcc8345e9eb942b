"""API tokens: what opens the Konnect door to a program, known by its digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from billing_sdk.errors import NotFound
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.konnect import api_tokens


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of a token.

    Attributes:
        digest: SHA-256 of the token, which is kept nowhere.
        scopes: what it allows.
        expires_at: None where it lives until it is revoked.
        last_used_at: when it has last opened something, to the hour; None where it never has.
    """

    id: str
    digest: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_good(self, at: datetime) -> bool:
        """Tell whether it opens anything at an instant."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


class ApiTokenRepository:
    """Keeps API tokens, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, token: ApiToken) -> None:
        """Store a new token."""
        self._connection.execute(insert(api_tokens), row_of(token))

    def find(self, digest: str) -> ApiToken | None:
        """Return the token that has a digest, good or not."""
        row = self._connection.execute(select(api_tokens).where(api_tokens.c.digest == digest)).mappings().first()
        return None if row is None else _from_row(row)

    def get(self, token_id: str) -> ApiToken:
        """Return a token by its id.

        Raises:
            NotFound: there is none.
        """
        row = self._connection.execute(select(api_tokens).where(api_tokens.c.id == token_id)).mappings().first()
        if row is None:
            raise NotFound(f"there is no API token {token_id[:64]!r}")
        return _from_row(row)

    def list(self) -> tuple[ApiToken, ...]:
        """Return all tokens, the oldest first."""
        rows = self._connection.execute(select(api_tokens).order_by(api_tokens.c.id)).mappings()
        return tuple(_from_row(row) for row in rows)

    def page(self, wanted: PageRequest = FIRST_PAGE) -> Page[ApiToken]:
        """Return a page of the tokens, in the order of their ids."""
        return read_page(self._connection, select(api_tokens), api_tokens.c.id, wanted, _from_row)

    def revoke(self, token_id: str, *, at: datetime) -> None:
        """Let a token open nothing any more."""
        revoked = update(api_tokens).where(api_tokens.c.id == token_id).values(revoked_at=at)
        self._connection.execute(revoked)

    def note_use(self, token_id: str, *, at: datetime) -> None:
        """Keep when a token was used."""
        self._connection.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(last_used_at=at))


def _from_row(row: RowMapping) -> ApiToken:
    values: dict[str, Any] = dict(row)
    return ApiToken(**{**values, "scopes": tuple(values["scopes"])})
