"""The introspection endpoint: POST /oauth2/introspect (RFC 7662)."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import Unauthenticated
from billing_sdk.server.oidc.clients import Client, find_client, refused
from billing_sdk.server.oidc.issued import Issued, find_issued
from billing_sdk.server.oidc.provider import Provider, ProviderRequest, render_oauth_error
from billing_sdk.server.oidc.token import read_request
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.verify_access_token import authenticate


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]  # Authlib is untyped
    """Tells a client about its own tokens, and nobody about anybody else's.

    A client proves itself with its secret, or with an access token that it was issued.
    """

    CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

    def authenticate_endpoint_client(self, request: ProviderRequest) -> Client:
        """Return the client that asks.

        Raises:
            InvalidClientError: it has not proved who it is.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            client: Client = super().authenticate_endpoint_client(request)
            return client
        try:
            caller = authenticate(self.server.engine, token=token.strip(), audience="account")
        except Unauthenticated:
            raise refused() from None
        found = find_client(self.server.engine, caller.client_id)
        if found is None:
            raise refused()
        return found

    def authenticate_token(self, request: ProviderRequest, client: Client) -> Issued | None:
        """Return a token of this client."""
        if "token" not in request.form:
            raise InvalidRequestError("token is missing")
        found = find_issued(self.server.engine, request.form["token"])
        return found if found is not None and found.check_client(client) else None

    def introspect_token(self, issued: Issued) -> dict[str, Any]:
        """Return what there is to know about a token that is good."""
        family = issued.family
        known = {
            "aud": family.audience.split(),
            "client_id": family.client_id,
            "exp": int(issued.token.expires_at.timestamp()),
            "iss": self.server.engine.settings.base_url,
            "scope": " ".join(issued.claims.get("scp", family.scope.split())),
        }
        said = {name: issued.claims[name] for name in ("iat", "jti", "org_code", "sub") if name in issued.claims}
        return known | said


def introspect(request: Request, engine: Engine) -> Response:
    """Tell whether a token is good."""
    provider = Provider(engine)
    provider.register_endpoint(Introspection)
    try:
        response: Response = provider.create_endpoint_response(Introspection.ENDPOINT_NAME, read_request(request))
    except OAuth2Error as error:
        return render_oauth_error(error)
    return response
