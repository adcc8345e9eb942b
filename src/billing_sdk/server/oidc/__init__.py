"""The OpenID provider: how applications learn who signed in, and get tokens.

It owns the endpoints of OpenID Connect and OAuth 2.0, clients' credentials, and what stands in tokens. It does not
own the pages of a sign-in (pages), what is decided on the way (use cases), the keys (signing), nor the APIs that
tokens are for. Its times are instants in storage, and whole seconds since 1970 in tokens.

Authlib runs the grants, synchronously in the thread pool; `provider` adapts it to Starlette.
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from billing_sdk.server import web
from billing_sdk.server.oidc.authorize import authorize
from billing_sdk.server.oidc.discovery import configuration, key_set
from billing_sdk.server.oidc.introspection import introspect
from billing_sdk.server.oidc.logout import logout
from billing_sdk.server.oidc.reference import reference
from billing_sdk.server.oidc.resume import resume
from billing_sdk.server.oidc.revocation import revoke
from billing_sdk.server.oidc.token import token
from billing_sdk.server.oidc.userinfo import userinfo
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.endpoint import Endpoint


def routes(_engine: Engine) -> list[BaseRoute]:
    """Return every route of the provider; requests bring the engine along."""
    return [
        _route("/.well-known/openid-configuration", configuration, "GET", "HEAD"),
        _route("/.well-known/oauth-authorization-server", configuration, "GET", "HEAD"),
        _route("/.well-known/jwks", key_set, "GET", "HEAD"),
        _route("/.well-known/jwks.json", key_set, "GET", "HEAD"),
        _route("/oauth2/openapi.json", reference, "GET", "HEAD"),
        _route("/oauth2/auth", authorize, "GET", "POST"),
        _route("/oauth2/auth/resume", resume, "GET"),
        _route("/oauth2/token", token, "POST"),
        _route("/oauth2/v2/user_profile", userinfo, "GET", "POST"),
        _route("/oauth2/userinfo", userinfo, "GET", "POST"),
        _route("/oauth2/introspect", introspect, "POST"),
        _route("/oauth2/revoke", revoke, "POST"),
        _route("/logout", logout, "GET", "POST"),
    ]


def _route(path: str, serve: Endpoint, *methods: str) -> Route:
    route = Route(path, web.endpoint(serve))
    # Starlette adds HEAD to GET; a preview must neither begin a journey nor spend one.
    route.methods = set(methods)
    return route
