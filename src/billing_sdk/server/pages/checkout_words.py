"""What a checkout session is about, in words: each plan with its fees, its prices of usage and its credit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from billing_sdk.server.domain.catalog import CreditGrant, Feature, LicenceFee, Plan, PlanVersion, Rate
from billing_sdk.server.domain.rating import PerUnit
from billing_sdk.server.domain.visits import CheckoutItem, CheckoutSession
from billing_sdk.server.pages.price_words import FREE, words_of_cadence, words_of_price
from billing_sdk.server.usecases.checkout_sessions import longest_service
from billing_sdk.server.words import Exact, Phrase, phrase

# What is counted where the catalogue has no word for it.
LICENCE = phrase("licence")
UNIT = phrase("unit")


@dataclass(frozen=True, slots=True)
class Told:
    """One part of a plan: what it is, and what it costs or gives, a line for each part of a price."""

    name: str
    words: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class ToldPlan:
    """A plan, as the page explains it."""

    name: str
    description: str
    parts: tuple[Told, ...]


def features_told(plans: Sequence[Plan]) -> frozenset[str]:
    """Return the keys of the features whose units stand in the words of plans."""
    return frozenset(rate.feature_key for plan in plans for rate in plan.version.of_kind(Rate))


def told_plans(
    plans: Sequence[Plan], session: CheckoutSession, features: Mapping[str, Feature]
) -> tuple[ToldPlan, ...]:
    """Return the plans of a session in words.

    Args:
        plans: one for each item, with the version that is agreed to.
        session: how many of what is agreed to.
        features: those of `features_told`, by their keys.
    """
    return tuple(_plan(plan, item, features) for plan, item in zip(plans, session.items, strict=True))


def words_of_rhythm(plans: Sequence[Plan]) -> Phrase:
    """Return how often invoices come."""
    often = longest_service([plan.version for plan in plans])
    return phrase("From then on you are billed %(often)s.", often=words_of_cadence(often))


def _plan(plan: Plan, item: CheckoutItem, features: Mapping[str, Feature]) -> ToldPlan:
    version = plan.version
    parts = (*_fees(version, item), *_rates(version, features), *_credits(version))
    return ToldPlan(plan.name, plan.description, parts)


def _fees(version: PlanVersion, item: CheckoutItem) -> Iterator[Told]:
    for fee in version.of_kind(LicenceFee):
        often = words_of_cadence(fee.service or version.cadence)
        price, number = fee.terms.price, item.quantities.get(fee.key)
        if number is None or not isinstance(price, PerUnit):
            words = words_of_price(price, fee.currency, LICENCE)
            yield Told(fee.name, (*words, often) if words else (FREE,))
            continue
        each = Exact(price.unit_amount, fee.currency)
        if number == 1:
            yield Told(fee.name, (phrase("%(price)s %(cadence)s", price=each, cadence=often),))
        else:
            yield Told(fee.name, (phrase("%(number)s at %(each)s %(often)s", number=number, each=each, often=often),))


def _rates(version: PlanVersion, features: Mapping[str, Feature]) -> Iterator[Told]:
    for one in version.of_kind(Rate):
        feature = features.get(one.feature_key)
        unit = feature.unit_name if feature is not None and feature.unit_name else UNIT
        words = words_of_price(one.terms.price, one.currency, unit)
        if words:
            yield Told(one.name, (*words, phrase("by what is used, afterwards")))


def _credits(version: PlanVersion) -> Iterator[Told]:
    for grant in version.of_kind(CreditGrant):
        often = words_of_cadence(grant.service or version.cadence)
        given = phrase("%(amount)s of credit %(often)s, which pays for usage first", amount=grant.amount, often=often)
        yield Told(grant.name, (given,))
