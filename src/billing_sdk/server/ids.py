"""Identifiers: a prefix that says what a thing is, and a time-ordered random part."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import time

from billing_sdk._fork import new_lock

RANDOM_BITS = 80
# Of what is drawn at once for ids and nonces.
DRAWN_OCTETS = 4_096


class _Drawn:
    """Random octets of the operating system, drawn some thousands at a time, each of which is used once.

    Each draw lets go of the interpreter's lock. Where another thread is busy, whoever serves requests would wait for
    it again, twice for each request.
    """

    def __init__(self) -> None:
        self._lock = new_lock()
        self._octets = b""
        self._used = 0
        os.register_at_fork(after_in_child=self._forget)

    def take(self, count: int) -> bytes:
        """Return octets that nobody has had."""
        with self._lock:
            start, self._used = self._used, self._used + count
            if self._used > len(self._octets):
                self._octets, start, self._used = os.urandom(DRAWN_OCTETS), 0, count
            return self._octets[start : self._used]

    def _forget(self) -> None:
        """Leave what was drawn to the parent, who uses it."""
        self._octets = b""


_drawn = _Drawn()


class _Sequence:
    """Ids of this process: those of one millisecond are in order as well, each a random step above the last."""

    def __init__(self) -> None:
        self._lock = new_lock()
        self._last = 0

    def next(self) -> int:
        """Return 128 bits: 48 of the time in milliseconds, 80 random."""
        new = time.time_ns() // 1_000_000 << RANDOM_BITS | int.from_bytes(_drawn.take(RANDOM_BITS // 8))
        with self._lock:
            is_same = new >> RANDOM_BITS <= self._last >> RANDOM_BITS
            self._last = self._last + 1 + int.from_bytes(_drawn.take(RANDOM_BITS // 16)) if is_same else new
            return self._last


_sequence = _Sequence()


def new_id(prefix: str) -> str:
    """Return `prefix_` and 32 hexadecimal digits: 12 of the time in milliseconds, 20 random (as in UUID version 7).

    Ids made later sort later, which keeps an index dense and lets an id serve as a page cursor.
    """
    return f"{prefix}_{_sequence.next():032x}"


def new_nonce() -> str:
    """Return 128 random bits that are of use once, and known to whoever gets the answer that they are in."""
    return base64.urlsafe_b64encode(_drawn.take(16)).rstrip(b"=").decode("ascii")


def new_org_code() -> str:
    """Return `org_` and 11 hexadecimal digits, the length that organization codes have."""
    return f"org_{secrets.token_hex(6)[:11]}"


def new_secret() -> str:
    """Return 256 random bits for a link, code, token or client secret, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what is stored of a secret of ours: its SHA-256 in hexadecimal; at 256 random bits it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()
