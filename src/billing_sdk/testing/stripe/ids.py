"""Ids that look like Stripe's and are the same in each run: made of a seed and a counter, never of chance."""

from __future__ import annotations

import hashlib
from itertools import count

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Ids:
    """Makes ids and secrets.

    Args:
        seed: another seed makes other ids, as another account would.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._counter = count(1)

    def new(self, prefix: str, length: int = 24) -> str:
        """Return an id with its prefix, for example `cus_…`."""
        number = int.from_bytes(hashlib.sha256(f"{self._seed}/{prefix}/{next(self._counter)}".encode()).digest())
        letters = []
        for _ in range(length):
            number, place = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[place])
        return f"{prefix}_{''.join(letters)}"

    def secret(self, prefix: str) -> str:
        """Return a secret; it is as guessable as the seed, and good for tests only."""
        return self.new(prefix, 32)
