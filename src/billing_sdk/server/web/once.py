"""Calls that are safe to repeat: the first answer to an Idempotency-Key is the answer to all.

The key, the effect and the answer are committed together; what was refused before it changed anything leaves no key
behind, so the same call may succeed later. Source: the HTTP API working group's draft "The Idempotency-Key HTTP
Header Field".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import BillingError, InvalidRequest
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
    """Serves one call in one transaction, and at most once for each key.

    Attributes:
        client_id: who calls; keys of others are other keys.
        key: the idempotency key, if the call has one.
        refuse: the answer that stands for an error at this door.
        leaves_out_defaults: whether an answer says nothing of what is as its model has it anyway.
    """

    engine: Engine
    request: Request
    client_id: str
    key: str | None
    refuse: Callable[[Request, BillingError], Response]
    leaves_out_defaults: bool = False

    def __call__(
        self, serve: Callable[[Engine], BaseModel | None], body: BaseModel | None = None, *, status: int = 200
    ) -> Response:
        """Return what `serve` answers, or what it answered the first time.

        Args:
            serve: does the work with the engine that it is given, which is that of the call; None for no content.
            body: what was sent.
            status: of the answer.

        Raises:
            IdempotencyMismatch: the key was used with another operation, address or body.
            Conflict: the same call is being served right now.
        """
        with self.engine.calling(self._claim(body), refusal=self._refusal) as engine:
            assert engine.call is not None  # noqa: S101 - what `calling` is for
            earlier = engine.call.begin()
            if earlier is not None:
                return _as_response(earlier, replayed=True)
            answer = StoredAnswer(status, self._written(serve(engine)))
            engine.call.answer(answer)
        return _as_response(answer)

    def _written(self, answer: BaseModel | None) -> str:
        return "" if answer is None else answer.model_dump_json(exclude_defaults=self.leaves_out_defaults)

    def _claim(self, body: BaseModel | None) -> Claim | None:
        if self.key is None:
            return None
        url = self.request.url
        sent = body.model_dump_json(exclude_unset=True) if body is not None else ""
        same = f"{self.request.method} {url.path}?{url.query}\n{sent}"
        return Claim(self.client_id, self.key, hashlib.sha256(same.encode()).hexdigest())

    def _refusal(self, error: BillingError) -> StoredAnswer:
        answer = self.refuse(self.request, error)
        return StoredAnswer(answer.status_code, bytes(answer.body).decode())


def one_key(request: Request) -> None:
    """Let a request pass that has one idempotency key at most.

    Raises:
        InvalidRequest: there are two.
    """
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise InvalidRequest("the request carries two idempotency keys", parameter="idempotency-key")


def _as_response(answer: StoredAnswer, *, replayed: bool = False) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    if answer.status == 204:
        return Response(status_code=204, headers=headers)
    # A refusal that was kept says what it is by its shape: problem documents are an object with a `type`.
    is_problem = answer.status >= 400 and '"type":' in answer.body
    media_type = "application/problem+json" if is_problem else "application/json"
    return Response(answer.body, answer.status, headers, media_type=media_type)
