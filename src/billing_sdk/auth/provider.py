"""Everything that a client knows about its provider: settings, endpoints, keys, tokens."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from billing_sdk._config import Config
from billing_sdk._flight import Flight
from billing_sdk.auth.discovery import Discovery
from billing_sdk.auth.key_cache import KeyCache
from billing_sdk.auth.machine_token import MachineToken
from billing_sdk.auth.token_set import TokenSet
from billing_sdk.auth.verifier import Verifier

LINGER_SECONDS = 30.0


class Provider:
    """One provider as one client sees it; the parts share their caches.

    Args:
        config: the client's settings.
        now: tells the time for tokens, which end at a date.
        monotonic: tells seconds that never run backwards, for caches.
    """

    def __init__(
        self, config: Config, *, now: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.config = config
        self.now = now
        self.discovery = Discovery(config, monotonic=monotonic)
        self.keys = KeyCache(self.discovery, outage_seconds=config.stale_keys_seconds, monotonic=monotonic)
        self.machine = MachineToken(config, self.discovery, monotonic=monotonic)
        self.verifier = Verifier(
            issuer=config.issuer,
            client_id=config.client_id,
            keys=self.keys,
            now=now,
            longest_seconds=config.longest_token_seconds,
        )
        # A refresh token works once: whoever comes a little late gets the successor that the first one brought.
        self.refreshes: Flight[TokenSet] = Flight(linger_seconds=LINGER_SECONDS, monotonic=monotonic)
