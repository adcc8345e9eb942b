"""What comes again and again in usage, such as a subject, is kept once and is a number elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set as AbstractSet
from hashlib import blake2b
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, insert, select

from billing_sdk.server.domain.metering import Dimensions
from billing_sdk.server.storage.tables.usage import usage_names

Part = TypeVar("Part")

MOST_KNOWN = 200_000
AT_ONCE = 500

BY_DIGEST = select(usage_names.c.number, usage_names.c.name).where(
    usage_names.c.digest.in_(bindparam("wanted", expanding=True))
)
BY_NUMBER = select(usage_names.c.number, usage_names.c.name).where(
    usage_names.c.number.in_(bindparam("wanted", expanding=True))
)

ADDITION = insert(usage_names).returning(usage_names.c.number, usage_names.c.name)


class KnownNames:
    """The names of one database that a process has met; they never change, so it may keep them."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self.dimensions: dict[Dimensions, int] = {}

    def keep(self, number: int, name: str) -> None:
        """Keep a name that has been committed."""
        if len(self.numbers) >= MOST_KNOWN:
            # Whoever is at work has taken its numbers already; those that still matter come back at once.
            self.numbers, self.names, self.dimensions = {}, {}, {}
        self.numbers[name] = number
        self.names[number] = name


class Names:
    """Names in one transaction; those that it adds itself are nobody else's until it has committed."""

    def __init__(self, connection: Connection, known: KnownNames) -> None:
        self._connection = connection
        self._known = known
        self._added: dict[str, int] = {}

    @property
    def known(self) -> Mapping[str, int]:
        """The numbers of names that this process has met, which are most of those that are asked for."""
        return self._known.numbers

    def find(self, names: AbstractSet[str]) -> Mapping[str, int]:
        """Return the numbers of those names that have one, and perhaps of others."""
        known = self._known.numbers
        if known.keys() >= names:
            return known
        found: dict[str, int] = {}
        missing: set[str] = set()
        for name in names:
            number = known.get(name) or self._added.get(name)
            if number is None:
                missing.add(name)
            else:
                found[name] = number
        for some in parts_of(sorted(missing)):
            wanted = {"wanted": [_digest_of(name) for name in some]}
            for number, name in self._connection.execute(BY_DIGEST, wanted):
                found[name] = number
                self._known.keep(number, name)
        return found

    def find_or_add(self, names: AbstractSet[str]) -> Mapping[str, int]:
        """Return the numbers of names, new ones for new names; the caller is the only one who appends."""
        there = self.find(names)
        missing = sorted(names - there.keys())
        if not missing:
            return there
        found = dict(there)
        for some in parts_of(missing):
            rows = [{"digest": _digest_of(name), "name": name} for name in some]
            for number, name in self._connection.execute(ADDITION, rows):
                found[name] = self._added[name] = number
        return found

    def find_or_add_dimensions(self, dimensions: AbstractSet[Dimensions]) -> Mapping[Dimensions, int]:
        """Return the numbers of dimensions, as of names."""
        known = self._known.dimensions
        if known.keys() >= dimensions:
            return known
        names = {one: name_of(one) for one in dimensions}
        numbers = self.find_or_add(set(names.values()))
        found = {one: numbers[name] for one, name in names.items()}
        self._known.dimensions.update((one, numbers[name]) for one, name in names.items() if name not in self._added)
        return found

    def names_of(self, numbers: Collection[int]) -> dict[int, str]:
        """Return what numbers stand for."""
        known = self._known.names
        mine = {number: name for name, number in self._added.items()}
        found = {number: name for number in numbers if (name := known.get(number) or mine.get(number)) is not None}
        for some in parts_of(sorted(set(numbers) - found.keys())):
            for number, name in self._connection.execute(BY_NUMBER, {"wanted": list(some)}):
                found[number] = name
                self._known.keep(number, name)
        return found


def parts_of(whole: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """Yield a sequence in parts that fit into one statement."""
    for start in range(0, len(whole), AT_ONCE):
        yield whole[start : start + AT_ONCE]


def name_of(dimensions: Dimensions) -> str:
    """Return dimensions as the name that they are kept by."""
    return msgspec.json.encode(dimensions).decode()


def dimensions_of(name: str) -> Dimensions:
    """Read what `name_of` has written."""
    return msgspec.json.decode(name, type=tuple[tuple[str, str], ...])


def _digest_of(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=16).digest()
