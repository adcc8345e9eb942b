"""Idempotency keys at this door: every operation of the Management API that changes something takes one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from billing_sdk.server.api.kinde.envelope import error_answer
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf
from billing_sdk.server.web.once import IdempotencyKey, Once, one_key
from billing_sdk.server.web.operations import asked_often


@asked_often
async def once_for(
    request: Request, engine: EngineOf, caller: MachineOf, idempotency_key: IdempotencyKey = None
) -> Once:
    """Return what serves this call at most once.

    Raises:
        InvalidRequest: there are two keys.
    """
    one_key(request)
    return Once(engine, request, caller.client_id, idempotency_key, error_answer)


OnlyOnce = Annotated[Once, Depends(once_for)]
