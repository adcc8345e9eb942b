"""From the components of a version to rate cards: how plans look that were made through other doors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from billing_sdk.server.api.konnect.compiling import resource_key
from billing_sdk.server.api.konnect.durations import duration_of
from billing_sdk.server.api.konnect.phases import NOTHING, PlanPhase
from billing_sdk.server.api.konnect.prices import FreePrice, UnitConfig, given, major_of, price_of
from billing_sdk.server.api.konnect.rate_cards import (
    BooleanEntitlement,
    Commitments,
    Discounts,
    MeteredEntitlement,
    RateCard,
    Reference,
    StaticEntitlement,
    TaxConfig,
)
from billing_sdk.server.domain.catalog import Component, Entitlement, Feature, LicenceFee, Phase, PlanVersion, Rate
from billing_sdk.server.domain.periods import Cadence, Duration
from billing_sdk.server.domain.rating import Terms
from billing_sdk.server.ids import ulid_of

LAST_PHASE = "default"


def phases_of(version: PlanVersion, features: Mapping[str, Feature], tax_codes: Mapping[str, str]) -> list[PlanPhase]:
    """Return the phases of a version.

    Args:
        version: of a plan.
        features: by their keys.
        tax_codes: the ULID of each, by its key.
    """
    openings = [_opening(phase, version, features, tax_codes) for phase in version.opening_phases]
    cards = cards_of(version.components, version.cadence, features, tax_codes)
    return [*openings, PlanPhase(key=LAST_PHASE, name="Default", rate_cards=cards)]


def cards_of(
    components: Sequence[Component], cadence: Cadence, features: Mapping[str, Feature], tax_codes: Mapping[str, str]
) -> list[RateCard]:
    """Return components as rate cards; credit that is granted has none."""
    entitled = {one.feature_key: one for one in components if isinstance(one, Entitlement)}
    cards = []
    for one in components:
        if isinstance(one, LicenceFee | Rate) and not (isinstance(one, LicenceFee) and one.key == NOTHING):
            key = one.key if isinstance(one, LicenceFee) else one.feature_key
            entitlement = entitled.pop(key, None)
            cards.append(_priced(one, key, entitlement, cadence, features.get(key), tax_codes))
    cards += [_included(one, features.get(one.feature_key)) for one in entitled.values()]
    return [*_with_own_keys(cards)]


def _opening(
    phase: Phase, version: PlanVersion, features: Mapping[str, Feature], tax_codes: Mapping[str, str]
) -> PlanPhase:
    length = Cadence(version.cadence.unit, version.cadence.count * phase.periods)
    return PlanPhase(
        key=resource_key(phase.key),
        name=phase.name,
        duration=Duration.parse(duration_of(length)),
        rate_cards=cards_of(phase.components, version.cadence, features, tax_codes),
    )


def _priced(
    one: LicenceFee | Rate,
    key: str,
    entitlement: Entitlement | None,
    cadence: Cadence,
    feature: Feature | None,
    tax_codes: Mapping[str, str],
) -> RateCard:
    shown, conversion, included = price_of(one.terms.price, one.currency)
    terms, timing = one.terms, one.charged if isinstance(one, LicenceFee) else "in_arrears"
    conversion = conversion or terms.conversion
    usage = terms.discount_units + included
    is_later = timing == "in_arrears" or isinstance(shown, FreePrice)
    return RateCard(
        key=resource_key(key),
        name=one.name,
        price=shown,
        payment_term="in_arrears" if is_later else "in_advance",
        **given(
            feature=_reference(feature),
            billing_cadence=None if timing == "once" else Duration.parse(duration_of(one.service or cadence)),
            unit_config=None if conversion is None else UnitConfig.of(conversion),
            commitments=_commitments(terms, one.currency),
            discounts=_discounts(terms.discount_percent, usage),
            tax_config=_tax(one, tax_codes),
            entitlement=None if entitlement is None else _template(entitlement, feature),
        ),
    )


def _included(one: Entitlement, feature: Feature | None) -> RateCard:
    return RateCard(
        key=resource_key(one.feature_key),
        name=one.feature_name,
        price=FreePrice(type="free"),
        entitlement=_template(one, feature),
        **given(feature=_reference(feature)),
    )


def _template(one: Entitlement, feature: Feature | None) -> MeteredEntitlement | StaticEntitlement | BooleanEntitlement:
    if one.value is not None:
        return StaticEntitlement(type="static", config=json.loads(one.value))
    if feature is not None and not feature.is_metered:
        return BooleanEntitlement(type="boolean")
    period = None if one.usage_cadence is None else Duration.parse(duration_of(one.usage_cadence))
    limit = None if one.limit_max is None else Decimal(one.limit_max)
    return MeteredEntitlement(type="metered", is_soft_limit=one.is_soft, **given(limit=limit, usage_period=period))


def _reference(feature: Feature | None) -> Reference | None:
    try:
        return None if feature is None else Reference(id=ulid_of(feature.id))
    except ValueError:
        return None


def _commitments(terms: Terms, currency: str) -> Commitments | None:
    if terms.minimum is None and terms.maximum is None:
        return None
    least = None if terms.minimum is None else major_of(terms.minimum, currency)
    most = None if terms.maximum is None else major_of(terms.maximum, currency)
    return Commitments(**given(minimum_amount=least, maximum_amount=most))


def _discounts(percent: Decimal, units: Decimal) -> Discounts | None:
    if not percent and not units:
        return None
    return Discounts(**given(percentage=percent or None, usage=units or None))


def _tax(one: LicenceFee | Rate, tax_codes: Mapping[str, str]) -> TaxConfig | None:
    code = tax_codes.get(one.tax_code or "")
    if code is None:
        return None
    return TaxConfig(code=Reference(id=code), **given(behavior=one.tax_behavior))


def _with_own_keys(cards: Sequence[RateCard]) -> Iterator[RateCard]:
    """Number the cards whose keys are the same in the letters of this door."""
    seen: dict[str, int] = {}
    for card in cards:
        seen[card.key] = seen.get(card.key, 0) + 1
        count = seen[card.key]
        yield card if count == 1 else card.model_copy(update={"key": f"{card.key[:58]}_{count}"})
