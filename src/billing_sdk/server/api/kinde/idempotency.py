"""Calls that are safe to repeat: the first answer to an Idempotency-Key is the answer to all.

Every operation of the Management API that changes something takes a key. The key, the effect and the answer are
committed together; what was refused before it changed anything leaves no key behind, so the same call may succeed
later. Source: the HTTP API working group's draft "The Idempotency-Key HTTP Header Field"; an extension of this door.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import BillingError, InvalidRequest
from billing_sdk.server.api.kinde.envelope import Body, error_answer
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf
from billing_sdk.server.storage.idempotency import Claim, StoredAnswer
from billing_sdk.server.usecases.engine import Engine

IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Extension: a name for this call, so that sending it again changes nothing more.",
    ),
]


@dataclass(frozen=True, slots=True)
class Once:
    """Serves one call in one transaction, and at most once for each key."""

    engine: Engine
    request: Request
    client_id: str
    key: str | None

    def __call__(self, serve: Callable[[Engine], BaseModel], body: Body | None = None) -> Response:
        """Return what `serve` answers, or what it answered the first time.

        Args:
            serve: does the work with the engine that it is given, which is that of the call.
            body: what was sent.

        Raises:
            IdempotencyMismatch: the key was used with another operation, address or body.
            Conflict: the same call is being served right now.
        """
        with self.engine.calling(self._claim(body), refusal=self._refusal) as engine:
            assert engine.call is not None  # noqa: S101 - what `calling` is for
            earlier = engine.call.begin()
            if earlier is not None:
                return _json(earlier, replayed=True)
            answer = StoredAnswer(200, serve(engine).model_dump_json())
            engine.call.answer(answer)
        return _json(answer)

    def _claim(self, body: Body | None) -> Claim | None:
        if self.key is None:
            return None
        url = self.request.url
        sent = body.model_dump_json(exclude_unset=True) if body is not None else ""
        same = f"{self.request.method} {url.path}?{url.query}\n{sent}"
        return Claim(self.client_id, self.key, hashlib.sha256(same.encode()).hexdigest())

    def _refusal(self, error: BillingError) -> StoredAnswer:
        answer = error_answer(self.request, error)
        return StoredAnswer(answer.status_code, bytes(answer.body).decode())


async def once_for(
    request: Request, engine: EngineOf, caller: MachineOf, idempotency_key: IdempotencyKey = None
) -> Once:
    """Return what serves this call at most once.

    Raises:
        InvalidRequest: there are two keys.
    """
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise InvalidRequest("the request carries two idempotency keys", parameter="idempotency-key")
    return Once(engine, request, caller.client_id, idempotency_key)


OnlyOnce = Annotated[Once, Depends(once_for)]


def _json(answer: StoredAnswer, *, replayed: bool = False) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Response(answer.body, answer.status, headers, media_type="application/json")
