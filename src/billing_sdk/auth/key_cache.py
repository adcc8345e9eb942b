"""The issuer's keys, kept so that verifying needs no call.

Known keys are served at once: fresh for ten minutes, then while they are fetched again in the background. After a
quarter of an hour the issuer is asked first, so that a key that it took back ends by then. While it does not answer
they are served for a day at most, and counted. A key that is not known is worth a fetch, as often as the bucket allows;
so a rotated key works on first use, and a flood of made-up ids costs the issuer eight requests a minute at most.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from billing_sdk._flight import Flight
from billing_sdk._fork import new_lock
from billing_sdk._operation import Call, Flow, Spawn, within
from billing_sdk.auth.discovery import Discovery
from billing_sdk.auth.jwk import LONGEST_SET, KeySet, VerifyingKey
from billing_sdk.errors import BillingError, UnknownKey, Unreachable

FRESH_SECONDS: Final = 600.0
OLDEST_SECONDS: Final = 900.0
OUTAGE_SECONDS: Final = 86_400.0
RETRY_SECONDS: Final = 10.0
# After so long without an attempt nobody knows any more whether the issuer still does not answer.
FAILURE_SECONDS: Final = 60.0
FETCH_SECONDS: Final = 5.0

_log: Final = logging.getLogger("billing_sdk.keys")


class Bucket:
    """Allows two at once and then one every ten seconds: eight in any minute."""

    def __init__(self, *, size: int = 2, refill_seconds: float = 10.0, monotonic: Callable[[], float]) -> None:
        self._size = float(size)
        self._refill_seconds = refill_seconds
        self._monotonic = monotonic
        self._lock = new_lock()
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


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """How the keys of an issuer are doing, for a metric and an alert.

    Attributes:
        age_seconds: since the keys in use were fetched; None where none are known.
        is_stale: the issuer has not answered for so long that a key it took back might still be accepted.
        stale_uses: how often keys were used although they were stale, since the client was made.
        fetches: how often the issuer was asked.
        failures: how often it did not answer with a usable key set.
    """

    age_seconds: float | None
    is_stale: bool
    stale_uses: int
    fetches: int
    failures: int


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: KeySet
    at: float


class KeyCache:
    """The verifying keys of one issuer, for every thread and event loop of the process.

    Args:
        discovery: says where the keys are.
        outage_seconds: for so long known keys are used while the issuer does not answer.
        monotonic: tells seconds that never run backwards.
    """

    def __init__(
        self,
        discovery: Discovery,
        *,
        outage_seconds: float = OUTAGE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._discovery = discovery
        self._outage_seconds = outage_seconds
        self._monotonic = monotonic
        self._bucket = Bucket(monotonic=monotonic)
        self._flight: Flight[KeySet] = Flight(monotonic=monotonic)
        self._fetched: _Fetched | None = None
        self._failed_at: float | None = None
        self._failure: BillingError | None = None
        self._lock = new_lock()
        self._purges = 0
        self._failures_in_a_row = 0
        self._stale_uses = self._fetches = self._failures = 0

    @property
    def fresh(self) -> KeySet | None:
        """The known keys if they need no call, else None."""
        fetched = self._fetched
        return fetched.keys if fetched is not None and self._age(fetched) < FRESH_SECONDS else None

    @property
    def status(self) -> KeyStatus:
        """How the keys are doing."""
        fetched = self._fetched
        age = None if fetched is None else self._age(fetched)
        is_stale = age is not None and age >= OLDEST_SECONDS
        return KeyStatus(age, is_stale, self._stale_uses, self._fetches, self._failures)

    def find(self, kid: str | None, alg: str) -> Flow[VerifyingKey]:
        """Return the key that a token's header means.

        Raises:
            UnknownKey: the issuer does not publish it, or may not be asked again so soon.
            Unreachable: no keys are known and the issuer does not answer.
        """
        before = self._fetched
        keys = yield from self._load()
        key = keys.find(kid, alg)
        if key is None and before is not None and keys is before.keys:
            keys = yield from self._share(lambda: self._fetch_again(keys))
            key = keys.find(kid, alg)
        if key is None:
            raise UnknownKey("the issuer publishes no such key")
        return key

    def purge(self) -> None:
        """Forget every key, after one was compromised; the next verification fetches them again."""
        # A fetch that is under way may bring the key that has to go: nobody waits for it or keeps what it brings.
        self._purges += 1
        self._failures_in_a_row = 0
        self._fetched = None
        self._failed_at = None

    def _load(self) -> Flow[KeySet]:
        fetched = self._fetched
        age = 0.0 if fetched is None else self._age(fetched)
        if fetched is None or age >= max(self._outage_seconds, OLDEST_SECONDS):
            return (yield from self._first_fetch())
        if age < FRESH_SECONDS:
            return fetched.keys
        if age >= OLDEST_SECONDS and not self._failed_lately(FAILURE_SECONDS):
            return (yield from self._ask_first(fetched.keys))
        if self._may_fetch_beside():
            yield from Spawn(lambda: self._share(self._fetch))
        return fetched.keys if age < OLDEST_SECONDS else self._count_stale(fetched.keys)

    def _age(self, fetched: _Fetched) -> float:
        return self._monotonic() - fetched.at

    def _count_stale(self, keys: KeySet) -> KeySet:
        with self._lock:
            self._stale_uses += 1
        return keys

    def _share(self, fetch: Callable[[], Flow[KeySet]]) -> Flow[KeySet]:
        return self._flight.share(self._purges, fetch)

    def _may_fetch_beside(self) -> bool:
        if self._failed_lately(RETRY_SECONDS) or self._flight.is_flying(self._purges):
            return False
        return self._bucket.take()

    def _ask_first(self, known: KeySet) -> Flow[KeySet]:
        try:
            return (yield from self._share(self._fetch_counted))
        except BillingError:
            return self._count_stale(known)

    def _first_fetch(self) -> Flow[KeySet]:
        # One second, three, nine, then ten: whoever starts beside the issuer does not wait long, and a flood costs
        # an issuer that is down no more than one that is up.
        pause = min(3.0 ** (self._failures_in_a_row - 1), RETRY_SECONDS)
        if self._failed_lately(pause) and self._failure is not None:
            raise Unreachable("the issuer's keys could not be fetched a moment ago") from self._failure
        is_sent_once = self._failures_in_a_row > 0
        return (yield from self._share(lambda: self._fetch_counted(is_sent_once=is_sent_once)))

    def _fetch_counted(self, *, is_sent_once: bool = True) -> Flow[KeySet]:
        self._bucket.take()
        return (yield from self._fetch(is_sent_once=is_sent_once))

    def _fetch_again(self, missed: KeySet) -> Flow[KeySet]:
        # Decided by one caller for all who came with it: a rotated key is not refused to those who came second.
        if self._fetched is not None and self._fetched.keys is not missed:
            return self._fetched.keys
        if not self._bucket.take():
            return missed
        return (yield from self._fetch())

    def _failed_lately(self, seconds: float) -> bool:
        return self._failed_at is not None and self._monotonic() - self._failed_at < seconds

    def _fetch(self, *, is_sent_once: bool = True) -> Flow[KeySet]:
        purges = self._purges
        self._fetches += 1
        try:
            found = yield from (within(FETCH_SECONDS, self._ask()) if is_sent_once else self._ask())
        except BillingError as error:
            self._failures += 1
            self._failures_in_a_row += 1
            self._failure, self._failed_at = error, self._monotonic()
            if self.status.is_stale:
                _log.warning("the issuer does not give its keys, old ones are used for now: %s", error.code)
            raise
        if purges == self._purges:
            self._fetched, self._failed_at = _Fetched(found, self._monotonic()), None
            self._failures_in_a_row = 0
        return found

    def _ask(self) -> Flow[KeySet]:
        metadata = yield from self._discovery.metadata()
        uri, seconds = metadata.jwks_uri, FETCH_SECONDS
        return (yield from Call("GET", uri, KeySet.read, max_bytes=LONGEST_SET, deadline_seconds=seconds))
