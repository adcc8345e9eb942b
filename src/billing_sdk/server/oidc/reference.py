"""The OpenAPI document of the provider: what its endpoints take and answer, for programs.

The standards describe the endpoints, so this says only what a client that reads OpenAPI needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from billing_sdk._version import __version__
from billing_sdk.server.usecases.engine import Engine

OBJECT = {"type": "object"}
TEXT = {"type": "string"}
FORM = "application/x-www-form-urlencoded"
CLIENT: tuple[dict[str, list[str]], ...] = ({"client_secret_basic": []}, {})
BEARER: tuple[dict[str, list[str]], ...] = ({"bearer": []},)
GRANTS = ("authorization_code", "client_credentials", "refresh_token")

# Wherever a request can be wrong, a browser gets a page and a program a document.
ANY_REFUSAL = {
    "application/json": {"schema": OBJECT},
    "application/problem+json": {"schema": OBJECT},
    "text/html": {"schema": TEXT},
}
REFUSALS: Mapping[str, str] = {
    "400": "The request is malformed, or what it names is not valid.",
    "401": "The client or the token is not known.",
    "403": "The token does not allow this, or another site has sent the request.",
    "404": "There is no such thing.",
    "405": "The path does not take this method.",
    "413": "The body is too large.",
    "415": "The body is not a form.",
    "429": "Too many requests; Retry-After says when to go on.",
}
TOKEN_FIELDS = (
    "client_id",
    "client_secret",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
    "audience",
)
AUTHORIZATION_FIELDS = (
    *("client_id", "response_type", "redirect_uri", "scope", "state", "nonce", "prompt", "max_age", "login_hint"),
    *("code_challenge", "code_challenge_method", "org_code", "plan_interest", "pricing_table_key"),
    *("currency", "lang", "ui_locales"),
)
LOGOUT_FIELDS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "redirect")


def reference(_request: Request, engine: Engine) -> Response:
    """Answer with the document."""
    return JSONResponse(openapi_document(engine.settings.base_url))


def openapi_document(base_url: str) -> dict[str, Any]:
    """Return the OpenAPI document of the provider at an address."""
    document = {"get": _operation("The provider's own description (OpenID Connect Discovery 1.0).")}
    userinfo = "Claims about whoever the token belongs to (OpenID Connect Core 1.0, section 5.3)."
    return {
        "openapi": "3.1.0",
        "info": {"title": "OpenID provider", "version": __version__},
        "servers": [{"url": base_url}],
        "paths": {
            "/.well-known/openid-configuration": document,
            "/.well-known/oauth-authorization-server": document,
            "/.well-known/jwks": {"get": _operation("The keys that verify tokens (RFC 7517).")},
            "/oauth2/auth": _page("Begins a sign-in (RFC 6749, section 3.1).", AUTHORIZATION_FIELDS),
            "/oauth2/token": {
                "post": _form("Gives tokens (RFC 6749, section 3.2).", TOKEN_FIELDS, grant_type={"enum": list(GRANTS)})
            },
            "/oauth2/userinfo": {
                "get": {**_operation(userinfo), "security": list(BEARER)},
                "post": {**_operation(userinfo), "security": list(BEARER)},
            },
            "/oauth2/introspect": {"post": _form("Tells about a token (RFC 7662).", ("token_type_hint",), token={})},
            "/oauth2/revoke": {"post": _form("Ends a token (RFC 7009).", ("token_type_hint",), token={})},
            "/logout": _page("Ends a sign-in (OpenID Connect RP-Initiated Logout 1.0).", LOGOUT_FIELDS),
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "client_secret_basic": {"type": "http", "scheme": "basic"},
            }
        },
    }


def _operation(summary: str) -> dict[str, Any]:
    refusals = {status: {"description": text, "content": ANY_REFUSAL} for status, text in REFUSALS.items()}
    served = {"description": "What was asked for.", "content": {"application/json": {"schema": OBJECT}}}
    return {"summary": summary, "responses": {"200": served, **refusals}}


def _form(summary: str, optional: tuple[str, ...], **required: dict[str, Any]) -> dict[str, Any]:
    fields = {**dict.fromkeys(optional, TEXT), **{name: {**TEXT, **more} for name, more in required.items()}}
    schema = {"type": "object", "properties": fields, "required": list(required)}
    operation = _operation(summary)
    return {
        **operation,
        "requestBody": {"required": True, "content": {FORM: {"schema": schema}}},
        "security": list(CLIENT),
    }


def _page(summary: str, names: tuple[str, ...]) -> dict[str, Any]:
    operation = _operation(summary)
    page = {"description": "A page of the provider.", "content": {"text/html": {"schema": TEXT}}}
    leads_on = {"description": "The browser is sent to a page, or back to the application."}
    operation["responses"] |= {"200": page, "302": leads_on, "303": leads_on}
    schema = {"type": "object", "properties": dict.fromkeys(names, TEXT)}
    return {
        "get": {**operation, "parameters": [{"name": name, "in": "query", "schema": TEXT} for name in names]},
        "post": {**operation, "requestBody": {"required": True, "content": {FORM: {"schema": schema}}}},
    }
