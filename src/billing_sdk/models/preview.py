"""Previews: what a change of plan would come to (extension of the Management API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One line of what would be charged; a credit is negative.

    Attributes:
        amount_minor: in minor units of the currency.
        quantity: how many units it is for, where it is for any.
        derivation: how the amount came about: plan version, component, steps of the calculation, policy.
    """

    description: str
    amount_minor: int
    currency: str
    quantity: Decimal | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    derivation: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @classmethod
    def read(cls, data: Any) -> ChargeLine:
        """Read one line."""
        document = Document(data, "line")
        derivation = document.object_or_none("derivation")
        return cls(
            description=document.text_or_none("description") or "",
            amount_minor=document.whole_or_none("amount_minor") or 0,
            currency=document.text("currency"),
            quantity=document.exact_or_none("quantity"),
            period_start=document.instant_or_none("period_start"),
            period_end=document.instant_or_none("period_end"),
            derivation=derivation.members if derivation else {},
        )


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change of plan would come to; nothing has changed.

    Attributes:
        changes_on: when it would happen.
        total_minor: what would be charged then, in minor units of the currency; never below zero.
    """

    plan_code: str
    currency: str
    total_minor: int
    changes_on: datetime | None = None
    lines: tuple[ChargeLine, ...] = ()

    @classmethod
    def read(cls, data: Any) -> ChangePreview:
        """Read the `preview` of an answer."""
        document = Document(data, "preview")
        return cls(
            plan_code=document.text("plan_code"),
            currency=document.text("currency"),
            total_minor=document.whole_or_none("total_minor") or 0,
            changes_on=document.instant_or_none("changes_on"),
            lines=document.objects("lines", ChargeLine.read),
        )
