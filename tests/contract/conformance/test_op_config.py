"""The Config OP plan, and that the modules of the three plans for providers are all here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from billing_sdk.server.clock import TestClock
from billing_sdk.server.oidc.discovery import document
from billing_sdk.server.signing import SigningKey
from tests.contract.conformance.relying_party import module
from tests.engines import NOON

ISSUER = "https://billing.example.com"
# The plans of the suite's release of August 2026, in its own names.
BASIC_AND_CONFIG = """oidcc-server oidcc-response-type-missing oidcc-idtoken-signature oidcc-idtoken-unsigned
    oidcc-userinfo-get oidcc-userinfo-post-header oidcc-userinfo-post-body
    oidcc-ensure-request-without-nonce-succeeds-for-code-flow oidcc-scope-profile oidcc-scope-email oidcc-scope-address
    oidcc-scope-phone oidcc-scope-all oidcc-alternate-happy-flow oidcc-display-page oidcc-display-popup
    oidcc-prompt-login oidcc-prompt-none-not-logged-in oidcc-prompt-none-logged-in oidcc-max-age-1 oidcc-max-age-10000
    oidcc-ensure-request-with-unknown-parameter-succeeds oidcc-id-token-hint oidcc-login-hint oidcc-ui-locales
    oidcc-claims-locales oidcc-ensure-request-with-acr-values-succeeds oidcc-codereuse oidcc-codereuse-30seconds
    oidcc-ensure-registered-redirect-uri oidcc-ensure-post-request-succeeds oidcc-server-client-secret-post
    oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported
    oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported oidcc-claims-essential
    oidcc-ensure-request-object-with-redirect-uri oidcc-refresh-token oidcc-ensure-request-with-valid-pkce-succeeds
    oidcc-discovery-endpoint-verification""".split()
LOGOUT = [
    "oidcc-rp-initiated-logout" + suffix
    for suffix in """-discovery-endpoint-verification -bad-post-logout-redirect-uri -modified-id-token-hint
    -no-id-token-hint -no-params -no-post-logout-redirect-uri -no-state -only-state
    -query-added-to-post-logout-redirect-uri -bad-id-token-hint""".split()
] + ["oidcc-rp-initiated-logout"]


def endpoints(found: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in found.items() if name.endswith("_endpoint") or name == "jwks_uri"}


@module("oidcc-discovery-endpoint-verification")
def test_the_document_promises_what_the_plans_need(name: str) -> None:
    found = document(ISSUER)
    assert found["issuer"] == ISSUER
    assert {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"} <= endpoints(found).keys()
    assert all(address.startswith(f"{ISSUER}/") for address in endpoints(found).values())
    assert found["response_types_supported"] == ["code"]
    assert found["subject_types_supported"] == ["public"]
    assert "RS256" in found["id_token_signing_alg_values_supported"]
    assert "authorization_code" in found["grant_types_supported"]
    assert "openid" in found["scopes_supported"]
    assert {"client_secret_basic", "client_secret_post"} <= set(found["token_endpoint_auth_methods_supported"])
    assert {"sub", "name", "email", "address", "phone_number", "acr"} <= set(found["claims_supported"])
    assert all(found[key] is True for key in ("claims_parameter_supported",))
    assert found["code_challenge_methods_supported"] == ["S256"]


@module("oidcc-rp-initiated-logout-discovery-endpoint-verification")
def test_the_document_says_where_to_sign_out(name: str) -> None:
    assert document(ISSUER)["end_session_endpoint"] == f"{ISSUER}/logout"


def test_published_keys_are_those_that_the_suite_takes() -> None:
    jwk = SigningKey.generate(TestClock(NOON).now()).public_jwk()
    assert jwk.keys() == {"kty", "use", "alg", "kid", "n", "e"}
    assert len(jwk["n"]) >= 342  # 2048 bits


def test_exactly_the_modules_of_the_plans_are_re_enacted_once_each() -> None:
    texts = [path.read_text() for path in sorted(Path(__file__).parent.glob("test_op_*.py"))]
    found = re.findall(r'^@module\("([^"]+)"\)', "\n".join(texts), re.MULTILINE)
    assert (len(BASIC_AND_CONFIG), len(LOGOUT)) == (39, 11)
    assert sorted(found) == sorted([*BASIC_AND_CONFIG, *LOGOUT])
