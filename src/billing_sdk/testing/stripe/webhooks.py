"""Deliveries of events to webhook endpoints, signed as Stripe signs them (Stripe documentation, "Webhooks").

What can go wrong with them can be asked for: they come twice, in another order, late, or not at all.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from billing_sdk.testing.stripe.errors import Json
from billing_sdk.testing.stripe.state import Space, State

TIMEOUT_SECONDS = 30
# A test account tries three times, within hours.
RETRY_SECONDS = (60, 3600, 6 * 3600)

Send = Callable[[str, bytes, dict[str, str]], int]


@dataclass(slots=True)
class Delivery:
    """One event for one endpoint.

    Attributes:
        due_at: second from which it is tried.
        attempts: how often it was tried.
        statuses: what was answered, 0 where nobody did.
    """

    endpoint: Json = field(repr=False)
    event: Json = field(repr=False)
    due_at: int
    attempts: int = 0
    statuses: list[int] = field(default_factory=list)

    @property
    def type(self) -> str:
        """Return the type of the event."""
        return str(self.event["type"])


@dataclass(slots=True)
class Webhooks:
    """What is still to be delivered, what was, and what goes wrong with it.

    Attributes:
        waiting: in the order in which it happened.
        done: what was answered by 2xx, or given up.
        on_queued: told that there is something to deliver.
    """

    waiting: list[Delivery] = field(default_factory=list)
    done: list[Delivery] = field(default_factory=list)
    on_queued: Callable[[], None] | None = None
    _times: int = 1
    _order_seed: str | None = None
    _delay_seconds: int = 0
    _dropped: float = 0

    def duplicate(self, times: int = 2) -> None:
        """Deliver everything several times."""
        self._times = times

    def reorder(self, seed: str) -> None:
        """Deliver what is due at the same time in an order that only the seed knows."""
        self._order_seed = seed

    def delay(self, *, days: float = 0, hours: float = 0) -> None:
        """Deliver everything from now on late."""
        self._delay_seconds = int(days * 86_400 + hours * 3600)

    def drop(self, fraction: float) -> None:
        """Never deliver a part of what happens from now on."""
        self._dropped = fraction

    def behave(self) -> None:
        """Deliver everything once, in order and at once again."""
        self._times, self._order_seed, self._delay_seconds, self._dropped = 1, None, 0, 0

    def queue(self, state: State, space: Space, event: Json) -> None:
        """Have an event delivered to each endpoint that wants it."""
        is_of_other = space.account_id != state.platform_id
        listeners = [(each, False) for each in space.all("webhook_endpoint")]
        if is_of_other:
            platform = state.space(state.platform_id, is_live=space.is_live)
            listeners = [(each, True) for each in platform.all("webhook_endpoint")]
        for endpoint, is_connect in listeners:
            wants = endpoint["enabled_events"]
            is_wanted = ("*" in wants or event["type"] in wants) and endpoint["_is_connect"] == is_connect
            if endpoint["status"] == "enabled" and is_wanted and not self._is_dropped(event):
                self.waiting.append(Delivery(endpoint, event, event["created"] + self._delay_seconds))
        if self.waiting and self.on_queued is not None:
            self.on_queued()

    def take_due(self, now: int) -> list[Delivery]:
        """Take what is due from the queue, in the order in which it is to be sent."""
        due = [each for each in self.waiting if each.due_at <= now]
        self.waiting = [each for each in self.waiting if each.due_at > now]
        many = [each for each in due for _ in range(self._times)]
        if self._order_seed is None:
            return many
        seed = self._order_seed
        places = {id(each): place for place, each in enumerate(due)}
        numbered = [(_chance(seed, f"{place}/{places[id(each)]}"), place, each) for place, each in enumerate(many)]
        return [each for _, _, each in sorted(numbered, key=lambda one: one[:2])]

    def attempt(self, delivery: Delivery, now: int, send: Send) -> int:
        """Send a delivery once, and put it back into the queue if nobody took it."""
        body = json.dumps({**delivery.event, "pending_webhooks": 1}, indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (simulated)",
            "Stripe-Signature": signature(body, str(delivery.endpoint["_secret"]), now),
        }
        status = send(str(delivery.endpoint["url"]), body, headers)
        delivery.statuses.append(status)
        delivery.attempts += 1
        if not 200 <= status < 300 and delivery.attempts <= len(RETRY_SECONDS):
            delivery.due_at = now + RETRY_SECONDS[delivery.attempts - 1]
            if not any(each is delivery for each in self.waiting):
                self.waiting.append(delivery)
        else:
            self.done.append(delivery)
        return status

    def _is_dropped(self, event: Json) -> bool:
        return _chance("drop", event["id"]) < self._dropped


def signature(body: bytes, secret: str, at: int) -> str:
    """Return the header `Stripe-Signature` of a body."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send a body, and return the status; 0 where nobody answers."""
    try:
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            return client.post(url, content=body, headers=headers).status_code
    except httpx.HTTPError:
        return 0


def _chance(seed: str, text: str) -> float:
    return int.from_bytes(hashlib.sha256(f"{seed}/{text}".encode()).digest()[:6]) / float(1 << 48)
