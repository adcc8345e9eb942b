"""Keys under stress (R14): rotations, floods of made-up key ids, and an issuer that answers in every bad way.

A client verifies 200 tokens a second that it has never seen. The issuer rotates ten times undisturbed and ten times
while 10,000 made-up key ids a minute arrive. Then its key endpoint refuses, fails, drips, sends a bomb, redirects, and
sends shared keys and HTML, each while the known keys are due to be fetched again. Then it is down for 23 hours, over
which the client's clock jumps. At every moment some tokens are forged under a key id that is known.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Final

from billing_sdk import Client
from billing_sdk.errors import BillingError
from soak._issuer import FAULTS, Issuer, Key, issuing
from soak.report import Bar

PER_SECOND: Final = 200
ROTATIONS: Final = 10
FLOOD_PER_SECOND: Final = 10_000 / 60
FAULT_SECONDS: Final = 40.0
OUTAGE_SECONDS: Final = 23 * 3_600
STEP_SECONDS: Final = 50.0  # of an outage: as if somebody verified at least once a minute


class Count:
    """What has happened so far."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.refused = self.forged = self.attempts = 0

    def percentile(self, share: float) -> float:
        """Return how long a verification took, at most, in this share of them."""
        found = sorted(self.seconds)
        return found[min(int(len(found) * share), len(found) - 1)]


class Stress:
    """One client, its clock, and the tokens that it is shown."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.ahead_seconds = 0.0
        self.client = Client(issuer=issuer.address, client_id="app_1")
        self.client._provider.__init__(  # type: ignore[misc]  # a clock of ours for the caches
            self.client.config, now=self.client._provider.now, monotonic=lambda: time.monotonic() + self.ahead_seconds
        )
        self.count = Count()
        self.stranger = Key("stranger")

    def verify(self, key: Key) -> bool:
        """Show a new token of a key that may be unknown; return whether it was accepted."""
        token = key.sign(self.issuer.address)
        try:
            self.client.tokens.verify_access(token)
        except BillingError:
            return False
        return True

    def verify_known(self, key: Key) -> None:
        """Show a new token of a known key, and now and then a forged one."""
        token = key.sign(self.issuer.address)
        began = time.perf_counter()
        try:
            self.client.tokens.verify_access(token)
        except BillingError:
            self.count.refused += 1
        self.count.seconds.append(time.perf_counter() - began)
        if len(self.count.seconds) % 20 == 0:
            self.count.attempts += 1
            self.count.forged += self._accepts(self.stranger.sign(self.issuer.address, kid=key.kid))

    def flood(self) -> None:
        """Show a token of a key that does not exist."""
        self.count.forged += self._accepts(
            self.stranger.sign(self.issuer.address, kid=f"made-up-{time.monotonic_ns()}")
        )

    def traffic(self, seconds: float, key: Key, also: Callable[[], None] | None = None) -> None:
        """Verify at the rate, for so long."""
        for _ in paced(seconds):
            self.verify_known(key)
            if also is not None:
                also()

    def _accepts(self, token: str) -> bool:
        try:
            self.client.tokens.verify_access(token)
        except BillingError:
            return False
        return True


def run(scale: float) -> tuple[Bar, ...]:
    """Run all three parts, of which each is shorter by the scale."""
    logging.getLogger("billing_sdk.keys").setLevel(logging.ERROR)  # each failed fetch of an outage is a warning
    with issuing() as issuer:
        stress = Stress(issuer)
        assert stress.verify(issuer.keys[0])
        rotations = max(1, round(ROTATIONS * scale))
        first = rotated_undisturbed(stress, rotations)
        slowest = max(rotated_in_a_flood(stress, rotations))
        most = most_in_a_minute(issuer.asked_at)
        survive_faults(stress, max(0.7, FAULT_SECONDS * scale))
        hours = survive_outage(stress, max(3_600.0, OUTAGE_SECONDS * scale))
        stress.client.close()
    count, status = stress.count, stress.client.keys.status()
    p99 = count.percentile(0.99) * 1_000
    tried = f"{count.attempts} forged and a flood of made-up ones"
    return (
        Bar(f"good tokens refused, of {len(count.seconds):,}", str(count.refused), "0", count.refused == 0),
        Bar(f"bad tokens accepted, of {tried}", str(count.forged), "0", count.forged == 0),
        Bar("rotated keys accepted on first use", f"{first} of {rotations}", f"{rotations}", first == rotations),
        Bar("a rotated key in a flood", f"{slowest:.1f} s", "at most 10 s", slowest <= 10.5),
        Bar("fetches of keys in a minute of flood", str(most), "at most 8", most <= 8),
        Bar("p99 of a verification", f"{p99:.2f} ms", "at most 5 ms", p99 <= 5),
        Bar(
            "known keys in an outage",
            f"{hours:.0f} h, counted {status.stale_uses:,} times",
            "used",
            status.stale_uses > 0,
        ),
    )


def rotated_undisturbed(stress: Stress, rotations: int) -> int:
    """Return how many new keys were accepted with their first token."""
    accepted = 0
    for turn in range(rotations):
        stress.traffic(1.0 if turn == 0 else 10.5, stress.issuer.keys[-1])
        accepted += stress.verify(stress.issuer.rotate())
    return accepted


def rotated_in_a_flood(stress: Stress, rotations: int) -> Iterator[float]:
    """Yield how many seconds each new key took to be accepted."""
    every = PER_SECOND / FLOOD_PER_SECOND
    due = 0.0

    def flood() -> None:
        nonlocal due
        due += 1
        if due >= every:
            due -= every
            stress.flood()

    for _ in range(rotations):
        known = stress.issuer.keys[-1]
        stress.traffic(1.0, known, flood)
        key, began = stress.issuer.rotate(), time.monotonic()
        while not stress.verify(key) and time.monotonic() - began < 30:
            stress.traffic(0.1, known, flood)
        yield time.monotonic() - began


def survive_faults(stress: Stress, seconds: float) -> None:
    """Let known keys come due again while the endpoint answers badly, in each way."""
    key = stress.issuer.keys[-1]
    for fault in FAULTS:
        stress.issuer.fault = fault
        stress.ahead_seconds += 601
        stress.traffic(seconds, key)
        stress.issuer.fault = ""
        stress.ahead_seconds += 11
        stress.traffic(max(0.3, 5.5 if fault == "drips" else 0.0), key)  # until the answers are good again


def survive_outage(stress: Stress, seconds: float) -> float:
    """Let the endpoint be down for long; return for how many hours."""
    key = stress.issuer.keys[-1]
    stress.issuer.fault = "refuses"
    for _ in range(int(seconds / STEP_SECONDS)):
        stress.ahead_seconds += STEP_SECONDS
        stress.traffic(0.02, key)
    return seconds / 3_600


def most_in_a_minute(moments: list[float]) -> int:
    """Return how many of the moments lie in one minute, at most."""
    return max((sum(0 <= later - moment < 60 for later in moments) for moment in moments), default=0)


def paced(seconds: float) -> Iterator[int]:
    """Yield at the rate, for so long; who is late does not hurry."""
    began = time.monotonic()
    for turn in range(max(1, int(seconds * PER_SECOND))):
        early = began + turn / PER_SECOND - time.monotonic()
        if early > 0:
            time.sleep(early)
        elif time.monotonic() - began > 3 * seconds + 1:
            return
        yield turn
