"""Idempotency keys at this door.

v1 keeps the answer to a key, also a refusal, once the request was found to have the form of one, and repeats it byte
for byte. v2 keeps that it was done: sent again, the request changes nothing and is answered with the thing as it is
now; what was refused is tried again. A failure of the server itself is kept by neither: it has undone everything.
Source: Stripe documentation, Idempotent requests; API v2, Idempotency.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import BillingError, Conflict, IdempotencyMismatch, InvalidRequest
from billing_sdk.server.api.stripe.answers import Answer, Answering
from billing_sdk.server.api.stripe.bodies import JSON_TYPE, View
from billing_sdk.server.api.stripe.problems import error_answer, refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf
from billing_sdk.server.occasion import current_occasion
from billing_sdk.server.storage.idempotency import Claim, StoredAnswer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import asked_often

HEADER: Final = "idempotency-key"
LONGEST_KEY: Final = 255
REPLAYED: Final = {"Idempotent-Replayed": "true"}


@dataclass(frozen=True, slots=True)
class Once:
    """Serves one call in one transaction, and at most once for each key.

    Attributes:
        client_id: who calls; keys of others are other keys.
        key: the idempotency key, if the call has one.
        answer: renders what is answered.
    """

    engine: Engine
    request: Request
    client_id: str
    key: str | None
    answer: Answer

    def __call__(
        self,
        serve: Callable[[Engine], View],
        body: BaseModel | None = None,
        *,
        again: Callable[[Engine, str], View] | None = None,
        status: int = 200,
    ) -> Response:
        """Return what `serve` answers, or what is answered to the same request sent again.

        Args:
            serve: does the work with the engine that it is given, which is that of the call.
            body: what was sent.
            again: v2: shows the thing as it is now; it is given the id that the first answer had. Without it the first
                answer is repeated.
            status: of the answer.

        Raises:
            IdempotencyMismatch: the key was used with another operation, address or body.
            Conflict: the same call is being served right now.
        """
        claim = self._claim(body)
        try:
            with self.engine.calling(claim, refusal=self._refusal) as engine:
                earlier = self._begin(engine, claim)
                if earlier is None:
                    answer = StoredAnswer(status, self.answer.written(serve(engine), engine))
                    assert engine.call is not None  # noqa: S101 - what `calling` is for
                    engine.call.answer(answer)
                    return _as_response(answer)
        except BillingError as error:
            self._keep(claim, error)
            raise
        if self._is_v1 or again is None:
            return _as_response(earlier, replayed=True)
        return self.answer(again(self.engine, json.loads(earlier.body)["id"]), status=earlier.status)

    @property
    def _is_v1(self) -> bool:
        return bool(self.request.app.state.api == "v1")

    def _begin(self, engine: Engine, claim: Claim | None) -> StoredAnswer | None:
        """Claim the key; return what was answered before, where that still counts."""
        assert engine.call is not None  # noqa: S101 - what `calling` is for
        try:
            earlier = engine.call.begin()
        except IdempotencyMismatch:
            raise
        except Conflict:
            raise refused(
                "idempotency_key_in_use", "Another request with this key is being served.", status=409
            ) from None
        if earlier is None or self._is_v1 or earlier.status < 400 or claim is None:
            return earlier
        with engine.begin() as tx:
            tx.idempotency.forget(claim)
        return self._begin(engine, claim)

    def _keep(self, claim: Claim | None, error: BillingError) -> None:
        """Keep a refusal of v1 as the answer; what is only wrong with the request itself, or now, is not kept."""
        is_kept = self._is_v1 and 400 <= error.status < 500 and error.status not in (401, 403, 409, 429)
        if claim is None or not is_kept or isinstance(error, InvalidRequest):
            return
        at = self.engine.now()
        with self.engine.begin() as tx:
            if not isinstance(tx.idempotency.claim(claim, at=at, lease_ends_at=at), StoredAnswer):
                tx.idempotency.store(claim, self._refusal(error))

    def _claim(self, body: BaseModel | None) -> Claim | None:
        if self.key is None:
            return None
        url = self.request.url
        sent = body.model_dump_json(exclude_unset=True) if body is not None else ""
        same = f"{self.request.method} {url.path}?{url.query}\n{sent}"
        scope = f"stripe/{self.request.app.state.api}/{self.client_id}"
        return Claim(scope, self.key, hashlib.sha256(same.encode()).hexdigest())

    def _refusal(self, error: BillingError) -> StoredAnswer:
        answer = error_answer(self.request, error)
        return StoredAnswer(answer.status_code, bytes(answer.body).decode())


@asked_often
async def _once_for(request: Request, engine: EngineOf, caller: CallerOf, answer: Answering) -> Once:
    key = key_of(request)
    occasion = current_occasion()
    occasion.idempotency_key, occasion.is_pointed_to = key, True
    return Once(engine, request, caller.client_id, key, answer)


OnlyOnce = Annotated[Once, Depends(_once_for)]


def key_of(request: Request) -> str | None:
    """Return the idempotency key of a request; None without one.

    Raises:
        InvalidRequest: there are two, or it has not 1 to 255 characters.
    """
    given = request.headers.getlist(HEADER)
    if len(given) > 1:
        raise InvalidRequest("the request carries two idempotency keys", parameter="Idempotency-Key")
    if given and not 1 <= len(given[0]) <= LONGEST_KEY:
        raise InvalidRequest(f"an idempotency key has 1 to {LONGEST_KEY} characters", parameter="Idempotency-Key")
    return given[0] if given else None


def _as_response(answer: StoredAnswer, *, replayed: bool = False) -> Response:
    headers: Mapping[str, str] = REPLAYED if replayed else {}
    return Response(answer.body, answer.status, dict(headers), media_type=JSON_TYPE)
