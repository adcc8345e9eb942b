"""ID tokens that come back to us as hints of whom a request is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError

from billing_sdk.errors import InvalidToken
from billing_sdk.server.oidc.issuing import ID_TOKEN_TYP
from billing_sdk.server.oidc.requested_claims import read_requested_claims
from billing_sdk.server.signing import read_token
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signing_keys import published_keys


def expected_subjects(engine: Engine, parameters: Mapping[str, str]) -> frozenset[str] | None:
    """Return the only ids that may be signed in for an authorization request; None where anybody may.

    A client names them by an ID token, or by a value for `sub` (OpenID Connect Core 1.0, sections 3.1.2.1 and 5.5.1).

    Raises:
        InvalidRequestError: its hint is not an ID token of ours, or its `claims` can't be read.
    """
    hint = parameters.get("id_token_hint")
    hinted = None if not hint else frozenset({str(read_id_token_hint(engine, hint)["sub"])})
    named = read_requested_claims(parameters.get("claims")).subjects
    if hinted is None or named is None:
        return named if hinted is None else hinted
    return hinted & named


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
