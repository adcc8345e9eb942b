"""Who is calling: an operator's dashboard token on every operation, and no token of any other kind."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from billing_sdk.errors import InvalidRequest, Unauthenticated
from billing_sdk.server.domain.identity import User
from billing_sdk.server.occasion import name_caller
from billing_sdk.server.usecases.dashboard_tokens import operator_of_token
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web import authorization_of

bearer = HTTPBearer(scheme_name="dashboardToken", bearerFormat="JWT", auto_error=False)


async def engine_of(request: Request) -> Engine:
    """Return the engine that this application was made with."""
    engine: Engine = request.app.state.engine
    return engine


EngineOf = Annotated[Engine, Depends(engine_of)]


def operator_of(
    request: Request, engine: EngineOf, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> User:
    """Return the operator whose token the request carries.

    Raises:
        Unauthenticated: there is no dashboard token, or not a valid one.
        InvalidRequest: a token is in the address, or there are two.
        RateLimited: the operator has sent too many requests.
    """
    authorization_of(request)
    if "access_token" in request.query_params:
        raise InvalidRequest("a token does not belong in the address", parameter="access_token")
    if credentials is None:
        raise Unauthenticated("the request carries no bearer token")
    operator = operator_of_token(engine, token=credentials.credentials)
    name_caller(operator.id)
    engine.admit("management", operator.id)
    return operator


OperatorOf = Annotated[User, Depends(operator_of)]
