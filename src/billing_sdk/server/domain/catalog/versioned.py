"""Objects that keep their versions: each is immutable, one is `latest`, one is `live`.

The latest version is what the last change made; the live one is what whoever names no version gets. A change never
makes its version live: that is said in a call of its own, so a price can be prepared before it is offered.
Source: Stripe documentation, "How advanced usage-based billing works", Pricing plan versioning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from billing_sdk.errors import VersionNotFound

LATEST = "latest"
LIVE = "live"


@dataclass(frozen=True, slots=True)
class Version:
    """One state of an object that never changes; `number` counts from 1."""

    id: str
    number: int
    created_at: datetime


V = TypeVar("V", bound=Version)


@dataclass(frozen=True, slots=True)
class Versions(Generic[V]):
    """All versions of one object, the oldest first; there is at least one.

    Attributes:
        live_id: the version that is used where none is named; the first one until another is made live.
    """

    all: tuple[V, ...]
    live_id: str

    @property
    def latest(self) -> V:
        """What the last change made."""
        return self.all[-1]

    @property
    def live(self) -> V:
        """What is used where no version is named."""
        return self.find(self.live_id)

    def find(self, wanted: str) -> V:
        """Return a version by its id, or as `latest` or `live`.

        Raises:
            VersionNotFound: the object has no such version.
        """
        if wanted == LATEST:
            return self.latest
        looked_for = self.live_id if wanted == LIVE else wanted
        for version in self.all:
            if version.id == looked_for:
                return version
        raise VersionNotFound(f"there is no version {wanted[:64]!r}", version=wanted[:64])

    def followed_by(self, version: V) -> Versions[V]:
        """Return the versions with one more, which is the latest and not live yet."""
        return replace(self, all=(*self.all, version))

    def with_live(self, wanted: str) -> Versions[V]:
        """Return the versions with another one live.

        Args:
            wanted: an id, or `latest`.

        Raises:
            VersionNotFound: the object has no such version.
        """
        return replace(self, live_id=self.find(wanted).id)

    @property
    def next_number(self) -> int:
        """The number that the next version gets."""
        return self.latest.number + 1
