"""Where an issuer's endpoints are (OpenID Connect Discovery 1.0; RFC 8414)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from billing_sdk._config import Config, is_safe_address
from billing_sdk._flight import Flight
from billing_sdk._operation import Call, Flow
from billing_sdk.errors import BillingError, IssuerMismatch, UnsafeAnswer
from billing_sdk.models import Document

FRESH_SECONDS: Final = 3_600.0
RETRY_SECONDS: Final = 10.0
FETCH_SECONDS: Final = 5.0
LONGEST_DOCUMENT: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the issuer says about itself; every endpoint is on the issuer's own origin.

    Attributes:
        sends_issuer: it promises to name itself in the redirect back (RFC 9207).
        takes_secret_in_form: a client may send its secret in the form instead of the header.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    revocation_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    sends_issuer: bool = False
    takes_secret_in_form: bool = False

    @classmethod
    def read(cls, data: Any, *, issuer: str) -> Metadata:
        """Read a discovery document.

        Raises:
            IssuerMismatch: it speaks for another issuer; a trailing slash makes another one.
            UnsafeAnswer: an endpoint is missing or leads away from the issuer, or there is no S256.
        """
        document = Document(data, "discovery document")
        if document.text("issuer") != issuer:
            raise IssuerMismatch("the discovery document names another issuer")
        methods = document.texts("code_challenge_methods_supported")
        if methods and "S256" not in methods:
            raise UnsafeAnswer("the issuer does not support PKCE with S256")
        origin = _origin(issuer)

        def endpoint(name: str) -> str:
            address = document.text(name)
            if not is_safe_address(address) or _origin(address) != origin:
                raise UnsafeAnswer(f"{name} of the discovery document leads away from the issuer")
            return address

        def endpoint_or_none(name: str) -> str | None:
            return endpoint(name) if document.text_or_none(name) else None

        return cls(
            issuer=issuer,
            authorization_endpoint=endpoint("authorization_endpoint"),
            token_endpoint=endpoint("token_endpoint"),
            jwks_uri=endpoint("jwks_uri"),
            end_session_endpoint=endpoint_or_none("end_session_endpoint"),
            revocation_endpoint=endpoint_or_none("revocation_endpoint"),
            userinfo_endpoint=endpoint_or_none("userinfo_endpoint"),
            sends_issuer=document.flag("authorization_response_iss_parameter_supported"),
            # An issuer that does not say takes it in the header (OpenID Connect Discovery 1.0, section 3).
            takes_secret_in_form="client_secret_post" in document.texts("token_endpoint_auth_methods_supported"),
        )


class Discovery:
    """The issuer's metadata, fetched once an hour; during an outage the last good one stays."""

    def __init__(self, config: Config, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._issuer = config.issuer
        self._monotonic = monotonic
        self._flight: Flight[Metadata] = Flight(monotonic=monotonic)
        self._found: Metadata | None = None
        self._fresh_until = 0.0

    def metadata(self) -> Flow[Metadata]:
        """Return the metadata.

        Raises:
            IssuerMismatch: the document names another issuer.
            Unreachable: it was never fetched before and can't be now.
        """
        if self._found is not None and self._monotonic() < self._fresh_until:
            return self._found
        try:
            return (yield from self._flight.share("metadata", self._fetch))
        except BillingError:
            if self._found is None:
                raise
            self._fresh_until = self._monotonic() + RETRY_SECONDS
            return self._found

    def _fetch(self) -> Flow[Metadata]:
        found = yield from Call(
            "GET",
            "/.well-known/openid-configuration",
            lambda data: Metadata.read(data, issuer=self._issuer),
            max_bytes=LONGEST_DOCUMENT,
            deadline_seconds=FETCH_SECONDS,
        )
        self._found = found
        self._fresh_until = self._monotonic() + FRESH_SECONDS
        return found


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc.lower()
