"""The OpenAPI document of the provider: no endpoint is missing, and none is described that is not there."""

from __future__ import annotations

from starlette.routing import Route

from billing_sdk.server.oidc import routes
from billing_sdk.server.oidc.reference import openapi_document

# The document itself, a step inside a sign-in, and other spellings of endpoints that it describes.
NOT_DESCRIBED = {"/oauth2/openapi.json", "/oauth2/auth/resume", "/oauth2/v2/user_profile", "/.well-known/jwks.json"}


def test_every_endpoint_of_the_provider_is_described_with_its_methods():
    served = {
        route.path: (route.methods or set()) - {"HEAD"}
        for route in routes(None)
        if isinstance(route, Route) and route.path not in NOT_DESCRIBED
    }
    paths = openapi_document("https://billing.example.com")["paths"]
    assert {path: {method.upper() for method in methods} for path, methods in paths.items()} == served
