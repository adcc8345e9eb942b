"""What a plan version has to be: checked once, when it is made; what is stored was checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from billing_sdk import _strict_json
from billing_sdk.errors import (
    CurrencyMismatch,
    DuplicateKey,
    EmptyVersion,
    InvalidEntitlement,
    InvalidPhase,
    InvalidQuantity,
    InvalidServiceInterval,
    InvalidTrial,
    UnknownFeature,
)
from billing_sdk.server.domain.catalog.component import (
    Component,
    CreditGrant,
    Entitlement,
    LicenceFee,
    Priced,
    Rate,
    currencies_of,
)
from billing_sdk.server.domain.catalog.feature import Feature
from billing_sdk.server.domain.catalog.version import Phase, PlanVersion, Trial
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import ByDimension

MAX_TRIAL_DAYS = 730
MAX_PHASE_PERIODS = 1_000
LONGEST_VALUE = 1_000


def check_version(version: PlanVersion, features: Mapping[str, Feature]) -> None:
    """Let a version pass that can be kept; it may be one that can't go live yet.

    Args:
        version: what is to be kept.
        features: every feature that there is, by its key.

    Raises:
        DuplicateKey: a phase has two components of one kind and key, or the version two phases of one key.
        InvalidServiceInterval: a service interval is longer than the cadence, or that of what is charged once; where
            customers are billed at cadences of their own, that is checked when one of them agrees to it.
        CurrencyMismatch: its components don't have the same currencies, or its currency is none of them.
        InvalidQuantity: a limit is below zero, or the least of a feature above the most of it.
        InvalidPhase: a phase is empty or lasts less than one period.
        InvalidTrial: a trial is shorter than a day, or its reminder not within it.
        UnknownFeature: a component is about a feature that there is not, or counts one that isn't metered.
        InvalidEntitlement: a value is no short JSON text, or is that of a metered feature; or a feature that isn't
            metered has terms of use.
    """
    for components in (version.components, *(phase.components for phase in version.opening_phases)):
        _check_keys(components)
    _check_phases(version.opening_phases)
    if version.trial is not None:
        check_trial(version.trial)
    _check_currencies(version)
    if not version.is_billed_by_customer:
        check_service_intervals(version, version.cadence)
    for component in version.all_components:
        _check_component(component, features)


def check_service_intervals(version: PlanVersion, cadence: Cadence) -> None:
    """Let a version pass whose service intervals end before it is billed, or when it is.

    Args:
        version: what is billed.
        cadence: how often.

    Raises:
        InvalidServiceInterval: something is charged or granted less often.

    Source: Stripe documentation, "How advanced usage-based billing works" (service interval and billing cadence).
    """
    for component in version.all_components:
        if not isinstance(component, Priced) or component.service is None:
            continue
        if component.service.is_longer_than(cadence):
            raise InvalidServiceInterval(
                f"{component.name!r} is charged every {component.service}, the plan is billed every {cadence}",
                component="licence_fee" if isinstance(component, LicenceFee) else "other",
            )


def check_for_sale(version: PlanVersion, default_currency: str | None) -> None:
    """Let a version pass that may go live.

    Args:
        version: what is to be sold.
        default_currency: what everybody can pay in; None where it may be sold in others alone.

    Raises:
        EmptyVersion: it has no components.
        CurrencyMismatch: it can't be bought in the default currency.
    """
    if not version.components:
        raise EmptyVersion(f"version {version.number} of the plan {version.plan_key!r} has no components")
    if default_currency is not None and default_currency not in version.currencies:
        offered = ", ".join(version.currencies)
        raise CurrencyMismatch(f"the plan {version.plan_key!r} is sold in {offered}, not in {default_currency}")


def check_trial(trial: Trial) -> None:
    """Let a trial pass.

    Raises:
        InvalidTrial: it is shorter than a day or longer than two years, or its reminder is not within it.

    Source: Kinde documentation, "Free trials".
    """
    if not 1 <= trial.days <= MAX_TRIAL_DAYS:
        raise InvalidTrial(f"a trial of {trial.days} days is not between 1 and {MAX_TRIAL_DAYS}")
    if not 0 <= trial.remind_days_before < trial.days:
        raise InvalidTrial(
            f"a reminder {trial.remind_days_before} days before the end is not within {trial.days} days of trial"
        )


def _check_keys(components: Sequence[Component]) -> None:
    seen = Counter((type(component), _key_of(component)) for component in components)
    for (_, key), count in seen.items():
        if count > 1:
            raise DuplicateKey(f"there are {count} components of one kind for {key[:64]!r}")


def _key_of(component: Component) -> str:
    if isinstance(component, LicenceFee | CreditGrant):
        return component.key
    if isinstance(component, Rate) and isinstance(component.terms.price, ByDimension):
        return f"{component.feature_key} {component.terms.price.dimensions} {dict(component.terms.price.rates).keys()}"
    return component.feature_key


def _check_phases(phases: Sequence[Phase]) -> None:
    keys = Counter(phase.key for phase in phases)
    for phase in phases:
        if keys[phase.key] > 1:
            raise DuplicateKey(f"there are {keys[phase.key]} phases {phase.key[:64]!r}")
        if not 1 <= phase.periods <= MAX_PHASE_PERIODS:
            raise InvalidPhase(f"the phase {phase.key[:64]!r} does not last 1 to {MAX_PHASE_PERIODS:,} periods")
        if not phase.components:
            raise InvalidPhase(f"the phase {phase.key[:64]!r} has no components")


def _check_currencies(version: PlanVersion) -> None:
    for component in version.all_components:
        if not isinstance(component, Priced):
            continue
        offered = currencies_of(component)
        if not offered:
            continue  # what it grants is in a custom unit
        if len(set(offered)) < len(offered):
            raise CurrencyMismatch(f"{component.name!r} has two prices in one currency")
        if component.currency != version.currency or set(offered) != set(version.currencies):
            raise CurrencyMismatch(
                f"{component.name!r} is priced in {', '.join(offered)}, the version in {', '.join(version.currencies)}"
            )


def _check_component(component: Component, features: Mapping[str, Feature]) -> None:
    if isinstance(component, LicenceFee) and component.charged == "once" and component.service is not None:
        raise InvalidServiceInterval(f"{component.name!r} is charged once, and has no service interval")
    if isinstance(component, Entitlement):
        _check_limits(component)
        _check_value(component, features)
    if isinstance(component, Rate | Entitlement) and component.feature_key not in features:
        raise UnknownFeature(f"there is no feature {component.feature_key[:64]!r}")
    if isinstance(component, Rate) and not features[component.feature_key].is_metered:
        raise UnknownFeature(f"the feature {component.feature_key[:64]!r} is not metered and can't be priced by use")
    if isinstance(component, CreditGrant):
        if component.amount.minor <= 0 or any(amount.minor <= 0 for amount in component.other_currencies):
            raise InvalidQuantity(f"the credit {component.name!r} is not above zero")
        unknown = sorted(set(component.applies_to) - set(features))
        if unknown:
            raise UnknownFeature(f"there is no feature {unknown[0][:64]!r}")


def _check_limits(entitlement: Entitlement) -> None:
    least, most = entitlement.limit_min or 0, entitlement.limit_max
    if least < 0 or (most is not None and most < 0):
        raise InvalidQuantity(f"a limit of {entitlement.feature_name!r} is below zero")
    if most is not None and least > most:
        raise InvalidQuantity(f"the least of {entitlement.feature_name!r} is more than the most of it")


def _check_value(entitlement: Entitlement, features: Mapping[str, Feature]) -> None:
    feature = features.get(entitlement.feature_key)
    is_about_use = entitlement.is_soft or entitlement.keeps_overage or entitlement.thresholds
    if feature is not None and not feature.is_metered and (is_about_use or entitlement.usage_cadence):
        raise InvalidEntitlement(f"the feature {feature.key[:64]!r} is not metered, and has no use to be limited")
    if entitlement.value is None:
        return
    if feature is not None and feature.is_metered:
        raise InvalidEntitlement(f"the feature {feature.key[:64]!r} is metered, and has a limit in place of a value")
    if len(entitlement.value) > LONGEST_VALUE or not _is_json(entitlement.value):
        raise InvalidEntitlement(
            f"the value of {entitlement.feature_name!r} is no JSON text of at most {LONGEST_VALUE:,} characters"
        )


def _is_json(text: str) -> bool:
    try:
        _strict_json.parse(text)
    except ValueError:
        return False
    return True
