"""From rate cards to the components of a version, with all that keeps them from it.

The codes of faults are those of the published API where it has one for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from billing_sdk.errors import BillingError, InvalidAmount, InvalidPrice, InvalidTiers
from billing_sdk.server.api.konnect.durations import cadence_of, times
from billing_sdk.server.api.konnect.prices import FlatPrice, FreePrice, minor_of, priced
from billing_sdk.server.api.konnect.rate_cards import MeteredEntitlement, RateCard, StaticEntitlement
from billing_sdk.server.domain.catalog import Component, Entitlement, Feature, FeeTiming, LicenceFee, Rate
from billing_sdk.server.domain.periods import Cadence, Duration
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.ids import ulid_of

OTHERS = re.compile(r"[^a-z0-9]+")
LONGEST_KEY = 64
# Limits are counted in whole units, and no more of them than a JSON number can say.
MOST_UNITS = Decimal(2**53)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a plan from being published.

    Attributes:
        field: where, such as `phases.0.rate_cards.1.price`.
    """

    code: str
    message: str
    field: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What cards refer to.

    Attributes:
        features: by their ULIDs.
        tax_codes: the key of each, by its ULID.
        cadence: how often the plan is billed.
        new_id: makes the ids of components.
    """

    currency: str
    cadence: Cadence
    features: Mapping[str, Feature]
    tax_codes: Mapping[str, str]
    new_id: Callable[[str], str] = field(compare=False)


def resource_key(key: str) -> str:
    """Return a key in the letters that this door allows; those of things that were made here are as they are."""
    return OTHERS.sub("_", key.lower()).strip("_")[:LONGEST_KEY].strip("_") or "key"


def features_by_ulid(features: Sequence[Feature]) -> dict[str, Feature]:
    """Return features by their ids at this door; one whose id has another form is not there."""
    found = {}
    for one in features:
        try:
            found[ulid_of(one.id)] = one
        except ValueError:
            continue
    return found


def components_of(
    cards: Sequence[RateCard], catalogue: Catalogue, path: str
) -> tuple[tuple[Component, ...], tuple[Fault, ...]]:
    """Return the components that cards make, and what is wrong with the cards; one that is wrong makes none."""
    components: list[Component] = []
    faults: list[Fault] = []
    counted = Counter(card.key for card in cards)
    for place, card in enumerate(cards):
        here = f"{path}.{place}"
        found = [*_faults(card, catalogue, here)]
        if counted[card.key] > 1:
            found.append(Fault("rate_card_duplicated_key", f"there are {counted[card.key]} of this key", f"{here}.key"))
        faults += found
        if found:
            continue
        try:
            components += _components(card, catalogue)
        except (InvalidTiers, InvalidPrice, InvalidAmount) as error:
            faults.append(Fault(_code_of(error), error.detail, f"{here}.{member_of(error)}"))
    return tuple(components), tuple(faults)


def _faults(card: RateCard, catalogue: Catalogue, here: str) -> Iterator[Fault]:
    yield from _cadence_faults(card, catalogue.cadence, here)
    yield from _feature_faults(card, catalogue, here)
    if isinstance(card.price, FlatPrice | FreePrice):
        if card.discounts is not None and card.discounts.usage is not None:
            yield Fault("usage_discount_with_flat_price", "a flat price has no usage", f"{here}.discounts.usage")
        if card.commitments is not None:
            yield Fault("commitments_with_flat_price", "commitments are for usage", f"{here}.commitments")
        if card.unit_config is not None:
            yield Fault("unit_config_with_flat_price", "a flat price has no units", f"{here}.unit_config")
    elif card.payment_term == "in_advance":
        yield Fault("usage_based_price_in_advance", "usage is charged when it is known", f"{here}.payment_term")
    if card.tax_config is not None and card.tax_config.code.id not in catalogue.tax_codes:
        yield Fault("tax_code_not_found", "there is no such tax code", f"{here}.tax_config.code.id")


def _cadence_faults(card: RateCard, cadence: Cadence, here: str) -> Iterator[Fault]:
    name = f"{here}.billing_cadence"
    if card.billing_cadence is None:
        if not isinstance(card.price, FlatPrice | FreePrice):
            yield Fault("billing_cadence_invalid_value", "only a flat price is charged once", name)
        return
    own = cadence_of(card.billing_cadence)
    if own is None:
        yield Fault("billing_cadence_invalid_value", "a cadence is a number of days or of months", name)
    elif times(own, cadence) is None and not isinstance(card.price, FreePrice):
        yield Fault("rate_card_billing_cadence_unaligned", f"it does not go into {cadence} evenly", name)


def _feature_faults(card: RateCard, catalogue: Catalogue, here: str) -> Iterator[Fault]:
    is_usage = not isinstance(card.price, FlatPrice | FreePrice)
    if card.feature is None:
        if is_usage:
            yield Fault("usage_based_price_with_no_feature", "usage is that of a feature", f"{here}.feature")
        if card.entitlement is not None:
            yield Fault("entitlement_template_with_no_feature", "what is entitled to is a feature", f"{here}.feature")
        return
    feature = catalogue.features.get(card.feature.id)
    if feature is None:
        yield Fault("rate_card_feature_not_found", "there is no such feature", f"{here}.feature.id")
        return
    if card.key != resource_key(feature.key):
        yield Fault("rate_card_key_feature_key_mismatch", f"its feature is {feature.key!r}", f"{here}.key")
    if is_usage and not feature.is_metered:
        yield Fault("usage_based_price_with_unmetered_feature", "its use is not counted", f"{here}.feature.id")
    yield from _entitlement_faults(card, feature, f"{here}.entitlement")


def _entitlement_faults(card: RateCard, feature: Feature, name: str) -> Iterator[Fault]:
    template = card.entitlement
    if isinstance(template, MeteredEntitlement):
        if not feature.is_metered:
            yield Fault("metered_entitlement_with_unmetered_feature", "its use is not counted", name)
        if template.limit is not None and (template.limit % 1 or template.limit >= MOST_UNITS):
            yield Fault("entitlement_limit_invalid_value", "a limit is a whole number", f"{name}.limit")
        if template.usage_period is not None and cadence_of(template.usage_period) is None:
            message = "a usage period is a number of days or of months"
            yield Fault("usage_period_invalid_value", message, f"{name}.usage_period")
    elif isinstance(template, StaticEntitlement) and feature.is_metered:
        yield Fault("static_entitlement_with_metered_feature", "it has a limit in place of a value", name)


def _components(card: RateCard, catalogue: Catalogue) -> Iterator[Component]:
    feature = None if card.feature is None else catalogue.features[card.feature.id]
    if feature is not None and card.entitlement is not None:
        yield _entitlement(card, feature, catalogue)
    price = card.price
    if isinstance(price, FreePrice):
        if card.entitlement is None:
            yield LicenceFee(catalogue.new_id("fee"), card.key, card.name, catalogue.currency, Terms(Flat(ZERO)))
        return
    own = None if card.billing_cadence is None else cadence_of(card.billing_cadence)
    service = None if own == catalogue.cadence else own
    tax_code = behavior = None
    if card.tax_config is not None:
        tax_code, behavior = catalogue.tax_codes[card.tax_config.code.id], card.tax_config.behavior
    terms = _terms(card, catalogue.currency)
    if isinstance(price, FlatPrice):
        timing: FeeTiming = "once" if card.billing_cadence is None else card.payment_term
        yield LicenceFee(
            catalogue.new_id("fee"),
            card.key,
            card.name,
            catalogue.currency,
            terms,
            service=service,
            tax_code=tax_code,
            tax_behavior=behavior,
            charged=timing,
        )
    elif feature is not None:
        yield Rate(
            catalogue.new_id("rate"),
            feature.key,
            card.name,
            catalogue.currency,
            terms,
            service=service,
            tax_code=tax_code,
            tax_behavior=behavior,
        )


def _terms(card: RateCard, currency: str) -> Terms:
    assert not isinstance(card.price, FreePrice)  # noqa: S101 - which has none
    discounts = card.discounts
    least = None if card.commitments is None else card.commitments.minimum_amount
    most = None if card.commitments is None else card.commitments.maximum_amount
    return Terms(
        priced(card.price, currency),
        discount_units=(discounts and discounts.usage) or ZERO,
        discount_percent=(discounts and discounts.percentage) or ZERO,
        minimum=None if least is None else minor_of(least, currency),
        maximum=None if most is None else minor_of(most, currency),
        conversion=None if card.unit_config is None else card.unit_config.conversion,
    )


def _entitlement(card: RateCard, feature: Feature, catalogue: Catalogue) -> Entitlement:
    template, entitlement_id = card.entitlement, catalogue.new_id("entitlement")
    if isinstance(template, MeteredEntitlement):
        period = template.usage_period or card.billing_cadence or Duration()
        cadence = cadence_of(period)
        return Entitlement(
            entitlement_id,
            feature.key,
            feature.name,
            limit_max=None if template.limit is None else int(template.limit),
            is_soft=template.is_soft_limit,
            usage_cadence=None if cadence == catalogue.cadence else cadence,
        )
    value = template.value if isinstance(template, StaticEntitlement) else None
    return Entitlement(entitlement_id, feature.key, feature.name, value=value)


def _code_of(error: BillingError) -> str:
    return "usage_discount_negative_quantity" if error.facts.get("member") == "discount_units" else error.code


def member_of(error: BillingError) -> str:
    """Return which part of a card an error is about."""
    match error.facts.get("member"):
        case "discount_units" | "discount_percent":
            return "discounts"
        case "minimum" | "maximum":
            return "commitments"
        case "conversion" | "factor" | "operation" | "rounding" | "precision" | "display_unit":
            return "unit_config"
        case _:
            return "price"
