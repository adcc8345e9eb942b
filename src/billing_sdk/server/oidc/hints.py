"""ID tokens that come back to us as hints of whom a request is about."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError

from billing_sdk.errors import InvalidToken
from billing_sdk.server.oidc.issuing import ID_TOKEN_TYP
from billing_sdk.server.signing import read_token
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signing_keys import published_keys


def read_id_token_hint(engine: Engine, hint: str) -> dict[str, Any]:
    """Return the claims of an ID token that we have issued, expired or not (RP-Initiated Logout 1.0, section 2).

    Raises:
        InvalidRequestError: it is not one of ours.
    """
    try:
        claims = read_token(hint, keys=published_keys(engine), typ=ID_TOKEN_TYP)
    except InvalidToken:
        claims = {}
    if claims.get("iss") != engine.settings.base_url:
        raise InvalidRequestError("id_token_hint is not an ID token of this server")
    return claims
