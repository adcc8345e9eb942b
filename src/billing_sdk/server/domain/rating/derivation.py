"""Why an amount is what it is: the arithmetic, step by step, in a form that can be stored, read and recomputed.

The amounts of the steps add up to what is charged, exactly. Each step names the numbers that its own amount was made
of, so the document alone is enough to check it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from billing_sdk.money import EXACT, digits_of

# Every step that a calculation can have.
StepName = Literal[
    "conversion",
    "usage",
    "flat",
    "per_unit",
    "package",
    "volume",
    "graduated",
    "zero_usage",
    "included",
    "percentage",
    "minimum_per_use",
    "maximum_per_use",
    "dimension",
    "otherwise",
    "unrated",
    "discount_percentage",
    "maximum",
    "minimum",
    "prorate",
    "round",
]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is called, the numbers and policies it went by, and what it adds in exact minor units."""

    name: str
    facts: tuple[tuple[str, str], ...]
    amount: str

    def fact(self, name: str) -> str | None:
        """Return a fact of the step, None if it has none of that name."""
        return next((value for known, value in self.facts if known == name), None)


@dataclass(frozen=True, slots=True)
class Derivation:
    """The steps of one calculation, in their order."""

    steps: tuple[Step, ...]

    @property
    def total(self) -> Decimal:
        """What the steps add up to, in minor units."""
        result = Decimal(0)
        for step in self.steps:
            result = EXACT.add(result, Decimal(step.amount))
        return result

    def document(self) -> dict[str, Any]:
        """Return it as JSON-ready objects, lists and texts."""
        return {"steps": [{"name": step.name, "facts": dict(step.facts), "amount": step.amount} for step in self.steps]}

    def to_bytes(self) -> bytes:
        """Return the one spelling of the document: the same calculation gives the same bytes."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Derivation:
        """Read what `document` made, from storage that may have put its members in another order."""
        return cls(
            tuple(
                Step(step["name"], tuple(sorted(step["facts"].items())), step["amount"]) for step in document["steps"]
            )
        )


def step(name: StepName, amount: Decimal = Decimal(0), **facts: Decimal | int | str) -> Step:
    """Return a step with each number in its one spelling and its facts in alphabetical order."""
    told = [(key, digits_of(fact) if isinstance(fact, Decimal) else str(fact)) for key, fact in facts.items()]
    return Step(name, tuple(sorted(told)), digits_of(amount))
