"""What clients need to know beforehand: the discovery document and the key set.

Source: OpenID Connect Discovery 1.0, section 3; RFC 8414; RFC 9207, section 3; RFC 7517, section 5.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from billing_sdk.server.oidc.clients import SCOPES
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signing_keys import KEY_SET_MAX_AGE_SECONDS, published_keys

PUBLIC = {"Cache-Control": f"public, max-age={KEY_SET_MAX_AGE_SECONDS}"}
CLAIMS = """aud auth_time azp at_hash email exp family_name given_name iat iss jti name nonce org_codes organizations
    picture provided_id sub updated_at"""


def configuration(_request: Request, engine: Engine) -> Response:
    """Return the discovery document; it says the same under both of its addresses."""
    return JSONResponse(document(engine.settings.base_url), headers=PUBLIC)


def key_set(_request: Request, engine: Engine) -> Response:
    """Return the public parts of all keys that something valid may be signed with, now or soon."""
    keys = [key.public_jwk() for key in published_keys(engine)]
    return JSONResponse({"keys": keys}, headers=PUBLIC)


def document(issuer: str) -> dict[str, Any]:
    """Return what the provider at an address can do."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/auth",
        "token_endpoint": f"{issuer}/oauth2/token",
        "userinfo_endpoint": f"{issuer}/oauth2/v2/user_profile",
        "end_session_endpoint": f"{issuer}/logout",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "jwks_uri": f"{issuer}/.well-known/jwks",
        "scopes_supported": sorted(SCOPES),
        "claims_supported": CLAIMS.split(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "create", "consent", "select_account"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }
