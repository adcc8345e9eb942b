"""The client's own token for the Management API (RFC 6749, section 4.4), renewed before it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, Final, TypeVar

from billing_sdk._config import Config
from billing_sdk._flight import Flight
from billing_sdk._operation import Call, Flow
from billing_sdk._outage import is_refusal
from billing_sdk.auth.discovery import Discovery
from billing_sdk.auth.token_set import LONGEST_ANSWER, TokenSet
from billing_sdk.errors import APIError, Unauthenticated

R = TypeVar("R")
RENEW_SECONDS: Final = 60.0


class MachineToken:
    """One machine token for every thread and task; however many need it, it is asked for once.

    Args:
        config: holds the machine credentials.
        discovery: says where tokens are given.
        monotonic: tells seconds that never run backwards.
    """

    def __init__(
        self, config: Config, discovery: Discovery, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._discovery = discovery
        self._monotonic = monotonic
        self._flight: Flight[str] = Flight(monotonic=monotonic)
        self._token: str | None = None
        self._renew_at = 0.0

    def token(self) -> Flow[str]:
        """Return a token that is good for a while.

        Raises:
            MissingSetting: there are no machine credentials.
            Unauthenticated: the provider gives no token for them, whatever the status it says so with.
            Unauthenticated: the provider gives none for them, with whatever status it says so.
        """
        token = self._token
        if token is not None and self._monotonic() < self._renew_at:
            return token
        return (yield from self._flight.share("machine", self._request))

    def send(self, call: Call[R]) -> Flow[R]:
        """Send a call with the token; if it is refused, renew the token and send once more."""
        token = yield from self.token()
        try:
            return (yield from replace(call, credential="none", token=token))
        except Unauthenticated:
            self._drop(token)
        token = yield from self.token()
        return (yield from replace(call, credential="none", token=token))

    def _drop(self, token: str) -> None:
        # Another thread may have renewed it already; only the refused one goes.
        if self._token is not None and compare_digest(self._token, token):
            self._token = None

    def _request(self) -> Flow[str]:
        # Whoever queued up behind a renewal that has just ended takes its token.
        if self._token is not None and self._monotonic() < self._renew_at:
            return self._token
        form = {
            "grant_type": "client_credentials",
            "audience": self._config.management_audience,
        }
        client_id, secret = self._config.value("m2m_client_id"), self._config.value("m2m_client_secret")
        asked_at = self._monotonic()
        try:
            tokens = yield from self._ask(form, client_id, secret)
        except APIError as error:
            if not is_refusal(error):
                raise
            # Its status is about the credentials; nobody shall take it for one about what was to be sent with a token.
            refused = Unauthenticated(f"no machine token is given ({error.code}): {error.detail}", **error.facts)
            refused.request_id = error.request_id
            raise refused from error
        lifetime = (tokens.expires_at - _EPOCH).total_seconds()
        self._token = tokens.access_token
        self._renew_at = asked_at + max(lifetime - RENEW_SECONDS, lifetime / 2)
        return tokens.access_token

    def _ask(self, form: dict[str, str], client_id: str, secret: str) -> Flow[TokenSet]:
        metadata = yield from self._discovery.metadata()
        call = Call(
            "POST", metadata.token_endpoint, _read, form=form, basic=(client_id, secret), max_bytes=LONGEST_ANSWER
        )
        if metadata.takes_secret_in_form:
            call = replace(call, form={**form, "client_id": client_id, "client_secret": secret}, basic=None)
        return (yield from call)


_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


def _read(data: Any) -> TokenSet:
    # Only the lifetime matters, and it is counted on the monotonic clock: the wall clock may be set.
    return TokenSet.read(data, at=_EPOCH)
