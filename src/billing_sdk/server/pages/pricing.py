"""Plans as pages show them: each with its own price, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Feature, LicenceFee, Plan, PlanVersion, Rate
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.pages.compared import Included, included_features
from billing_sdk.server.pages.price_words import FREE, words_of_cadence, words_of_price, words_of_trial
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.words import Phrase, phrase, phrase_of

# What usage and licences cost is told so far on one card; a plan may have a rate for each of hundreds of features.
MOST_PRICES = 20


@dataclass(frozen=True, slots=True)
class PlanCard:
    """One plan, as it is sold or as somebody is on it.

    Attributes:
        version_id: what exactly is shown, so that nobody agrees to something else.
        cadence: how often the price is paid, such as `per month` or `every 3 months`.
        price_words: both together, or that it is free.
        service: the same, as what it is.
        billed: how often the plan renews.
        trial: what is free at the start; None where nothing is.
        openings: what the first billing periods cost instead.
        other_prices: the price in the other currencies that the plan is sold in.
        usage_prices: what usage and licences cost.
        included: which features come with it.
    """

    plan_key: str
    version_id: str
    display_name: str
    price: Money
    cadence: Phrase
    price_words: Phrase
    is_free: bool
    service: Cadence
    billed: Cadence
    trial: Phrase | None = None
    openings: tuple[Phrase, ...] = ()
    other_prices: tuple[Phrase, ...] = ()
    usage_prices: tuple[Phrase, ...] = ()
    included: tuple[Included, ...] = ()
    description: str = ""


def card_of(tx: UnitOfWork, plan: Plan, version: PlanVersion | None = None) -> PlanCard:
    """Return a plan in its own words, with the price of one version of it: the newest, unless another is given."""
    shown = version or plan.version
    return _card(plan, shown, tx.features.named(shown.feature_keys))


def card_of_agreement(tx: UnitOfWork, agreement: Agreement) -> PlanCard:
    """Return the plan that somebody is on, for sale or not, with the price that was agreed to."""
    (plan,) = tx.catalog.list_plans([agreement.plan_key])
    version = tx.catalog.get_version(agreement.plan_version_id).in_currency(agreement.currency)
    return decided_card(tx, plan, version)


def decided_card(tx: UnitOfWork, plan: Plan, version: PlanVersion, *, has_trial: bool = False) -> PlanCard:
    """Return a plan for somebody whose currency is settled, and who gets its trial or does not."""
    card = card_of(tx, plan, version)
    return replace(card, other_prices=(), trial=card.trial if has_trial else None)


def priced(plan: Plan, features: Mapping[str, Feature], currency: str | None = None) -> PlanCard:
    """Return a plan with its price for somebody who pays in a currency; one that is not sold in it shows its own.

    Args:
        plan: the plan.
        features: those of the catalogue, which have the names of what is counted.
        currency: what is paid in; None where that is open.
    """
    is_sold = currency is not None and currency in plan.version.currencies
    return _card(plan, plan.version.in_currency(currency) if is_sold and currency else plan.version, features)


def prices_of(tx: UnitOfWork, plans: Iterable[Plan]) -> dict[str, Phrase]:
    """Return what plans cost, in words, by their keys."""
    several = list(plans)
    features = tx.features.named({key for plan in several for key in plan.version.feature_keys})
    return {plan.key: priced(plan, features).price_words for plan in several}


def _card(plan: Plan, version: PlanVersion, features: Mapping[str, Feature]) -> PlanCard:
    service = _service_of(version)
    others = (version.in_currency(currency) for currency in version.currencies[1:])
    price, cadence = _price(version, service), words_of_cadence(service, version.cadence)
    return PlanCard(
        plan_key=plan.key,
        version_id=version.id,
        display_name=plan.name,
        price=price,
        cadence=cadence,
        price_words=FREE if version.is_free else phrase("%(price)s %(cadence)s", price=price, cadence=cadence),
        is_free=version.is_free,
        service=service,
        billed=version.cadence,
        trial=words_of_trial(version.trial) if version.trial else None,
        openings=tuple(_openings(version)),
        other_prices=tuple(
            phrase("or %(price)s %(cadence)s", price=_price(other, service), cadence=cadence) for other in others
        ),
        usage_prices=_bounded(tuple(_further_prices(version, service, features))),
        included=included_features(version, features),
        description=plan.description,
    )


def _bounded(prices: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
    """Return as many prices as a card has room for, and how many there are beside them."""
    left = len(prices) - MOST_PRICES
    more = phrase_of("and %(number)s more price", "and %(number)s more prices", left)
    return (*prices[:MOST_PRICES], more) if left > 0 else prices


def _openings(version: PlanVersion) -> Iterator[Phrase]:
    before = 0
    for phase in version.opening_phases:
        amount = version.price_in(before) or FREE
        yield (
            phrase_of(
                "next billing period: %(amount)s",
                "next %(number)s billing periods: %(amount)s",
                phase.periods,
                amount=amount,
            )
            if before
            else phrase_of(
                "first billing period: %(amount)s",
                "first %(number)s billing periods: %(amount)s",
                phase.periods,
                amount=amount,
            )
        )
        before += phase.periods


def _service_of(version: PlanVersion) -> Cadence:
    """Return the interval that the price in large letters is for: that of the first licence fee."""
    fees = [fee for fee in version.of_kind(LicenceFee) if fee.charged != "once"]
    return (fees[0].service if fees else None) or version.cadence


def _price(version: PlanVersion, service: Cadence) -> Money:
    recurring = (fee for fee in version.of_kind(LicenceFee) if fee.charged != "once")
    fees = [fee for fee in recurring if (fee.service or version.cadence) == service]
    return total([fee.amount() for fee in fees], version.currency)


def _further_prices(version: PlanVersion, service: Cadence, features: Mapping[str, Feature]) -> Iterator[Phrase]:
    for fee in version.of_kind(LicenceFee):
        own = fee.service or version.cadence
        if fee.is_licensed:
            yield from words_of_price(fee.terms.price, fee.currency, fee.name)
        elif fee.charged == "once":
            yield phrase("%(amount)s once for %(name)s", amount=fee.amount(), name=fee.name)
        elif own != service and fee.amount():
            often = words_of_cadence(own)
            yield phrase("%(amount)s %(often)s for %(name)s", amount=fee.amount(), often=often, name=fee.name)
    for rate in version.of_kind(Rate):
        yield from words_of_price(rate.terms.price, rate.currency, _unit_name(rate, features))


def _unit_name(rate: Rate, features: Mapping[str, Feature]) -> str:
    feature = features.get(rate.feature_key)
    return feature.unit_name if feature and feature.unit_name else rate.name
