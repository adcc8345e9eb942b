"""The token endpoint: POST /oauth2/token."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import BillingError
from billing_sdk.server import web
from billing_sdk.server.oidc.code_grant import CodeGrant, IdToken, Pkce
from billing_sdk.server.oidc.machine_grant import MachineGrant
from billing_sdk.server.oidc.provider import Provider, ProviderRequest, printable, render_oauth_error
from billing_sdk.server.oidc.refresh_grant import RefreshGrant
from billing_sdk.server.usecases.engine import Engine


def provider_of(engine: Engine) -> Provider:
    """Return the authorization server with every grant that it knows; all others are unsupported."""
    provider = Provider(engine)
    provider.register_grant(CodeGrant, [Pkce(required=True), IdToken(provider)])
    provider.register_grant(RefreshGrant, [IdToken(provider)])
    provider.register_grant(MachineGrant)
    return provider


def token(request: Request, engine: Engine) -> Response:
    """Answer a request for tokens (RFC 6749, section 3.2)."""
    try:
        provider_request = read_request(request)
        if "grant_type" not in provider_request.form:
            raise InvalidRequestError("grant_type is missing")
    except OAuth2Error as error:
        return render_oauth_error(error)
    has_secret = "authorization" in request.headers or "client_secret" in provider_request.form
    if not has_secret:
        engine.admit("token", web.address_of(request, engine.settings))
    response: Response = provider_of(engine).create_token_response(provider_request)
    if has_secret and not provider_request.is_secret_proven:
        # Anybody can send a secret. Only a right one is counted by its client instead of by the address.
        engine.admit("token", web.address_of(request, engine.settings))
    return response


def read_request(request: Request) -> ProviderRequest:
    """Return a form that was posted; what stands in the address does not count.

    Raises:
        InvalidRequestError: it is not a form, names a field twice (RFC 6749, section 3.2), or has two credentials.
    """
    try:
        web.authorization_of(request)
        fields = web.form_of(request)
    except BillingError as error:
        raise InvalidRequestError(printable(error.detail)) from None
    return ProviderRequest(method="POST", path=request.url.path, fields=fields, headers=request.headers)
