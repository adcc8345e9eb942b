"""The issuer's keys, kept so that verifying needs no call.

Known keys are served at once: fresh for ten minutes, then while they are fetched again in the background, and for a day
when the issuer does not answer. A key that is not known is worth a fetch, as often as the bucket allows; so a rotated
key works on first use, and a flood of made-up ids costs the issuer eight requests a minute at most.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from billing_sdk._flight import Flight
from billing_sdk._operation import Call, Flow, Spawn
from billing_sdk.auth.discovery import Discovery
from billing_sdk.auth.jwk import LONGEST_SET, KeySet, VerifyingKey
from billing_sdk.errors import BillingError, UnknownKey, Unreachable

FRESH_SECONDS: Final = 600.0
OUTAGE_SECONDS: Final = 86_400.0
RETRY_SECONDS: Final = 10.0


class Bucket:
    """Allows two at once and then one every ten seconds: eight in any minute."""

    def __init__(self, *, size: int = 2, refill_seconds: float = 10.0, monotonic: Callable[[], float]) -> None:
        self._size = float(size)
        self._refill_seconds = refill_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._level = self._size
        self._counted_at = monotonic()

    def take(self) -> bool:
        """Return whether one more is allowed now, and count it."""
        with self._lock:
            now = self._monotonic()
            gained = (now - self._counted_at) / self._refill_seconds
            self._level = min(self._size, self._level + gained)
            self._counted_at = now
            if self._level < 1.0:
                return False
            self._level -= 1.0
            return True


class KeyCache:
    """The verifying keys of one issuer, for every thread and event loop of the process.

    Args:
        discovery: says where the keys are.
        monotonic: tells seconds that never run backwards.
    """

    def __init__(self, discovery: Discovery, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._discovery = discovery
        self._monotonic = monotonic
        self._bucket = Bucket(monotonic=monotonic)
        self._flight: Flight[KeySet] = Flight(monotonic=monotonic)
        self._found: KeySet | None = None
        self._fetched_at = 0.0
        self._failed_at: float | None = None
        self._failure: BillingError | None = None

    def find(self, kid: str | None, alg: str) -> Flow[VerifyingKey]:
        """Return the key that a token's header means.

        Raises:
            UnknownKey: the issuer does not publish it, or may not be asked again so soon.
            Unreachable: no keys are known and the issuer does not answer.
        """
        before = self._found
        keys = yield from self._keys()
        key = keys.find(kid, alg)
        if key is None and keys is before:
            keys = yield from self._flight.share("keys", lambda: self._fetch_again(keys))
            key = keys.find(kid, alg)
        if key is None:
            raise UnknownKey("the issuer publishes no such key")
        return key

    def purge(self) -> None:
        """Forget every key, after one was compromised; the next verification fetches them again."""
        self._found = None
        self._failed_at = None

    def _keys(self) -> Flow[KeySet]:
        found, age = self._found, self._monotonic() - self._fetched_at
        if found is None or age >= OUTAGE_SECONDS:
            return (yield from self._first_fetch())
        if age >= FRESH_SECONDS and not self._failed_lately(RETRY_SECONDS) and not self._flight.is_flying("keys"):
            yield from Spawn(lambda: self._flight.share("keys", self._fetch))
        return found

    def _first_fetch(self) -> Flow[KeySet]:
        if self._failed_lately(1.0) and self._failure is not None:
            raise Unreachable("the issuer's keys could not be fetched a moment ago") from self._failure
        return (yield from self._flight.share("keys", self._fetch_counted))

    def _fetch_counted(self) -> Flow[KeySet]:
        self._bucket.take()
        return (yield from self._fetch())

    def _fetch_again(self, missed: KeySet) -> Flow[KeySet]:
        # Decided by one caller for all who came with it: a rotated key is not refused to those who came second.
        if self._found is not None and self._found is not missed:
            return self._found
        if not self._bucket.take():
            return missed
        return (yield from self._fetch())

    def _failed_lately(self, seconds: float) -> bool:
        return self._failed_at is not None and self._monotonic() - self._failed_at < seconds

    def _fetch(self) -> Flow[KeySet]:
        try:
            metadata = yield from self._discovery.metadata()
            found = yield from Call("GET", metadata.jwks_uri, KeySet.read, max_bytes=LONGEST_SET)
        except BillingError as error:
            self._failure, self._failed_at = error, self._monotonic()
            raise
        self._found, self._fetched_at, self._failed_at = found, self._monotonic(), None
        return found
