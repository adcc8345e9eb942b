"""What a new version is to hold, before it is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from billing_sdk.server.domain.catalog.billing_settings import BillingSettings
from billing_sdk.server.domain.catalog.component import Component, Entitlement, Priced, Rate
from billing_sdk.server.domain.catalog.feature import Feature
from billing_sdk.server.domain.catalog.version import MONTHLY, Phase, PlanVersion, Trial
from billing_sdk.server.domain.periods import Alignment, Cadence


@dataclass(frozen=True, slots=True)
class VersionContent:
    """What a plan version holds, except for what is only known when it is made.

    Attributes:
        alignment: None takes that of the billing settings.
        currency: what it is sold in where nothing in it has a price; None takes the default one.
        is_billed_by_customer: whether the cadence is that of the customer who agrees to it.
    """

    components: tuple[Component, ...] = ()
    cadence: Cadence = MONTHLY
    trial: Trial | None = None
    opening_phases: tuple[Phase, ...] = ()
    alignment: Alignment | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    is_billed_by_customer: bool = False

    def with_usual(self, features: Mapping[str, Feature]) -> VersionContent:
        """Return the content with the limits and invoice lines of its features where it has none of its own."""
        phases = tuple(
            replace(phase, components=_with_usual(phase.components, features)) for phase in self.opening_phases
        )
        return replace(self, components=_with_usual(self.components, features), opening_phases=phases)

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
            currency=priced[0] if priced else self.currency or settings.default_currency,
            components=self.components,
            created_at=at,
            cadence=self.cadence,
            trial=self.trial,
            opening_phases=self.opening_phases,
            alignment=self.alignment or settings.alignment,
            metadata=self.metadata,
            is_billed_by_customer=self.is_billed_by_customer,
        )


def _with_usual(components: tuple[Component, ...], features: Mapping[str, Feature]) -> tuple[Component, ...]:
    return tuple(_one_with_usual(component, features) for component in components)


def _one_with_usual(component: Component, features: Mapping[str, Feature]) -> Component:
    if isinstance(component, Rate | Entitlement):
        feature = features.get(component.feature_key)
        if feature is not None and isinstance(component, Rate):
            return replace(component, line_description=component.line_description or feature.line_description)
        if feature is not None and isinstance(component, Entitlement) and component.limit_max is None:
            return replace(component, limit_max=feature.max_units)
    return component
