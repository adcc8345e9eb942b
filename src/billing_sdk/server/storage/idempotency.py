"""Answers to requests with an idempotency key, so that a request that is sent again is served once."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update

from billing_sdk._secret import Secret
from billing_sdk.errors import Conflict, IdempotencyMismatch
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.sealed import reseal_column
from billing_sdk.server.storage.tables.visits import idempotent_answers
from billing_sdk.server.storage.upsert import insert_new


@dataclass(frozen=True, slots=True)
class Claim:
    """The key of a request.

    Attributes:
        scope: whose key it is: the client's id. Two clients never meet in one key.
        key: what the client sent.
        request_digest: digest of all that makes it the same request.
    """

    scope: str
    key: str
    request_digest: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What a request was answered."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A claim whose request may go on.

    Attributes:
        effect_id: what an earlier attempt had begun to make before its process died, if it came that far.
    """

    effect_id: str | None = None


class IdempotencyRepository:
    """Keeps keys and answers, in the transaction of its connection; sealed, since some answers hold a one-time link."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def claim(self, claim: Claim, *, at: datetime, lease_ends_at: datetime) -> StoredAnswer | Unanswered:
        """Take a key for a request, or return what the same request was answered before.

        Of any number of callers at once, one goes on; the others wait until its transaction has ended, and then
        find its answer, or take the key where it has left none.

        Args:
            claim: the key.
            at: the present.
            lease_ends_at: when others may take the key over, should this caller commit it without an answer.

        Raises:
            IdempotencyMismatch: the key was used for another request.
            Conflict: the same request is being served right now.
        """
        values = {
            "scope": claim.scope,
            "key": claim.key,
            "request_digest": claim.request_digest,
            "started_at": at,
            "lease_ends_at": lease_ends_at,
        }
        if insert_new(self._connection, idempotent_answers, values):
            return Unanswered()
        return self._find_or_take_over(claim, at, lease_ends_at)

    def store(self, claim: Claim, answer: StoredAnswer) -> None:
        """Keep the answer to a request whose key was claimed."""
        sealed = self._sealer.seal(Secret(answer.body), place=_place(claim.scope, claim.key))
        values = {"status": answer.status, "sealed_body": sealed}
        self._connection.execute(update(idempotent_answers).where(_is(claim)).values(values))

    def begin_effect(self, claim: Claim, effect_id: str) -> None:
        """Note what a request has begun to make, for whoever has to go on with it."""
        self._connection.execute(update(idempotent_answers).where(_is(claim)).values(effect_id=effect_id))

    def give_back(self, claim: Claim, *, at: datetime) -> None:
        """Let the same request be served at once when it is sent again; one that has begun nothing is forgotten."""
        open_claim = _is(claim) & idempotent_answers.c.status.is_(None)
        self._connection.execute(delete(idempotent_answers).where(open_claim, idempotent_answers.c.effect_id.is_(None)))
        self._connection.execute(update(idempotent_answers).where(open_claim).values(lease_ends_at=at))

    def forget(self, claim: Claim) -> None:
        """Forget a key with its answer, so that the same request is served anew."""
        self._connection.execute(delete(idempotent_answers).where(_is(claim)))

    def forget_before(self, at: datetime) -> None:
        """Remove keys that were first used before an instant."""
        self._connection.execute(delete(idempotent_answers).where(idempotent_answers.c.started_at < at))

    def reseal(self) -> int:
        """Seal anew what an older key has sealed, and return how many there were."""
        return reseal_column(self._connection, self._sealer, idempotent_answers.c.sealed_body, _place)

    def _find_or_take_over(self, claim: Claim, at: datetime, lease_ends_at: datetime) -> StoredAnswer | Unanswered:
        row = self._connection.execute(
            select(
                idempotent_answers.c.request_digest,
                idempotent_answers.c.lease_ends_at,
                idempotent_answers.c.status,
                idempotent_answers.c.sealed_body,
                idempotent_answers.c.effect_id,
            )
            .where(_is(claim))
            .with_for_update()
        ).first()
        if row is None:  # given back this very moment
            raise Conflict(f"a request with the key {claim.key[:64]!r} was being served")
        if not hmac.compare_digest(row.request_digest, claim.request_digest):
            raise IdempotencyMismatch(f"the key {claim.key[:64]!r} was used for another request")
        if row.status is not None:
            body = self._sealer.open(row.sealed_body, place=_place(claim.scope, claim.key))
            return StoredAnswer(row.status, body.reveal())
        if row.lease_ends_at > at:
            raise Conflict(f"a request with the key {claim.key[:64]!r} is being served")
        self._connection.execute(update(idempotent_answers).where(_is(claim)).values(lease_ends_at=lease_ends_at))
        return Unanswered(row.effect_id)


def _is(claim: Claim) -> ColumnElement[bool]:
    return (idempotent_answers.c.scope == claim.scope) & (idempotent_answers.c.key == claim.key)


def _place(scope: str, key: str) -> str:
    return f"idempotent_answers/{scope}/{key}"
