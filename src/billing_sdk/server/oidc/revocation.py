"""The revocation endpoint: POST /oauth2/revoke (RFC 7009)."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from authlib.oauth2.rfc7009 import RevocationEndpoint
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.server.oidc.clients import Client
from billing_sdk.server.oidc.code_grant import AUTH_METHODS
from billing_sdk.server.oidc.issued import Issued, find_issued
from billing_sdk.server.oidc.provider import Provider, ProviderRequest, render_oauth_error
from billing_sdk.server.oidc.token import read_request
from billing_sdk.server.storage.tokens import AccessToken
from billing_sdk.server.usecases.engine import Engine


class Revocation(RevocationEndpoint):  # type: ignore[misc]  # Authlib is untyped
    """Ends one access token, or with a refresh token all that came from its sign-in."""

    CLIENT_AUTH_METHODS = AUTH_METHODS

    def authenticate_token(self, request: ProviderRequest, client: Client) -> Issued | None:
        """Return a token of this client; one of somebody else's is left alone, and the answer is the same."""
        if "token" not in request.form:
            raise InvalidRequestError("token is missing")
        found = find_issued(self.server.engine, request.form["token"])
        return found if found is not None and found.check_client(client) else None

    def revoke_token(self, issued: Issued, request: ProviderRequest) -> None:  # noqa: ARG002 - Authlib passes it
        """Let it not be accepted any more."""
        engine = self.server.engine
        with engine.begin() as tx:
            if isinstance(issued.token, AccessToken):
                tx.tokens.revoke_access_token(issued.token.jti, at=engine.now())
            else:
                tx.tokens.revoke_family(issued.family.id, at=engine.now())
            tx.audit.record(issued.family.client_id, "token.revoke", issued.family.id, engine.now())


def revoke(request: Request, engine: Engine) -> Response:
    """Revoke a token; 200 whatever it was, so that the answer tells nothing about tokens."""
    provider = Provider(engine)
    provider.register_endpoint(Revocation)
    try:
        response: Response = provider.create_endpoint_response(Revocation.ENDPOINT_NAME, read_request(request))
    except OAuth2Error as error:
        return render_oauth_error(error)
    return response
