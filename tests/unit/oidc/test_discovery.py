"""The discovery document promises what the provider does, under the names that clients look for."""

from __future__ import annotations

from billing_sdk.server.oidc.discovery import document

ISSUER = "https://billing.example.com"
DOCUMENT = document(ISSUER)
PATHS = {
    "authorization_endpoint": "/oauth2/auth",
    "token_endpoint": "/oauth2/token",
    "userinfo_endpoint": "/oauth2/v2/user_profile",
    "end_session_endpoint": "/logout",
    "revocation_endpoint": "/oauth2/revoke",
    "introspection_endpoint": "/oauth2/introspect",
    "jwks_uri": "/.well-known/jwks",
}


def test_the_issuer_is_the_address_without_a_slash() -> None:
    assert DOCUMENT["issuer"] == ISSUER


def test_endpoints_are_where_published_clients_expect_them() -> None:
    assert {name: DOCUMENT[name] for name in PATHS} == {name: ISSUER + path for name, path in PATHS.items()}


def test_the_scopes_are_those_of_the_hosted_service() -> None:
    assert DOCUMENT["scopes_supported"] == ["address", "email", "event_hooks", "offline", "openid", "phone", "profile"]


def test_only_safe_ways_are_offered() -> None:
    assert DOCUMENT["response_types_supported"] == ["code"]
    assert DOCUMENT["response_modes_supported"] == ["query"]
    assert DOCUMENT["code_challenge_methods_supported"] == ["S256"]
    assert DOCUMENT["id_token_signing_alg_values_supported"] == ["RS256"]
    assert DOCUMENT["authorization_response_iss_parameter_supported"] is True
    assert DOCUMENT["request_uri_parameter_supported"] is False
