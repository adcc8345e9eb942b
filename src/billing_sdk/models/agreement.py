"""Agreements: a customer's contract for a plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class AgreedEntitlement:
    """A feature that an agreement includes."""

    feature_code: str
    entitlement_id: str

    @classmethod
    def read(cls, data: Any) -> AgreedEntitlement:
        """Read one entitlement of an agreement."""
        document = Document(data, "agreement entitlement")
        return cls(document.text("feature_code"), document.text("entitlement_id"))


@dataclass(frozen=True, slots=True)
class Agreement:
    """A customer's live contract for a plan; the period fields are None while there is no cycle."""

    id: str
    plan_code: str
    expires_on: datetime | None = None
    billing_group_id: str | None = None
    current_period_start: datetime | None = None
    current_period_end: datetime | None = None
    entitlements: tuple[AgreedEntitlement, ...] = ()

    @classmethod
    def read(cls, data: Any) -> Agreement:
        """Read one agreement."""
        document = Document(data, "agreement")
        return cls(
            id=document.text("id"),
            plan_code=document.text("plan_code"),
            expires_on=document.instant_or_none("expires_on"),
            billing_group_id=document.text_or_none("billing_group_id"),
            current_period_start=document.instant_or_none("current_period_start"),
            current_period_end=document.instant_or_none("current_period_end"),
            entitlements=document.objects("entitlements", AgreedEntitlement.read),
        )
