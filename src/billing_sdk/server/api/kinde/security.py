"""Who is calling: a bearer token on every operation, and the scope that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, NoReturn

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Scope

from billing_sdk.errors import Forbidden, InvalidRequest, Unauthenticated
from billing_sdk.server.api.kinde.envelope import known_parameters
from billing_sdk.server.occasion import name_caller
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.callers import Caller, token_digest
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.verify_access_token import authenticate, authenticate_machine, recall_machine
from billing_sdk.server.web import authorization_of, pass_billing_gate
from billing_sdk.server.web.operations import asked_often

bearer = HTTPBearer(scheme_name="kindeBearerAuth", auto_error=False)


@asked_often
async def engine_of(request: Request) -> Engine:
    """Return the engine that this application was made with."""
    engine: Engine = request.app.state.engine
    return engine


@asked_often
async def token_of(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> str:
    """Return the bearer token.

    Raises:
        Unauthenticated: there is none.
        InvalidRequest: a token is in the address, where logs and histories keep it (RFC 6750, section 5.3); or there
            are two of them.
    """
    authorization_of(request)
    if "access_token" in request.query_params:
        raise InvalidRequest("a token does not belong in the address", parameter="access_token")
    if credentials is None:
        raise Unauthenticated("the request carries no bearer token")
    return credentials.credentials


EngineOf = Annotated[Engine, Depends(engine_of)]
TokenOf = Annotated[str, Depends(token_of)]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in to an application, and speaks for an organization."""

    user_id: str
    org_code: str | None
    client_id: str


def person_of(request: Request, engine: EngineOf, token: TokenOf) -> Person:
    """Return the person whose token it is.

    Raises:
        Unauthenticated: the token is not valid.
        Forbidden: it is a machine's.
        RateLimited: the person has sent too many requests.
    """
    caller = authenticate(engine, token=token, audience="account")
    actor = caller.user_id or caller.client_id
    name_caller(actor, caller.org_code)
    engine.admit("account", actor)
    if caller.user_id is None:
        error = Forbidden("the Account API needs the token of a signed-in user", remedy="Use the Management API.")
        _refuse(engine, request, actor, error)
    return Person(actor, caller.org_code, caller.client_id)


@asked_often
def machine_of(request: Request, engine: EngineOf, token: TokenOf) -> Caller:
    """Return the machine whose token it is.

    Raises:
        Unauthenticated: the token is not valid, or not for this API.
        Forbidden: it is a person's.
        RateLimited: the machine has sent too many requests.
    """
    caller = authenticate(engine, token=token, audience="management")
    actor = caller.user_id or caller.client_id
    name_caller(actor, caller.org_code)
    engine.admit("management", actor)
    if error := _refusal_of(caller):
        _refuse(engine, request, actor, error)
    return caller


class Bearer(NamedTuple):
    """The bearer token of a request, and what it is known by."""

    token: str
    digest: bytes


def bearer_of(scope: Scope, authorizations: list[bytes]) -> Bearer:
    """Return the bearer token of a request, as `token_of` does.

    Args:
        scope: the request.
        authorizations: what its headers Authorization say.

    Raises:
        Unauthenticated: there is no token.
        InvalidRequest: a token is in the address, or there are two of them.
    """
    if len(authorizations) > 1:
        authorization_of(Request(scope))
    if scope["query_string"] and "access_token" in Request(scope).query_params:
        raise InvalidRequest("a token does not belong in the address", parameter="access_token")
    kind, _, token = (authorizations[0].decode("latin-1") if authorizations else "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token:
        raise Unauthenticated("the request carries no bearer token")
    return Bearer(token, token_digest(token))


async def recalled_machine(scope: Scope, engine: Engine, bearer: Bearer, *, needs: str) -> Caller:
    """Return the machine that sends a request, at the least cost where it was verified a moment ago.

    Args:
        scope: the request.
        engine: what every use case needs.
        bearer: its token.
        needs: the scope that the token has to have.

    Raises:
        Unauthenticated: the token is not valid, or not for this API.
        Forbidden: it is a person's, or lacks the scope.
        RateLimited: the machine has sent too many requests.
        BillingNotEnabled: billing is off.
    """
    caller = recall_machine(engine, digest=bearer.digest)
    if caller is None:
        caller = await run_in_threadpool(authenticate_machine, engine, token=bearer.token)
    actor = caller.user_id or caller.client_id
    name_caller(actor, caller.org_code)
    if engine.settings.usage_requests_per_second:
        engine.admit("usage", actor)
    error = _refusal_of(caller)
    if error is None and needs not in caller.scopes:
        error = Forbidden(f"the token lacks the scope {needs}", scope=needs)
    if error is not None:
        await run_in_threadpool(_refuse, engine, Request(scope), actor, error)
    await pass_billing_gate(engine)
    return caller


PersonOf = Annotated[Person, Depends(person_of)]
MachineOf = Annotated[Caller, Depends(machine_of)]


async def billing_for_person(engine: EngineOf, _person: PersonOf) -> None:
    """Let a person pass while billing is on.

    Raises:
        BillingNotEnabled: it is off.
    """
    await pass_billing_gate(engine)


@asked_often
async def billing_for_machine(engine: EngineOf, _caller: MachineOf) -> None:
    """Let a machine pass while billing is on; whose token is not good hears nothing of that.

    Raises:
        BillingNotEnabled: it is off.
    """
    await pass_billing_gate(engine)


def scoped(scope: str, *, extension: bool = False) -> dict[str, Any]:
    """Return the arguments of a route that only a machine with `scope` may call.

    Args:
        scope: such as `read:billing_agreements`; the OpenAPI document carries it as `x-scope`.
        extension: the operation is not part of the published API; it refuses query parameters that it does not have.
    """

    async def check(request: Request, engine: EngineOf, caller: MachineOf) -> None:
        if scope not in caller.scopes:
            error = Forbidden(f"the token lacks the scope {scope}", scope=scope)
            await run_in_threadpool(_refuse, engine, request, caller.client_id, error)

    if extension:
        dependencies = [Depends(check), Depends(known_parameters)]
        return {"dependencies": dependencies, "openapi_extra": {"x-scope": scope, "x-extension": True}}
    return {"dependencies": [Depends(check)], "openapi_extra": {"x-scope": scope}}


def _refusal_of(caller: Caller) -> Forbidden | None:
    """Return why the Management API is not for somebody; None where it is."""
    if caller.kind != "machine":
        return Forbidden("the Management API needs a machine's token", remedy="Use the client credentials grant.")
    return None


def _refuse(engine: Engine, request: Request, actor: str, error: Forbidden) -> NoReturn:
    """Record what somebody with a good token was refused; their rate is counted before, so that it bounds the records.

    Raises:
        Forbidden: always.
    """
    subject = f"{request.method} {request.url.path}"
    with recording_denials(engine, actor=actor, action="api.call", subject=subject):
        raise error
