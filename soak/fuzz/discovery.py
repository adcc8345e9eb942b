"""Metadata of strangers: read, and asked for each endpoint."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Final

from billing_sdk._strict_json import parse
from billing_sdk.auth.discovery import Metadata
from billing_sdk.errors import BillingError

ISSUER: Final = "https://id.example"
DOCUMENT: Final[dict[str, Any]] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/oauth2/auth",
    "token_endpoint": f"{ISSUER}/oauth2/token",
    "jwks_uri": f"{ISSUER}/.well-known/jwks",
    "end_session_endpoint": f"{ISSUER}/logout",
    "code_challenge_methods_supported": ["S256"],
    "token_endpoint_auth_methods_supported": ["client_secret_post"],
    "authorization_response_iss_parameter_supported": True,
}
SEEDS: Final = (
    json.dumps(DOCUMENT).encode(),
    json.dumps({**DOCUMENT, "issuer": f"{ISSUER}/"}).encode(),
    json.dumps({**DOCUMENT, "jwks_uri": "https://[::1/keys"}).encode(),
    json.dumps({**DOCUMENT, "token_endpoint": "https://id.example:99999/"}).encode(),
    json.dumps({**DOCUMENT, "authorization_endpoint": "https://id.example@evil.example/"}).encode(),
    b"[]",
)


def target(data: bytes) -> None:
    """Read one input as a discovery document."""
    try:
        document = parse(data)
    except ValueError:
        return
    with contextlib.suppress(BillingError):
        found = Metadata.read(document, issuer=ISSUER)
        if found.issuer != ISSUER:
            raise AssertionError("another issuer was believed")
