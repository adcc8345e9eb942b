"""The userinfo endpoint: GET and POST /oauth2/v2/user_profile, and /oauth2/userinfo as older clients call it.

Source: OpenID Connect Core 1.0, section 5.3; RFC 6750, section 2.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from billing_sdk.errors import Forbidden, InvalidRequest, Unauthenticated
from billing_sdk.server import web
from billing_sdk.server.oidc.people import userinfo_claims
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
    claims = userinfo_claims(engine, user, scope=" ".join(caller.scopes), names=caller.userinfo_claims)
    return JSONResponse({"id": user.id, **claims})


def bearer_of(request: Request) -> str:
    """Return the bearer token of a request: in the header, or in a form that was posted (RFC 6750, section 2).

    Raises:
        Unauthenticated: there is none.
        InvalidRequest: it is in the address, where logs and histories keep it (RFC 6750, section 5.3); or there are
            two of them.
    """
    if "access_token" in request.query_params:
        raise InvalidRequest("a token does not belong in the address", parameter="access_token")
    header = web.authorization_of(request)
    posted = _posted_token(request)
    if posted is not None:
        if header is not None:
            raise InvalidRequest("there is a token in the header and another one in the form", parameter="access_token")
        return posted
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("the request carries no bearer token")
    return token.strip()


def _posted_token(request: Request) -> str | None:
    is_form = request.headers.get("content-type", "").startswith(web.FORM_TYPE)
    return web.form_of(request).get("access_token") if request.method == "POST" and is_form else None
