"""Plan versions: what customers of a plan agree to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from billing_sdk.errors import CurrencyMismatch
from billing_sdk.money import Money, total
from billing_sdk.server.domain.catalog.component import (
    Component,
    CreditGrant,
    Entitlement,
    Kind,
    LicenceFee,
    Priced,
    Rate,
    component_in,
    currencies_of,
)
from billing_sdk.server.domain.catalog.costs_nothing import costs_nothing
from billing_sdk.server.domain.periods import Alignment, Cadence
from billing_sdk.server.domain.rating import Terms

MONTHLY = Cadence("month")


@dataclass(frozen=True, slots=True)
class Phase:
    """What a customer has in place of the regular components for the first so many billing periods."""

    key: str
    name: str
    periods: int
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """Days at the start for which nothing is charged.

    Attributes:
        requires_payment_method: a card is asked for at sign-up, and is charged when the trial ends.
        remind_days_before: how long before its end a customer without a card is asked for one.

    Source: Kinde documentation, "Free trials" (length, card prompt).
    """

    days: int = 30
    requires_payment_method: bool = True
    remind_days_before: int = 3


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """What customers of a plan agree to; it never changes, and a customer stays on theirs.

    Attributes:
        currency: the currency that its amounts are in; see `in_currency` for the others.
        components: what is charged and included in every period after the opening phases.
        cadence: how often it is billed.
        alignment: whether periods start on the day of the sign-up or with the calendar.
        is_billed_by_customer: whoever agrees to it is billed at a cadence of their own; the version's is only what a
            price is shown by until then.
    """

    id: str
    plan_key: str
    number: int
    currency: str
    components: tuple[Component, ...]
    created_at: datetime
    cadence: Cadence = MONTHLY
    trial: Trial | None = None
    opening_phases: tuple[Phase, ...] = ()
    alignment: Alignment = "anniversary"
    metadata: Mapping[str, str] = field(default_factory=dict)
    is_billed_by_customer: bool = False

    @property
    def all_components(self) -> tuple[Component, ...]:
        """The components of every phase, and the regular ones last."""
        return (*(part for phase in self.opening_phases for part in phase.components), *self.components)

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that it can be bought in, its own first; all of its components have the same ones."""
        priced = (currencies_of(part) for part in self.all_components if isinstance(part, Priced))
        return next((currencies for currencies in priced if currencies), (self.currency,))

    def in_currency(self, currency: str) -> PlanVersion:
        """Return the same version with its amounts in another of its currencies.

        Raises:
            CurrencyMismatch: it can't be bought in that currency.
        """
        if currency == self.currency:
            return self
        if currency not in self.currencies:
            offered = ", ".join(self.currencies)
            raise CurrencyMismatch(f"the plan {self.plan_key!r} is sold in {offered}, not in {currency[:8]!r}")
        return replace(
            self,
            currency=currency,
            components=_in_currency(self.components, currency),
            opening_phases=tuple(
                replace(phase, components=_in_currency(phase.components, currency)) for phase in self.opening_phases
            ),
        )

    def components_in(self, period_index: int) -> tuple[Component, ...]:
        """Return the components of a billing period; the first one is 0."""
        before = 0
        for phase in self.opening_phases:
            before += phase.periods
            if period_index < before:
                return phase.components
        return self.components

    def of_kind(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return the regular components of one kind, in their order."""
        return tuple(component for component in self.components if isinstance(component, kind))

    def measures(self, feature_key: str) -> bool:
        """Tell whether it includes a feature, or asks money for what is used of it."""
        return any(isinstance(one, Entitlement | Rate) and one.feature_key == feature_key for one in self.components)

    def prices_by_card(self, feature_key: str) -> bool:
        """Tell whether a rate card of it asks money for what is used of a feature."""
        rates = self.of_kind(Rate)
        return any(one.card_id is not None and one.feature_key == feature_key for one in rates)

    @property
    def feature_keys(self) -> frozenset[str]:
        """The keys of all features that it includes, prices or grants credit for."""
        named = {part.feature_key for part in self.all_components if isinstance(part, Rate | Entitlement)}
        granted = {key for part in self.all_components if isinstance(part, CreditGrant) for key in part.applies_to}
        return frozenset(named | granted)

    @property
    def tax_codes(self) -> frozenset[str]:
        """The tax codes that its fees and rates name."""
        taxed = (part for part in self.all_components if isinstance(part, LicenceFee | Rate))
        return frozenset(part.tax_code for part in taxed if part.tax_code is not None)

    def price_in(self, period_index: int) -> Money:
        """Return what the licence fees of a billing period come to, for one service interval and one licence each."""
        return total(_amounts(self.components_in(period_index)), self.currency)

    @property
    def price(self) -> Money:
        """What the regular licence fees come to together, for one service interval and one licence each."""
        return total(_amounts(self.components), self.currency)

    @property
    def is_free(self) -> bool:
        """Whether nothing at all can ever be charged."""
        return all(costs_nothing(terms) for terms in _terms_of(self.all_components))


def _terms_of(components: tuple[Component, ...]) -> tuple[Terms, ...]:
    return tuple(part.terms for part in components if isinstance(part, LicenceFee | Rate))


def _amounts(components: tuple[Component, ...]) -> list[Money]:
    """Return what comes again with every service interval; what is charged once is no part of a price for a month."""
    return [part.amount() for part in components if isinstance(part, LicenceFee) and part.charged != "once"]


def _in_currency(components: tuple[Component, ...], currency: str) -> tuple[Component, ...]:
    return tuple(component_in(component, currency) for component in components)
