"""Identifiers: a prefix that says what a thing is, and a time-ordered random part."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import time
from datetime import UTC, datetime

from billing_sdk._fork import new_lock

RANDOM_BITS = 80
# Of what is drawn at once for ids and nonces.
DRAWN_OCTETS = 4_096
# Crockford's base 32: no I, L, O, U.
ULID_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
OURS = re.compile(r"[a-z]+(?:_[a-z]+)*_(?:[0-9a-f]{32}|default)", re.ASCII)
ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
# The id of what is built in, of whatever kind: no id that was made has these bits.
BUILT_IN_ULID = "0" * 26


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


def made_at(our_id: str) -> datetime:
    """Return when an id was made, to the millisecond.

    Raises:
        ValueError: it is not one that `new_id` makes.
    """
    return datetime.fromtimestamp(int(our_id[-32:-20], 16) / 1000, UTC)


def new_secret() -> str:
    """Return 256 random bits for a link, code, token or client secret, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what is stored of a secret of ours: its SHA-256 in hexadecimal; at 256 random bits it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def ulid_of(our_id: str) -> str:
    """Return an id as a ULID: its 128 bits, without the prefix.

    Raises:
        ValueError: it is not an id that `new_id` makes, nor of something that is built in.

    Source: the ULID specification; it has the same 48 bits of time and 80 random bits.
    """
    if not OURS.fullmatch(our_id):
        raise ValueError(f"{our_id[:64]!r} has no ULID")
    digits = our_id.rpartition("_")[2]
    if digits == "default":
        return BUILT_IN_ULID
    bits = int(digits, 16)
    return "".join(ULID_DIGITS[bits >> shift & 31] for shift in range(125, -1, -5))


def id_from_ulid(prefix: str, ulid: str) -> str:
    """Return the id with a prefix that a ULID stands for.

    Raises:
        ValueError: it is no ULID.
    """
    if not ULID.fullmatch(ulid):
        raise ValueError(f"{ulid[:64]!r} is no ULID")
    if ulid == BUILT_IN_ULID:
        return f"{prefix}_default"
    bits = 0
    for digit in ulid:
        bits = bits << 5 | ULID_DIGITS.index(digit)
    return f"{prefix}_{bits:032x}"
