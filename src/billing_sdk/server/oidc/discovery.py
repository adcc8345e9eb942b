"""What clients need to know beforehand: the discovery document and the key set.

Source: OpenID Connect Discovery 1.0, section 3; RFC 8414; RFC 9207, section 3; RFC 7517, section 5.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from billing_sdk.server.oidc.clients import SCOPES
from billing_sdk.server.oidc.people import ACR, CLAIMS_OF_SCOPES
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signing_keys import KEY_SET_MAX_AGE_SECONDS, published_keys

PUBLIC = {"Cache-Control": f"public, max-age={KEY_SET_MAX_AGE_SECONDS}"}
CLAIMS = (
    *"acr amr at_hash aud auth_time azp exp iat iss jti nonce org_codes organizations sub".split(),
    *(name for names in CLAIMS_OF_SCOPES.values() for name in names),
)


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
        "claims_supported": sorted(CLAIMS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "acr_values_supported": [ACR],
        "claim_types_supported": ["normal"],
        "display_values_supported": ["page", "popup"],
        "ui_locales_supported": ["en"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "create", "consent", "select_account"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": True,
        "authorization_response_iss_parameter_supported": True,
    }
