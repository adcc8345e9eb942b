"""What a world remembers of what was done in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done, with all that is needed to do it again."""

    verb: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Used:
    """Units that were used under an agreement at an instant; `told_at` where they were reported later."""

    agreement_id: str
    at: datetime
    units: int
    is_total: bool = False
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """Units that a customer used at an instant, under whatever was agreed to then; none where that was withdrawn."""

    customer: int
    at: datetime
    units: int
    is_corrected: bool = False
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """Whether what was given up under an agreement at an instant was to be given back."""

    agreement_id: str
    at: datetime
    gives_back: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a customer went at an instant."""

    customer: int
    at: datetime
    place: str
