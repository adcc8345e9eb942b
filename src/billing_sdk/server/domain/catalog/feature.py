"""Features: what a plan can include, shared by all plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FeatureType = Literal["unmetered", "metered"]


@dataclass(frozen=True, slots=True)
class Feature:
    """A capability that code gates on by its `key`; a metered one is counted in `unit_name`s.

    Key, name and type never change after creation.

    Attributes:
        max_units: the limit that a plan gives which names none; None is without limit.
        line_description: what invoices say where a plan says nothing else.
        meter_key: the meter that counts its usage; None is its own, which goes by the key of the feature.
    """

    id: str
    key: str
    name: str
    type: FeatureType
    unit_name: str = ""
    description: str = ""
    max_units: int | None = None
    line_description: str = ""
    meter_key: str | None = None

    @property
    def measured_by(self) -> str:
        """The key of the meter that counts its usage, where it is metered."""
        return self.meter_key or self.key

    @property
    def is_metered(self) -> bool:
        """Whether usage of the feature is counted."""
        return self.type == "metered"
