"""Who is calling: a program with an API token or a machine's access token, as Bearer or as the name in Basic.

Keys of this door begin with `sk_test_` or `sk_live_`, by the environment that they are for.
Source: Stripe documentation, API keys.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, Final, NoReturn

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from billing_sdk.errors import BillingError, Forbidden, InvalidRequest, Unauthenticated
from billing_sdk.server.api.stripe.forms import read_form
from billing_sdk.server.api.stripe.paging import Listing
from billing_sdk.server.api.stripe.versions import version_of
from billing_sdk.server.occasion import name_caller
from billing_sdk.server.usecases.api_tokens import authenticate_program, recall_program
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.callers import Caller
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web import authorization_of, pass_billing_gate
from billing_sdk.server.web.operations import asked_often

CONNECTED: Final = ("stripe-account", "stripe-context")
LONGEST_TOKEN: Final = 8_192


@asked_often
async def engine_of(request: Request) -> Engine:
    """Return the engine that this application was made with."""
    engine: Engine = request.app.state.engine
    return engine


EngineOf = Annotated[Engine, Depends(engine_of)]


@asked_often
async def caller_of(request: Request, engine: EngineOf) -> Caller:
    """Return the program whose key the request carries.

    Raises:
        Unauthenticated: there is no key, or not a valid one, or one of the other environment.
        Forbidden: it is a person's token, or the request is for a connected account.
        InvalidRequest: there are two credentials.
        RateLimited: it has sent too many requests.
    """
    token = key_of(request)
    _check_environment(token, engine)
    caller = recall_program(engine, token=token)
    if caller is None:
        caller = await run_in_threadpool(authenticate_program, engine, token=token)
    actor = caller.user_id or caller.client_id
    name_caller(actor, caller.org_code)
    engine.admit("management", actor)
    if caller.kind != "machine":
        await run_in_threadpool(_refuse, engine, request, actor, Forbidden("this API needs a key of a program"))
    for header in CONNECTED:
        if header in request.headers:
            error = Forbidden(f"there are no connected accounts here; the header is {header}", parameter=header)
            await run_in_threadpool(_refuse, engine, request, actor, error)
    return caller


CallerOf = Annotated[Caller, Depends(caller_of)]


def v1(scope: str, *, codes: Mapping[type[BillingError], str] | None = None) -> dict[str, Any]:
    """Return the arguments of a route of v1 that only a program with a scope may call.

    Args:
        scope: such as `read:billing_customers`.
        codes: what errors of the engine are called in answers of this route.
    """
    return _route(scope, codes or {})


def v2(scope: str, *, codes: Mapping[type[BillingError], str] | None = None) -> dict[str, Any]:
    """Return the arguments of a route of v2 that only a program with a scope may call; arguments as those of `v1`."""
    return _route(scope, codes or {})


def _route(scope: str, codes: Mapping[type[BillingError], str]) -> dict[str, Any]:
    async def check(request: Request, engine: EngineOf, caller: CallerOf) -> None:
        if scope not in caller.scopes:
            error = Forbidden(f"the key lacks the scope {scope}", scope=scope)
            await run_in_threadpool(_refuse, engine, request, caller.client_id, error)
        await pass_billing_gate(engine)
        version_of(request)
        _check_query(request)

    told = {error.__name__: code for error, code in codes.items()}
    return {"dependencies": [Depends(check)], "openapi_extra": {"x-scope": scope, "x-codes": told}}


def key_of(request: Request) -> str:
    """Return what follows Bearer, or the name in Basic, which has no password.

    Raises:
        Unauthenticated: there is neither.
        InvalidRequest: there are two credentials.
    """
    kind, _, value = (authorization_of(request) or "").partition(" ")
    value = value.strip()
    if kind.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode("ascii").partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            value = ""
    elif kind.lower() != "bearer":
        value = ""
    if not 1 <= len(value) <= LONGEST_TOKEN:
        raise Unauthenticated(
            "the request carries no API key",
            remedy="Send it as Authorization: Bearer, or as the name in Basic authentication.",
        )
    return value


def _check_environment(token: str, engine: Engine) -> None:
    """Let a key pass that is not of the other environment.

    Raises:
        Unauthenticated: it is.
    """
    environment = engine.settings.environment
    other = "test" if environment == "live" else "live"
    if token.startswith((f"sk_{other}_", f"rk_{other}_")):
        raise Unauthenticated(
            f"the key is one of a {other} environment, and this is a {environment} environment",
            remedy=f"Use a key that begins with sk_{environment}_.",
        )
    if token.startswith("pk_"):
        raise Unauthenticated("a publishable key opens nothing here", remedy="Use a secret key.")


def _check_query(request: Request) -> None:
    """Let a query pass whose parameters the operation has; a list reads its own (`Listing`), and refuses others.

    Raises:
        InvalidRequest: it does not have one of them.
    """
    if not request.scope["query_string"]:
        return
    if request.app.state.api == "v1":
        sent = read_form(request.scope["query_string"], may_repeat=True)
        request.state.expand = sent.get("expand")
    waiting: list[Dependant] = [request.scope["route"].dependant]
    known: set[str] = {"expand", "expand[]"} if request.app.state.api == "v1" else set()
    while waiting:
        found = waiting.pop()
        if isinstance(found.call, Listing):
            return
        known.update(one.alias for one in found.query_params)
        waiting += found.dependencies
    for name in request.query_params:
        if name not in known and not (name.startswith("expand[") and "expand" in known):
            shown = name.encode("utf-8", "replace").decode()[:64]
            raise InvalidRequest(
                f"Received unknown parameter: {shown}", parameter=shown, published_code="parameter_unknown"
            )


def _refuse(engine: Engine, request: Request, actor: str, error: Forbidden) -> NoReturn:
    """Record what somebody with a good key was refused; their rate is counted before, so that it bounds the records.

    Raises:
        Forbidden: always.
    """
    subject = f"{request.method} {request.url.path}"
    with recording_denials(engine, actor=actor, action="api.call", subject=subject):
        raise error
