"""Answers that travel through the browser to the client: always with `iss` (RFC 9207, section 2)."""

from __future__ import annotations

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.responses import RedirectResponse

SEE_OTHER = 303  # a form must not be sent on to the client (RFC 9700, section 4.12)


def redirect_error(error: OAuth2Error, issuer: str) -> RedirectResponse:
    """Tell the client what is wrong, at the address that the error carries (RFC 6749, section 4.1.2.1)."""
    return redirect(error.redirect_uri, issuer, *error.get_body())


def redirect(redirect_uri: str, issuer: str, *parameters: tuple[str, str]) -> RedirectResponse:
    """Send the browser to a registered address of the client."""
    return RedirectResponse(add_params_to_uri(redirect_uri, [*parameters, ("iss", issuer)]), SEE_OTHER)
