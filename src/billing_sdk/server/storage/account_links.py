"""Links about accounts that were mailed, found by the digest of their key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from billing_sdk.server.domain.identity import AccountLink, AccountLinkKind
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.identity import account_links


class AccountLinkRepository:
    """Keeps links that were not used yet, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, link: AccountLink) -> None:
        """Store a link in the place of the one before; the caller has locked the person."""
        before = (account_links.c.user_id == link.user_id) & (account_links.c.kind == link.kind)
        self._connection.execute(delete(account_links).where(before))
        self._connection.execute(insert(account_links).values(row_of(link)))

    def take(self, key_hash: str) -> AccountLink | None:
        """Remove a link and return it: of many who use it at once, exactly one gets it."""
        taken = delete(account_links).where(account_links.c.key_hash == key_hash).returning(*account_links.c)
        return self._first(taken)

    def find_by_key(self, key_hash: str) -> AccountLink | None:
        """Return the link that a key opens, without using it up."""
        return self._first(select(account_links).where(account_links.c.key_hash == key_hash))

    def find_of(self, user_id: str, kind: AccountLinkKind) -> AccountLink | None:
        """Return the link of a kind that somebody was sent last."""
        theirs = (account_links.c.user_id == user_id) & (account_links.c.kind == kind)
        return self._first(select(account_links).where(theirs))

    def end_all_of(self, user_id: str) -> None:
        """Let none of somebody's links be of use any more."""
        self._connection.execute(delete(account_links).where(account_links.c.user_id == user_id))

    def _first(self, statement: Any) -> AccountLink | None:
        row = self._connection.execute(statement).mappings().first()
        return None if row is None else AccountLink(**row)
