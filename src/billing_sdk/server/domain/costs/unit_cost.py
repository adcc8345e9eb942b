"""What a unit of a feature costs: a fixed amount, or the price of a token of the model that its usage names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Part:
    """A value that is the same for all usage, or stands in a dimension of it; exactly one of the two is there."""

    fixed: str | None = None
    dimension: str | None = None

    def of(self, dimensions: Mapping[str, str | None]) -> str | None:
        """Return the value for usage with dimensions; None where it lacks the dimension, or has nothing in it."""
        return self.fixed if self.dimension is None else dimensions.get(self.dimension) or None


@dataclass(frozen=True, slots=True)
class ManualCost:
    """So much for each unit, in US dollars."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class ModelCost:
    """The price of a token, by what says whose model it is of, which one, and what kind of token it is."""

    provider: Part
    model: Part
    token_type: Part

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that it is told by, each once."""
        parts = (self.provider, self.model, self.token_type)
        return tuple(dict.fromkeys(part.dimension for part in parts if part.dimension is not None))

    def model_of(self, fixed: Mapping[str, str]) -> tuple[str, str] | None:
        """Return provider and model where all usage names the same; `fixed` are dimensions that have one value."""
        provider, model = self.provider.of(fixed), self.model.of(fixed)
        return None if provider is None or model is None else (provider, model)


UnitCost: TypeAlias = ManualCost | ModelCost


def unit_cost_from(document: Mapping[str, Any]) -> UnitCost:
    """Read a unit cost as it is kept with its feature."""
    if document["type"] == "manual":
        return ManualCost(Decimal(document["amount"]))
    return ModelCost(*(_part(document, name) for name in ("provider", "model", "token_type")))


def _part(document: Mapping[str, Any], name: str) -> Part:
    return Part(document.get(name), document.get(f"{name}_property"))
