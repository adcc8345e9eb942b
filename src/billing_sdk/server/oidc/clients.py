"""Clients: registered applications, as Authlib asks about them, and how they prove who they are.

Source: RFC 6749, sections 2.3.1 and 3.2.1; OpenID Connect Core 1.0, section 9.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError

from billing_sdk.errors import RateLimited
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.ids import digest_of
from billing_sdk.server.usecases.engine import Engine

SCOPES = ("openid", "profile", "email", "phone", "address", "offline", "event_hooks")
DEFAULT_SCOPE = "openid profile email"
GRANTS = {"web": ("authorization_code", "refresh_token"), "machine": ("client_credentials",)}


@dataclass(frozen=True, slots=True)
class Client:
    """A registered application, with the questions that Authlib's grants have."""

    application: Application

    @property
    def client_id(self) -> str:
        """The id that it sends."""
        return self.application.client_id

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Tell whether an address is registered, character by character (RFC 9700, section 2.1)."""
        return redirect_uri in self.application.redirect_uris

    def check_response_type(self, response_type: str) -> bool:
        """Tell whether people can sign in to it."""
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether it is of the kind that may get tokens in this way."""
        return grant_type in GRANTS[self.application.kind]

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return what is granted of a scope that was asked for.

        Names that are unknown are left out, as OpenID Connect Core 1.0, section 3.1.2.1, wants it. `offline` gives
        a refresh token; `offline_access` is one of the unknown.
        """
        asked = (scope or DEFAULT_SCOPE).split()
        return " ".join(dict.fromkeys(name for name in asked if name in SCOPES))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request says about its client, and by which of the methods of the discovery document."""

    method: str
    client_id: str
    secret: str | None = field(default=None, repr=False)


def authenticate_client(
    engine: Engine, *, headers: Mapping[str, str], form: Mapping[str, str], methods: tuple[str, ...]
) -> tuple[Client, str]:
    """Return the client that sends a request, and the method by which it has proved that.

    Raises:
        InvalidClientError: it has not proved it; the answer does not say why.
    """
    credentials = _read(headers, form)
    with engine.read() as tx:
        application = tx.applications.find(credentials.client_id)
        stored = tx.applications.find_secret_digest(credentials.client_id)
    if application is None or credentials.method not in methods:
        raise refused()
    if not _is_proven(application, credentials, stored or ""):
        _record_denial(engine, application.client_id)
        raise refused()
    return Client(application), credentials.method


def _record_denial(engine: Engine, client_id: str) -> None:
    """Record that somebody has not proved to be a client; anybody can cause it, so only so many of them a minute."""
    try:
        engine.admit("denial", client_id)
    except RateLimited:
        return
    with engine.begin() as tx:
        tx.audit.record(client_id, "client.denied", client_id, engine.now())


def _is_proven(application: Application, credentials: Credentials, stored_digest: str) -> bool:
    """Tell whether a client has shown the secret that it has, or none where it has none."""
    if credentials.secret is None:
        return not application.is_confidential
    return application.is_confidential and hmac.compare_digest(stored_digest, digest_of(credentials.secret))


def find_client(engine: Engine, client_id: str) -> Client | None:
    """Return a registered application."""
    with engine.read() as tx:
        application = tx.applications.find(client_id)
    return None if application is None else Client(application)


def refused() -> InvalidClientError:
    """Return the answer to a client that has not proved who it is (RFC 6749, section 5.2)."""
    return InvalidClientError(description="client authentication failed", status_code=401)


def _read(headers: Mapping[str, str], form: Mapping[str, str]) -> Credentials:
    header = headers.get("authorization")
    if header is None:
        secret = form.get("client_secret")
        return Credentials("none" if secret is None else "client_secret_post", form.get("client_id", ""), secret)
    credentials = _read_basic(header)
    # One method only, and one client only (RFC 6749, section 2.3).
    if "client_secret" in form or form.get("client_id", credentials.client_id) != credentials.client_id:
        raise refused()
    return credentials


def _read_basic(header: str) -> Credentials:
    scheme, _, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
        client_id, separator, secret = text.partition(":")
        # Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1).
        client_id, secret = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError):
        raise refused() from None
    # PostgreSQL has no text with a NUL; in a form it was refused before.
    if scheme.lower() != "basic" or not separator or "\x00" in client_id:
        raise refused()
    return Credentials("client_secret_basic", client_id, secret)
