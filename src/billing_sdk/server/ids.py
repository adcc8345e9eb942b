"""Identifiers: a prefix that says what a thing is, and a time-ordered random part."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time

RANDOM_BITS = 80


class _Sequence:
    """Ids of this process: those of one millisecond are in order as well, each a random step above the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        """Return 128 bits: 48 of the time in milliseconds, 80 random."""
        new = time.time_ns() // 1_000_000 << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
        with self._lock:
            is_same = new >> RANDOM_BITS <= self._last >> RANDOM_BITS
            self._last = self._last + 1 + secrets.randbits(RANDOM_BITS // 2) if is_same else new
            return self._last


_sequence = _Sequence()


def new_id(prefix: str) -> str:
    """Return `prefix_` and 32 hexadecimal digits: 12 of the time in milliseconds, 20 random (as in UUID version 7).

    Ids made later sort later, which keeps an index dense and lets an id serve as a page cursor.
    """
    return f"{prefix}_{_sequence.next():032x}"


def new_org_code() -> str:
    """Return `org_` and 11 hexadecimal digits, the length that organization codes have."""
    return f"org_{secrets.token_hex(6)[:11]}"


def new_secret() -> str:
    """Return 256 random bits for a link, code, token or client secret, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what is stored of a secret of ours: its SHA-256 in hexadecimal; at 256 random bits it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()
