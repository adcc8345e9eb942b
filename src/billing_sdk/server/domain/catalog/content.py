"""What a new version is to hold, before it is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from billing_sdk.server.domain.catalog.billing_settings import BillingSettings
from billing_sdk.server.domain.catalog.component import Component, Priced
from billing_sdk.server.domain.catalog.version import MONTHLY, Phase, PlanVersion, Trial
from billing_sdk.server.domain.periods import Alignment, Cadence


@dataclass(frozen=True, slots=True)
class VersionContent:
    """What a plan version holds, except for what is only known when it is made.

    Attributes:
        alignment: None takes that of the billing settings.
    """

    components: tuple[Component, ...] = ()
    cadence: Cadence = MONTHLY
    trial: Trial | None = None
    opening_phases: tuple[Phase, ...] = ()
    alignment: Alignment | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def version(
        self, *, version_id: str, plan_key: str, number: int, settings: BillingSettings, at: datetime
    ) -> PlanVersion:
        """Return the version; its currency is that of its prices, or the default one where it has none."""
        parts = (*(part for phase in self.opening_phases for part in phase.components), *self.components)
        priced = [part.currency for part in parts if isinstance(part, Priced)]
        return PlanVersion(
            id=version_id,
            plan_key=plan_key,
            number=number,
            currency=priced[0] if priced else settings.default_currency,
            components=self.components,
            created_at=at,
            cadence=self.cadence,
            trial=self.trial,
            opening_phases=self.opening_phases,
            alignment=self.alignment or settings.alignment,
            metadata=self.metadata,
        )
