"""Snapshots at hand: gates decide without a call, and hear of changes by webhook.

A snapshot is fresh for 30 seconds. For another 30 it is still used while one flow fetches its successor; after that,
whoever asks waits for the successor, though never long: a server that does not answer is left alone for a moment, and
whoever comes then is told so at once. An event that can change what the customer may use drops a snapshot.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from billing_sdk._flight import Flight
from billing_sdk._fork import new_lock
from billing_sdk._operation import Flow, Spawn, within
from billing_sdk._outage import Outage
from billing_sdk.auth import Owner
from billing_sdk.errors import BillingError, Unreachable, UnsafeAnswer
from billing_sdk.events import Event
from billing_sdk.models import EntitlementSnapshot

FRESH_SECONDS: Final = 30.0
USABLE_SECONDS: Final = 60.0
KEPT_SECONDS: Final = 900.0
LONGEST_WAIT_SECONDS: Final = 3.0
MOST_ATTEMPTS: Final = 3

# What changes no plan, no limit and no membership. An application that meters each request hears of each, and would
# ask the server at every gate. Every other type is doubt, an unknown one included.
HARMLESS_TYPES: Final = frozenset(
    {
        "customer.invoice_overdue",
        "customer.meter_usage_updated",
        "customer.payment_failed",
        "customer.payment_succeeded",
        "customer.trial_ending",
        "customer.usage_threshold_reached",
        "user.authenticated",
        "user.authentication_failed",
        "access_request.created",
        "subscriber.created",
        "passkey.added",
        "passkey.removed",
    }
)


@dataclass(frozen=True, slots=True)
class _Entry:
    snapshot: EntitlementSnapshot
    fresh_until: float
    usable_until: float
    kept_until: float


class Snapshots:
    """The snapshots of the customers seen lately, for every thread and event loop of the process.

    Each belongs to one user in one organization of one issuer, and is never shown to another.

    Args:
        fetch: describes how to fetch a snapshot with a user's access token.
        fresh_seconds: this old, it decides without a question.
        usable_seconds: this old, it decides while its successor is fetched.
        capacity: how many to keep; the one that was fetched first goes.
        monotonic: tells seconds that never run backwards.

    Attributes:
        outage: what is known of a server that does not answer, for whoever else asks it for a gate.
    """

    def __init__(
        self,
        fetch: Callable[[str], Flow[EntitlementSnapshot]],
        *,
        fresh_seconds: float = FRESH_SECONDS,
        usable_seconds: float = USABLE_SECONDS,
        capacity: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._fresh_seconds = fresh_seconds
        self._usable_seconds = max(usable_seconds, fresh_seconds)
        self._capacity = capacity
        self._monotonic = monotonic
        self._flight: Flight[EntitlementSnapshot] = Flight(monotonic=monotonic)
        self.outage = Outage(attempt_seconds=LONGEST_WAIT_SECONDS, monotonic=monotonic)
        self._lock = new_lock()
        self._entries: OrderedDict[Owner, _Entry] = OrderedDict()
        self._loading: dict[Owner, object] = {}

    def fresh(self, owner: Owner) -> EntitlementSnapshot | None:
        """Return the customer's snapshot if it is fresh; a dictionary look-up and a clock, no lock and no call."""
        entry = self._entries.get(owner)
        if entry is not None and self._monotonic() < entry.fresh_until:
            return entry.snapshot
        return None

    def last(self, owner: Owner) -> EntitlementSnapshot | None:
        """Return the customer's last snapshot, up to 15 minutes old, for when the server is out of reach.

        A snapshot that an event has dropped does not come back.
        """
        entry = self._entries.get(owner)
        if entry is not None and self._monotonic() < entry.kept_until:
            return entry.snapshot
        return None

    def load(self, owner: Owner, token: str) -> Flow[EntitlementSnapshot]:
        """Return the customer's snapshot, from here or from the server.

        Args:
            owner: whose; it has to be the token's own user, organization and issuer.
            token: the user's access token.

        Raises:
            BillingError: the server does not answer within three seconds or did not a moment ago, or it refuses the
                token; `last` may have an older snapshot.
        """
        entry = self._entries.get(owner)
        now = self._monotonic()
        if entry is not None and now < entry.fresh_until:
            return entry.snapshot
        failure = self.outage.failure
        is_usable = entry is not None and now < entry.usable_until
        if failure is None and not is_usable:
            return (yield from self._refresh(owner, token))
        if self.outage.may_try() if failure else not self._flight.is_flying(owner):
            yield from Spawn(lambda: self._refresh(owner, token))
        if entry is not None and is_usable:
            return entry.snapshot
        raise Unreachable("the billing server did not answer a moment ago") from failure

    def invalidate(self, event: Event) -> None:
        """Drop what an event makes doubtful: the snapshots of its user and of everybody in its organization."""
        if event.type in HARMLESS_TYPES:
            return
        user_id, org_code = event.user_id, event.org_code
        if user_id is None and org_code is None:
            self.clear()  # hosted providers do not document what they send; doubt about one is doubt about all
            return
        self._drop(lambda owner: owner.subject == user_id or (org_code is not None and owner.org_code == org_code))

    def drop(self, owner: Owner) -> None:
        """Drop one customer's snapshot."""
        self._drop(lambda found: found == owner)

    def clear(self) -> None:
        """Drop everything."""
        self._drop(lambda _: True)

    def _drop(self, is_doubtful: Callable[[Owner], bool]) -> None:
        with self._lock:
            for owner in [owner for owner in self._entries if is_doubtful(owner)]:
                del self._entries[owner]
            # An answer that is under way may have been written before the event; it must not be kept.
            for owner in [owner for owner in self._loading if is_doubtful(owner)]:
                del self._loading[owner]

    def _refresh(self, owner: Owner, token: str) -> Flow[EntitlementSnapshot]:
        return (yield from self._flight.share(owner, lambda: self._try(owner, token)))

    def _try(self, owner: Owner, token: str) -> Flow[EntitlementSnapshot]:
        try:
            found = yield from within(LONGEST_WAIT_SECONDS, self._load(owner, token), monotonic=self._monotonic)
        except BillingError as error:
            self.outage.note(error)
            raise
        self.outage.end()
        return found

    def _load(self, owner: Owner, token: str) -> Flow[EntitlementSnapshot]:
        for _ in range(MOST_ATTEMPTS):
            mark = object()
            with self._lock:
                self._loading[owner] = mark
            asked_at = self._monotonic()
            try:
                snapshot = yield from self._fetch(token)
                require_own(snapshot, owner)
            except BaseException:
                self._loading.pop(owner, None)
                raise
            if self._keep(owner, snapshot, asked_at, mark):
                return snapshot
        return snapshot

    def _keep(self, owner: Owner, snapshot: EntitlementSnapshot, asked_at: float, mark: object) -> bool:
        """Keep an answer unless an event came in between; return whether it was kept."""
        entry = _Entry(
            snapshot,
            fresh_until=asked_at + self._fresh_seconds,
            usable_until=asked_at + self._usable_seconds,
            kept_until=asked_at + KEPT_SECONDS,
        )
        with self._lock:
            if self._loading.get(owner) is not mark:
                return False
            del self._loading[owner]
            self._entries.pop(owner, None)
            self._entries[owner] = entry
            if len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
            return True


def require_own(snapshot: EntitlementSnapshot, owner: Owner) -> None:
    """Raise `UnsafeAnswer` for an answer about another organization than the token's, such as one from a cache."""
    if snapshot.org_code is not None and owner.org_code is not None and snapshot.org_code != owner.org_code:
        raise UnsafeAnswer("the answer is about another organization than the one of the token")
