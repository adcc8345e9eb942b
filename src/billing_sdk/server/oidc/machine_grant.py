"""The client credentials grant: a token for a machine, for the management API.

Source: RFC 6749, section 4.4; RFC 8707, section 2.
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from billing_sdk.server.ids import new_id
from billing_sdk.server.oidc.audiences import read_audience
from billing_sdk.server.oidc.issuing import issue_access_token, keep_family
from billing_sdk.server.oidc.provider import ProviderRequest
from billing_sdk.server.storage.tokens import TokenFamily


class MachineGrant(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib is untyped
    """Issues tokens to applications of the kind `machine`."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")
    request: ProviderRequest

    def validate_requested_scope(self) -> None:
        """Settle what the token allows.

        Published clients of this API never name a scope, so a request without one gets all that was granted to
        the application, and no more. One that names scopes gets exactly those.

        Raises:
            InvalidScopeError: a scope was asked for that the application does not have, or none at all by name.
        """
        granted = self.request.client.application.scopes
        asked = self.request.payload.scope
        scopes = granted if asked is None else tuple(dict.fromkeys(asked.split()))
        if not scopes or not set(scopes) <= set(granted):
            raise InvalidScopeError("a scope was asked for that this application does not have")
        self.request.scope = " ".join(scopes)

    def generate_token(
        self,
        scope: str | None,
        include_refresh_token: bool = False,  # noqa: ARG002 - a machine signs in anew instead
    ) -> dict[str, Any]:
        """Return the members of the answer."""
        engine, client = self.server.engine, self.request.client
        known = engine.settings.management_audience
        audience = read_audience(self.request.form.get("audience"), known=known, default=known[:1])
        at, key, scope = engine.now(), self.server.signing_key, self.request.scope
        family = TokenFamily(new_id("family"), client.client_id, None, None, scope, at, " ".join(audience))
        with engine.begin() as tx:
            keep_family(tx, family, engine.settings)
            return issue_access_token(tx, family, scope=scope, key=key, at=at, settings=engine.settings)
