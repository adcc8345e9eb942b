"""A choice among the versions of a plan: the newest ones, those that are chosen, and any other one by its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.pages.dashboard.listing import asked
from billing_sdk.server.storage import UnitOfWork

# A plan may have hundreds, and nobody looks for one in a list of them.
OFFERED = 20


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """What can be chosen.

    Attributes:
        versions: what is offered, the latest first.
        has_more: there are others, which are asked for by their numbers.
    """

    versions: tuple[PlanVersion, ...]
    has_more: bool

    @property
    def latest(self) -> PlanVersion:
        """The latest version of the plan; there is one."""
        return self.versions[0]

    def also(self, chosen: Sequence[PlanVersion]) -> VersionChoice:
        """Return the choice with those that are chosen, too."""
        found = {version.number: version for version in (*self.versions, *chosen)}
        return VersionChoice(tuple(found[number] for number in sorted(found, reverse=True)), self.has_more)


def newest_versions(tx: UnitOfWork, plan_key: str) -> VersionChoice:
    """Return the newest versions of a plan to choose from."""
    found = tx.catalog.page_versions(plan_key, limit=OFFERED + 1)
    return VersionChoice(found[:OFFERED], len(found) > OFFERED)


def asked_version(request: Request, name: str) -> str:
    """Return the number that an address asks for: one that was typed, or else one that was chosen."""
    return asked(request, f"{name}_number") or asked(request, name)


def number_in(text: str) -> int:
    """Return the number of a version that somebody asks for; one that there is not where the text is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
