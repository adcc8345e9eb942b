"""Dashboard tokens: what an operator's programs show at the dashboard's own API.

A token is a JWT of a kind of its own, for one audience, of an operator. Nothing of it is stored: it ends after an hour,
and at once where its owner is no operator any more or the key that signed it is withdrawn.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from billing_sdk._secret import Secret
from billing_sdk.errors import Forbidden, InvalidToken, Unauthenticated
from billing_sdk.server.domain.identity import User
from billing_sdk.server.ids import new_id
from billing_sdk.server.settings import Settings
from billing_sdk.server.signing import read_token
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.operators import require_operator
from billing_sdk.server.usecases.signing_keys import current_key

TYP: Final = "dashboard+jwt"


def audience_of(settings: Settings) -> str:
    """Return whom a dashboard token is for."""
    return f"{settings.base_url}/v1/dashboard"


def issue_dashboard_token(engine: Engine, *, user_id: str, actor: str) -> tuple[Secret, datetime]:
    """Return a new token for an operator, and when it ends.

    Raises:
        Forbidden: the person is no operator.
    """
    user = require_operator(engine, user_id=user_id)
    at = engine.now()
    ends_at = at + timedelta(seconds=engine.settings.dashboard_token_seconds)
    claims = {
        "iss": engine.settings.base_url,
        "sub": user.id,
        "aud": [audience_of(engine.settings)],
        "iat": int(at.timestamp()),
        "exp": int(ends_at.timestamp()),
        "jti": new_id("dashboard"),
    }
    token = current_key(engine).sign(claims, typ=TYP)
    with engine.begin() as tx:
        tx.audit.record(actor, "dashboard_token.issue", user.id, at, after={"jti": claims["jti"]})
    return Secret(token), ends_at


def operator_of_token(engine: Engine, *, token: str) -> User:
    """Return the operator whose token it is.

    Raises:
        Unauthenticated: it is of another kind, for something else, over, or its owner is no operator; the answer does
            not say which.
    """
    at = engine.now()
    with engine.read() as tx:
        keys = tx.keys.list(at=at)
    try:
        claims = read_token(token, keys=keys, typ=TYP)
        owner = require_operator(engine, user_id=claims["sub"])
    except (InvalidToken, Forbidden):
        raise _refused() from None
    is_ours = claims["iss"] == engine.settings.base_url and claims["aud"] == [audience_of(engine.settings)]
    if not is_ours or at.timestamp() >= claims["exp"]:
        raise _refused()
    return owner


def _refused() -> Unauthenticated:
    return Unauthenticated(
        "the dashboard token is not valid", remedy="Get a new one: `billing-sdk workspace token EMAIL`."
    )
