"""An authorization request: what it asks for, and whether it may.

First the client is looked up, then the redirect address is compared with the registered ones. Until both hold,
nothing is sent anywhere: the person sees an error page. After that every refusal goes back to the client.

Source: RFC 6749, section 4.1.1; RFC 7636, section 4.3; OpenID Connect Core 1.0, section 3.1.2.1; RFC 9700, section 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error, UnauthorizedClientError
from authlib.oidc.core.errors import RequestNotSupportedError, RequestURINotSupportedError

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.oidc.audiences import read_audience
from billing_sdk.server.oidc.clients import Client, find_client
from billing_sdk.server.oidc.requested_claims import RequestedClaims, read_requested_claims
from billing_sdk.server.usecases.engine import Engine

MAX_VALUE_CHARACTERS = 4096
PROMPTS = frozenset({"none", "login", "create", "consent", "select_account"})
# With each of these nobody comes past a form, whoever is signed in already.
PROMPTS_TO_SIGN_IN = frozenset({"login", "create", "select_account"})
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 octets in base64url (RFC 7636, section 4.2)
MAX_AGE = re.compile(r"[0-9]{1,9}")
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
REMEDY = "Go back to the application and start again; if this repeats, tell its operator."


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that may be answered.

    Attributes:
        parameters: all of them as they were sent; unknown ones have no effect.
        max_age_seconds: how long ago the person may have signed in at most.
        claims: what it asks for by name.
    """

    client: Client
    redirect_uri: str
    state: str | None = field(repr=False)
    prompts: frozenset[str]
    max_age_seconds: int | None
    claims: RequestedClaims
    parameters: Mapping[str, str] = field(repr=False)

    @property
    def is_silent(self) -> bool:
        """Whether no page may be shown."""
        return "none" in self.prompts

    @property
    def wants_sign_in(self) -> bool:
        """Whether the person must prove anew who they are."""
        return not self.prompts.isdisjoint(PROMPTS_TO_SIGN_IN) or self.max_age_seconds == 0


def read_authorization_request(engine: Engine, parameters: Mapping[str, str]) -> AuthorizationRequest:
    """Return a request that may be answered.

    Raises:
        InvalidRequest: there is no such client, or the redirect address is not one of its own.
        OAuth2Error: something else is wrong; it carries the address to say so to.
    """
    client = _read_client(engine, parameters)
    redirect_uri = _read_redirect_uri(client, parameters)
    try:
        _check_protocol(client, parameters)
        prompts = _read_prompts(parameters)
        max_age_seconds = _read_max_age(parameters)
        claims = read_requested_claims(parameters.get("claims"))
        read_audience(parameters.get("audience") or None, known=engine.settings.management_audience)
    except OAuth2Error as error:
        error.redirect_uri, error.state = redirect_uri, parameters.get("state")
        raise
    return AuthorizationRequest(
        client, redirect_uri, parameters.get("state"), prompts, max_age_seconds, claims, parameters
    )


def _read_client(engine: Engine, parameters: Mapping[str, str]) -> Client:
    client = find_client(engine, parameters.get("client_id", ""))
    if client is None:
        raise InvalidRequest("the application is not known here", remedy=REMEDY, parameter="client_id")
    return client


def _read_redirect_uri(client: Client, parameters: Mapping[str, str]) -> str:
    redirect_uri = parameters.get("redirect_uri", "")
    if not client.check_redirect_uri(redirect_uri):
        detail = "the address to return to is not registered for this application, character by character"
        raise InvalidRequest(detail, remedy=REMEDY, parameter="redirect_uri")
    return redirect_uri


def _check_protocol(client: Client, parameters: Mapping[str, str]) -> None:
    for name, value in parameters.items():
        if len(value) > MAX_VALUE_CHARACTERS or CONTROLS.search(value):
            shown = name if name.isascii() and name.isidentifier() else "a parameter"
            raise InvalidRequestError(f"{shown} is too long or contains control characters")
    if "request" in parameters:
        raise RequestNotSupportedError("request objects are not read")
    if "request_uri" in parameters:
        raise RequestURINotSupportedError("request objects are not fetched")
    if parameters.get("response_type") != "code":
        raise OAuth2Error(error="unsupported_response_type", description="response_type must be code")
    if not client.check_response_type("code"):
        raise UnauthorizedClientError("this application does not sign people in")
    if parameters.get("response_mode", "query") != "query":
        raise InvalidRequestError("response_mode must be query")
    _check_challenge(client, parameters)


def _check_challenge(client: Client, parameters: Mapping[str, str]) -> None:
    if not client.application.must_use_pkce and parameters.keys().isdisjoint(
        {"code_challenge", "code_challenge_method"}
    ):
        return
    if parameters.get("code_challenge_method") != "S256":
        raise InvalidRequestError("code_challenge_method must be S256")
    if not CHALLENGE.fullmatch(parameters.get("code_challenge", "")):
        raise InvalidRequestError("code_challenge must be 43 characters of base64url")


def _read_prompts(parameters: Mapping[str, str]) -> frozenset[str]:
    prompts = frozenset(parameters.get("prompt", "").split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise InvalidRequestError("prompt has an unknown value, or combines none with another")
    return prompts


def _read_max_age(parameters: Mapping[str, str]) -> int | None:
    text = parameters.get("max_age")
    if text is None:
        return None
    if not MAX_AGE.fullmatch(text):
        raise InvalidRequestError("max_age must be a whole number of seconds")
    return int(text)
