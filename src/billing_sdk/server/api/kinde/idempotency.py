"""Calls that are safe to repeat: the first answer to an Idempotency-Key is the answer to all.

Source: the HTTP API working group's draft "The Idempotency-Key HTTP Header Field"; an extension of this door.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import BillingError
from billing_sdk.server.api.kinde.envelope import Answer, Body
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf
from billing_sdk.server.storage.idempotency import StoredAnswer
from billing_sdk.server.usecases.engine import Engine

# Longer than any request takes: only a process that died leaves a key without an answer for that long.
LEASE_SECONDS = 60

IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Extension: a name for this call, so that sending it again changes nothing more.",
    ),
]


@dataclass(frozen=True, slots=True)
class Once:
    """Serves one call at most once for each key; calls without a key are served each time."""

    engine: Engine
    client_id: str
    operation: str
    key: str | None

    def __call__(self, body: Body, serve: Callable[[], Answer]) -> Response:
        """Return what `serve` answers, or what it answered the first time.

        Raises:
            IdempotencyMismatch: the key was used with another operation or body.
            Conflict: the same call is being served right now.
        """
        if self.key is None:
            return _json(StoredAnswer(200, serve().model_dump_json()))
        earlier = self._claim(self.key, body)
        if earlier is not None:
            return _json(earlier, replayed=True)
        try:
            answer = StoredAnswer(200, serve().model_dump_json())
        except BillingError:
            # Nothing was changed, so the same call may succeed later.
            with self.engine.begin() as tx:
                tx.idempotency.release(self.client_id, self.key)
            raise
        with self.engine.begin() as tx:
            tx.idempotency.store(self.client_id, self.key, answer)
        return _json(answer)

    def _claim(self, key: str, body: Body) -> StoredAnswer | None:
        request = f"{self.operation}\n{body.model_dump_json()}"
        at = self.engine.now()
        with self.engine.begin() as tx:
            return tx.idempotency.claim(
                self.client_id,
                key,
                hashlib.sha256(request.encode()).hexdigest(),
                at=at,
                lease_ends_at=at + timedelta(seconds=LEASE_SECONDS),
            )


def once_for(request: Request, engine: EngineOf, caller: MachineOf, idempotency_key: IdempotencyKey = None) -> Once:
    """Return what serves this call at most once."""
    return Once(engine, caller.client_id, f"{request.method} {request.url.path}", idempotency_key)


OnlyOnce = Annotated[Once, Depends(once_for)]


def _json(answer: StoredAnswer, *, replayed: bool = False) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Response(answer.body, answer.status, headers, media_type="application/json")
