"""Answers to requests with an idempotency key, so that a request that is sent again is served once."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import Conflict, IdempotencyMismatch
from billing_sdk.server.storage.tables.visits import idempotent_answers


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What a request was answered."""

    status: int
    body: str


class IdempotencyRepository:
    """Keeps keys and answers, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(
        self, scope: str, key: str, request_digest: str, *, at: datetime, lease_ends_at: datetime
    ) -> StoredAnswer | None:
        """Take a key for a request; return the answer where the same request has been served before.

        Args:
            scope: whose key it is and for which operation, such as `m2m_1 POST /billing/agreements`.
            key: what the caller sent.
            request_digest: digest of all that makes it the same request.
            at: the present.
            lease_ends_at: when others may take it over, should this caller never store an answer.

        Raises:
            IdempotencyMismatch: the key was used for another request.
            Conflict: the same request is being served right now.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(
                    insert(idempotent_answers).values(
                        scope=scope,
                        key=key,
                        request_digest=request_digest,
                        started_at=at,
                        lease_ends_at=lease_ends_at,
                    )
                )
        except IntegrityError:
            return self._find_or_take_over(scope, key, request_digest, at, lease_ends_at)
        return None

    def store(self, scope: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer to a request whose key was claimed."""
        held = (idempotent_answers.c.scope == scope) & (idempotent_answers.c.key == key)
        self._connection.execute(update(idempotent_answers).where(held).values(status=answer.status, body=answer.body))

    def release(self, scope: str, key: str) -> None:
        """Forget a key whose request had no effect, so that it can be sent again."""
        held = (idempotent_answers.c.scope == scope) & (idempotent_answers.c.key == key)
        self._connection.execute(delete(idempotent_answers).where(held, idempotent_answers.c.status.is_(None)))

    def forget_before(self, at: datetime) -> None:
        """Remove keys that were first used before an instant."""
        self._connection.execute(delete(idempotent_answers).where(idempotent_answers.c.started_at < at))

    def _find_or_take_over(
        self, scope: str, key: str, request_digest: str, at: datetime, lease_ends_at: datetime
    ) -> StoredAnswer | None:
        held = (idempotent_answers.c.scope == scope) & (idempotent_answers.c.key == key)
        row = self._connection.execute(select(idempotent_answers).where(held).with_for_update()).mappings().one()
        if not hmac.compare_digest(row["request_digest"], request_digest):
            raise IdempotencyMismatch(f"the key {key[:64]!r} was used for another request")
        if row["status"] is not None:
            return StoredAnswer(row["status"], row["body"])
        if row["lease_ends_at"] > at:
            raise Conflict(f"a request with the key {key[:64]!r} is being served")
        self._connection.execute(update(idempotent_answers).where(held).values(lease_ends_at=lease_ends_at))
        return None
