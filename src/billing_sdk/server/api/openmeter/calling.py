"""What every operation of this door has: who calls, with which scope, and answers that are made once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, RootModel, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request

from billing_sdk.errors import Forbidden, InvalidRequest
from billing_sdk.server.api.konnect.filters import INSTANTS
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf
from billing_sdk.server.api.konnect.values import instant
from billing_sdk.server.api.openmeter.problems import error_answer
from billing_sdk.server.usecases.callers import Caller
from billing_sdk.server.web.billing_gate import pass_billing_gate
from billing_sdk.server.web.once import IdempotencyKey, Once, one_key


class Sent(BaseModel):
    """A body that a client sends, with names in camelCase."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Document(RootModel[dict[str, Any]]):
    """An answer."""


class Documents(RootModel[list[dict[str, Any]]]):
    """An answer of several."""


def scope(name: str) -> Any:
    """Return the dependency of an operation that only a program with a scope may call."""

    async def check(engine: EngineOf, caller: CallerOf) -> Caller:
        if name not in caller.scopes:
            raise Forbidden(f"the token lacks the scope {name}", scope=name)
        await pass_billing_gate(engine)
        return caller

    return [Depends(check)]


async def once_for(
    request: Request, engine: EngineOf, caller: CallerOf, idempotency_key: IdempotencyKey = None
) -> Once:
    """Return what serves this call at most once.

    Raises:
        InvalidRequest: there are two keys.
    """
    one_key(request)
    return Once(engine, request, caller.client_id, idempotency_key, error_answer)


OnlyOnce = Annotated[Once, Depends(once_for)]


def told(**members: Any) -> dict[str, Any]:
    """Return an answer's members with their names as they are published; what is None is left out."""
    return {
        to_camel(name): instant(value) if isinstance(value, datetime) else value
        for name, value in members.items()
        if value is not None
    }


def instant_in(request: Request, name: str) -> datetime | None:
    """Return an instant of the query.

    Raises:
        InvalidRequest: it is none.
    """
    text = request.query_params.get(name)
    try:
        return None if text is None else INSTANTS.validate_python(text)
    except ValidationError:
        raise InvalidRequest(f"{name} is not a date and time of RFC 3339", parameter=name) from None
