"""Authlib's authorization server, on Starlette.

Authlib decides the order of a grant's steps; what it can't know, such as a client's secret or how a token is made,
it asks here. Rules of ours that are stricter than its own are applied before it is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from authlib.oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from starlette.responses import JSONResponse, Response

from billing_sdk.server.domain.identity import User
from billing_sdk.server.oidc.clients import Client, authenticate_client, find_client
from billing_sdk.server.signing import SigningKey
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signing_keys import current_key

# At DEBUG they write whole tokens into the log. A level could be set back by whoever looks for another fault.
for grant in (AuthorizationCodeGrant, RefreshTokenGrant, ClientCredentialsGrant):
    logging.getLogger(grant.__module__).addFilter(lambda record: record.levelno > logging.DEBUG)


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Who has signed in, for which organization, and in which session of theirs."""

    user: User
    org_code: str | None
    authenticated_at: datetime
    session_digest: str = field(repr=False)


class ProviderRequest(OAuth2Request):  # type: ignore[misc]  # Authlib is untyped
    """A request as Authlib reads it: its method, its headers, and the fields of its form or address."""

    def __init__(
        self,
        *,
        method: str,
        path: str,
        fields: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        visitor: SignedInUser | None = None,
    ) -> None:
        # Settings requires https wherever it is needed; Authlib's own check would refuse a proxy that ends TLS.
        super().__init__(method, f"https://localhost{path}", headers=dict(headers or {}))
        self.payload = BasicOAuth2Payload(dict(fields))
        self.visitor = visitor
        self.is_secret_proven = False

    @property
    def form(self) -> dict[str, str]:
        """The fields of the form."""
        fields: dict[str, str] = self.payload.data
        return fields

    @property
    def args(self) -> dict[str, str]:
        """The fields of the address; where a form was sent, nothing in the address counts."""
        return {} if self.method == "POST" else self.form


class Provider(AuthorizationServer):  # type: ignore[misc]  # Authlib is untyped
    """The authorization server of one engine, for one request."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine

    @cached_property
    def signing_key(self) -> SigningKey:
        """The key that signs all that the request gets."""
        return current_key(self.engine)

    def query_client(self, client_id: str) -> Client | None:
        """Return a registered client."""
        return find_client(self.engine, client_id)

    def authenticate_client(self, request: ProviderRequest, methods: Iterable[str], endpoint: str = "token") -> Client:  # noqa: ARG002 - Authlib passes it
        """Return the client of a request; stricter than Authlib's own reading of its credentials.

        Raises:
            InvalidClientError: it has not proved who it is.
            RateLimited: it has sent too many requests. A client without a secret can be named by anybody, and is
                counted by the address instead.
        """
        client, request.auth_method = authenticate_client(
            self.engine, headers=request.headers, form=request.form, methods=tuple(methods)
        )
        if client.application.is_confidential:
            request.is_secret_proven = True
            self.engine.admit("token", client.client_id)
        return client

    def save_token(self, token: Any, request: ProviderRequest) -> None:
        """Do nothing: a token is kept in the transaction that makes it (`issuing`)."""

    def create_oauth2_request(self, request: ProviderRequest) -> ProviderRequest:
        """Return the request, which is one of ours already."""
        return request

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Do nothing: nobody listens to Authlib's signals."""

    def handle_response(self, status: int, body: Mapping[str, Any], headers: Iterable[tuple[str, str]]) -> Response:
        """Return Authlib's answer as one of Starlette's."""
        return JSONResponse(body, status, dict(headers))


def render_oauth_error(error: OAuth2Error) -> Response:
    """Return an error in the words of RFC 6749, section 5.2."""
    status, body, headers = error()
    if "error_description" in body:
        body["error_description"] = printable(body["error_description"])
    return JSONResponse(body, status, dict(headers))


def printable(text: str) -> str:
    """Return a description in the characters that RFC 6749, appendix A.8, allows; it may quote what was sent."""
    return "".join(character if " " <= character <= "~" and character not in '"\\' else "'" for character in text)
