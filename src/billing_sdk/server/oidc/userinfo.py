"""The userinfo endpoint: GET and POST /oauth2/v2/user_profile, and /oauth2/userinfo as older clients call it.

Source: OpenID Connect Core 1.0, section 5.3; RFC 6750, section 2.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from billing_sdk.errors import Forbidden, InvalidRequest, Unauthenticated
from billing_sdk.server.oidc.people import personal_claims
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.verify_access_token import authenticate


def userinfo(request: Request, engine: Engine) -> Response:
    """Return what the scopes of an access token tell about its user.

    Raises:
        Unauthenticated: there is no token, or it is not valid.
        Forbidden: it is a machine's.
    """
    caller = authenticate(engine, token=bearer_of(request), audience="account")
    if caller.user_id is None:
        raise Forbidden("a machine has no profile", remedy="Send the token of a signed-in user.")
    with engine.read() as tx:
        user = tx.users.get(caller.user_id)
    claims = personal_claims(engine, user, scope=" ".join(caller.scopes))
    if "email" in claims:
        claims["preferred_username"] = user.email
    return JSONResponse({"id": user.id, **claims})


def bearer_of(request: Request) -> str:
    """Return the bearer token of a request.

    Raises:
        Unauthenticated: there is none.
        InvalidRequest: it is in the address, where logs and histories keep it (RFC 6750, section 5.3).
    """
    if "access_token" in request.query_params:
        raise InvalidRequest("a token does not belong in the address", parameter="access_token")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("the request carries no bearer token")
    return token.strip()
