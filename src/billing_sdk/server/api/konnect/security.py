"""Who is calling: an API token or a machine's access token on every operation, and the scope that it needs."""

from __future__ import annotations

from typing import Annotated, Any, NoReturn

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from billing_sdk.errors import Forbidden, InvalidRequest, Unauthenticated
from billing_sdk.server.api.konnect.listing import Listing
from billing_sdk.server.occasion import name_caller
from billing_sdk.server.usecases.api_tokens import authenticate_program, recall_program
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.callers import Caller
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web import authorization_of, pass_billing_gate
from billing_sdk.server.web.operations import asked_often

bearer = HTTPBearer(scheme_name="bearerAuth", auto_error=False)
# What every operation may answer instead, for the OpenAPI document: a problem of one shape.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "It was refused; the problem says why, and what is wrong with the request where it is that",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["status", "title", "type", "detail"],
                    "properties": {
                        "status": {"type": "integer"},
                        "title": {"type": "string"},
                        "type": {"type": "string"},
                        "instance": {"type": "string"},
                        "detail": {"type": "string"},
                        "invalid_parameters": {"type": "array", "items": {"type": "object"}},
                    },
                }
            }
        },
    }
}


@asked_often
async def engine_of(request: Request) -> Engine:
    """Return the engine that this application was made with."""
    engine: Engine = request.app.state.engine
    return engine


EngineOf = Annotated[Engine, Depends(engine_of)]


@asked_often
async def caller_of(
    request: Request, engine: EngineOf, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Caller:
    """Return the program whose token the request carries.

    Raises:
        Unauthenticated: there is no token, or not a valid one.
        Forbidden: it is a person's.
        InvalidRequest: a token is in the address, or there are two.
        RateLimited: it has sent too many requests.
    """
    authorization_of(request)
    if "access_token" in request.query_params:
        raise InvalidRequest("a token does not belong in the address", parameter="access_token", source="query")
    if credentials is None:
        raise Unauthenticated("the request carries no bearer token")
    token = credentials.credentials
    caller = recall_program(engine, token=token)
    if caller is None:
        caller = await run_in_threadpool(authenticate_program, engine, token=token)
    actor = caller.user_id or caller.client_id
    name_caller(actor, caller.org_code)
    engine.admit("management", actor)
    if caller.kind != "machine":
        error = Forbidden("this API needs an API token or a machine's token")
        await run_in_threadpool(_refuse, engine, request, actor, error)
    return caller


CallerOf = Annotated[Caller, Depends(caller_of)]


def scoped(scope: str, *, lists: Listing | None = None) -> dict[str, Any]:
    """Return the arguments of a route that only a program with `scope` may call.

    Args:
        scope: such as `read:billing_customers`; the OpenAPI document carries it as `x-scope`.
        lists: what the operation can be asked, where it lists something.
    """

    async def check(request: Request, engine: EngineOf, caller: CallerOf) -> None:
        if scope not in caller.scopes:
            error = Forbidden(f"the token lacks the scope {scope}", scope=scope)
            await run_in_threadpool(_refuse, engine, request, caller.client_id, error)
        await pass_billing_gate(engine)
        _check_query(request, lists)

    extra: dict[str, Any] = {"x-scope": scope}
    if lists is not None:
        extra["parameters"] = lists.documented
    return {"dependencies": [Depends(check)], "openapi_extra": extra, "responses": PROBLEMS}


def _check_query(request: Request, lists: Listing | None) -> None:
    """Let a query pass whose parameters the operation has.

    Raises:
        InvalidRequest: it does not have one of them.
    """
    if not request.scope["query_string"]:
        return
    waiting: list[Dependant] = [request.scope["route"].dependant]
    known: set[str] = set()
    while waiting:
        found = waiting.pop()
        known.update(one.alias for one in found.query_params)
        waiting += found.dependencies
    unknown = [
        name for name in request.query_params if name not in known and not (lists is not None and lists.knows(name))
    ]
    if unknown:
        raise InvalidRequest(
            f"the operation has no query parameter {unknown[0][:64]!r}",
            invalid_parameters=[
                {
                    "field": name[:64],
                    "reason": f'property "{name[:64]}" is unsupported',
                    "rule": "unknown_property",
                    "source": "query",
                }
                for name in unknown
            ],
        )


def _refuse(engine: Engine, request: Request, actor: str, error: Forbidden) -> NoReturn:
    """Record what somebody with a good token was refused; their rate is counted before, so that it bounds the records.

    Raises:
        Forbidden: always.
    """
    subject = f"{request.method} {request.url.path}"
    with recording_denials(engine, actor=actor, action="api.call", subject=subject):
        raise error
