"""Idempotency keys: each is derived from our own ids, so that whoever asks again after a crash asks for the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from billing_sdk.server.ids import RANDOM_BITS

# Stripe forgets keys after a day; what is older than this is looked for first, and not made anew.
REMEMBERED = timedelta(hours=20)
LONGEST_KEY: Final = 255


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one deployment; two that share an account never meet.

    Source: Stripe documentation, "Idempotent requests".

    Attributes:
        deployment: 8 hexadecimal digits, which every key begins with.
    """

    deployment: str

    @classmethod
    def of(cls, base_url: str) -> Keys:
        """Return the keys of the deployment that is reached at an address."""
        return cls(hashlib.sha256(base_url.rstrip("/").encode()).hexdigest()[:8])

    def key(self, verb: str, *parts: str | int) -> str:
        """Return the key of one request, such as `pay` of a charge.

        Raises:
            ValueError: it is longer than Stripe takes; a shorter one could be another request's.
        """
        found = "-".join((self.deployment, verb, *map(str, parts)))
        if len(found) > LONGEST_KEY:
            raise ValueError(f"an idempotency key has up to {LONGEST_KEY} characters")
        return found


def made_at(our_id: str) -> datetime | None:
    """Return when one of our ids was drawn, in real time; None where it is not of the form that says so."""
    _, _, digits = our_id.rpartition("_")
    try:
        milliseconds = int(digits, 16) >> RANDOM_BITS
    except ValueError:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if len(digits) == 32 else None


def may_be_forgotten(our_id: str, *, at: datetime) -> bool:
    """Tell whether Stripe may no longer know the keys of requests about something of ours.

    Where the clock of this server and that of its ids are far apart, in either direction, nobody knows.
    """
    made = made_at(our_id)
    return made is None or abs(at - made) > REMEMBERED
