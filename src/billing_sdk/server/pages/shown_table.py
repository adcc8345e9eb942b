"""Pricing tables as pages show them: the words of the table, the prices of its plans, and the switch of cadences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import CardContent, Plan, PricingCard, PricingTable
from billing_sdk.server.domain.customers import CustomerKind
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.pages.compared import ComparedFeature, compared
from billing_sdk.server.pages.price_words import name_of_cadence
from billing_sdk.server.pages.pricing import PlanCard, priced
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.words import Phrase, phrase

DAYS_OF_MONTH = 30  # to put cadences in order, for which no month is exact enough to matter


@dataclass(frozen=True, slots=True)
class Offer:
    """One plan of a card.

    Attributes:
        plan: with its price.
        places: at which choices of the switch it is shown, from 0.
        saving: how much less it comes to than the same offer at the shortest cadence; None where it does not.
    """

    plan: PlanCard
    places: tuple[int, ...]
    saving: Phrase | None


@dataclass(frozen=True, slots=True)
class ShownCard:
    """One card: what it says, in one language, and the plans that can be chosen with it."""

    key: str
    language: str
    content: CardContent
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One cadence that offers can be had at.

    Attributes:
        is_first: it is shown until another one is chosen.
        saving: how much less the offers come to at it, at most; None where none does.
    """

    cadence: Cadence
    label: Phrase
    is_first: bool
    saving: Phrase | None


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A pricing table for one visitor.

    Attributes:
        language: the tag of the language that the heading is in, whatever the page is in.
        choices: the positions of the switch; none where every offer can be had at one cadence only.
        compared: the features of the plans beside each other; none for a table without that, or with one card.
    """

    key: str
    language: str
    heading: str
    choices: tuple[Choice, ...]
    cards: tuple[ShownCard, ...]
    compared: tuple[ComparedFeature, ...] = ()


def table_for(tx: UnitOfWork, kind: CustomerKind, group_id: str | None) -> PricingTable | None:
    """Return the table to change a plan with: of the current plan's group, else the first of the customer's kind."""
    tables = [table for table in tx.pricing_tables.list() if table.group.scope == kind]
    of_group = [table for table in tables if table.group.id == group_id]
    return next(iter(of_group or tables), None)


def shown_table(
    tx: UnitOfWork,
    table: PricingTable,
    languages: Sequence[str] = (),
    currency: str | None = None,
    chosen: Collection[str | None] = (),
    cadence: str = "",
) -> ShownTable:
    """Return the published plans of a pricing table, in its order and its words.

    Args:
        tx: the transaction.
        table: the table.
        languages: what the visitor reads, the best first; where it has none of them, it speaks its own.
        currency: what the visitor pays in; a plan that is not sold in it shows its own.
        chosen: keys of plans that the visitor is on or has chosen before, whose cadence is then shown first.
        cadence: the one that is asked for, such as `year`; what there is none of is passed over.
    """
    plans = {plan.key: plan for plan in tx.catalog.list_plans(table.plan_keys) if plan.status == "published"}
    features = tx.features.named({key for plan in plans.values() for key in plan.version.feature_keys})
    sold = {key: priced(plan, features, currency) for key, plan in plans.items()}
    return assembled(table, sold, languages, firsts=_firsts(table, plans, chosen, cadence))


def assembled(
    table: PricingTable, sold: Mapping[str, PlanCard], languages: Sequence[str] = (), *, firsts: Iterable[Cadence] = ()
) -> ShownTable:
    """Return a table with the plans that are sold; a card of which no plan is, is left out.

    Args:
        table: the table.
        sold: the plans by their keys.
        languages: what the visitor reads, the best first.
        firsts: the first of them that there is a choice of is shown first.
    """
    offered = [(card, [sold[key] for key in card.plan_keys if key in sold]) for card in table.cards]
    offered = [(card, plans) for card, plans in offered if plans]
    cadences = _cadences(plans for _, plans in offered)
    shown = next((cadence for cadence in (*firsts, *cadences) if cadence in cadences), None)
    language, heading = table.heading_in(languages)
    cards = tuple(_shown_card(table, card, plans, cadences, languages) for card, plans in offered)
    return ShownTable(
        table.key,
        language,
        heading,
        tuple(
            Choice(cadence, name_of_cadence(cadence), cadence == shown, _most_saved(cadence, offered))
            for cadence in cadences
        ),
        cards,
        _compared(cards) if table.has_comparison else (),
    )


def _compared(cards: Sequence[ShownCard]) -> tuple[ComparedFeature, ...]:
    if len(cards) == 1:
        return ()  # there is nothing beside it
    return compared([[(offer.plan.included, offer.places) for offer in card.offers] for card in cards])


def percent_saved(plan: PlanCard, others: Sequence[PlanCard]) -> int:
    """Return how many percent less a plan costs than the one of shortest cadence among others, and 0 if it doesn't.

    Prices are compared over the same time, exactly; only the percentage is rounded, half up. What months and days come
    to is not compared, nor are prices in different currencies.
    """
    base = _base(plan, others)
    if base is None:
        return 0
    usual, asked = base.price.minor * _length(plan.service), plan.price.minor * _length(base.service)
    return (200 * (usual - asked) + usual) // (2 * usual)


def amount_saved(plan: PlanCard, others: Sequence[PlanCard]) -> Money | None:
    """Return by how much less a plan costs than it would at the price of the shortest cadence among others.

    It is for the time that the price of the plan is for; None where it is not less, or no whole amount.
    """
    base = _base(plan, others)
    if base is None:
        return None
    usual, rest = divmod(base.price.minor * _length(plan.service), _length(base.service))
    return None if rest or usual <= plan.price.minor else Money(usual - plan.price.minor, plan.price.currency)


def _firsts(
    table: PricingTable, plans: Mapping[str, Plan], chosen: Collection[str | None], cadence: str
) -> Iterator[Cadence]:
    """Yield what may be shown first: what is asked for, what was chosen before, what the table says, its first one."""
    choices = [card for card in table.cards if _has_choice(card, plans)]
    yield from (plan.version.cadence for plan in plans.values() if str(plan.version.cadence) == cadence)
    yield from (
        plans[key].version.cadence for card in choices for key in card.plan_keys if key in chosen and key in plans
    )
    if table.default_cadence is not None:
        yield table.default_cadence
    yield from (plans[card.plan_key].version.cadence for card in choices)


def _has_choice(card: PricingCard, plans: Mapping[str, Plan]) -> bool:
    return card.plan_key in plans and any(key in plans for key in card.other_plan_keys)


def _cadences(offered: Iterable[Sequence[PlanCard]]) -> tuple[Cadence, ...]:
    """Return the cadences that there is a choice of, the shortest first."""
    found = {plan.billed for plans in offered if len(plans) > 1 for plan in plans}
    return tuple(sorted(found, key=lambda cadence: cadence.months * DAYS_OF_MONTH + cadence.days))


def _shown_card(
    table: PricingTable,
    card: PricingCard,
    plans: Sequence[PlanCard],
    cadences: Sequence[Cadence],
    languages: Sequence[str],
) -> ShownCard:
    language, content = table.content_in(card, languages)
    by_cadence = {plan.billed: plan for plan in reversed(plans)}
    # At a cadence that the offer can't be had at, its first plan is shown: nothing that is for sale is ever hidden.
    at = [by_cadence.get(cadence, plans[0]).plan_key for cadence in cadences] or [plans[0].plan_key]
    offers = (
        Offer(plan, tuple(place for place, key in enumerate(at) if key == plan.plan_key), _saving(plan, plans))
        for plan in plans
    )
    return ShownCard(card.plan_key, language, content, tuple(offer for offer in offers if offer.places))


def _saving(plan: PlanCard, others: Sequence[PlanCard]) -> Phrase | None:
    base, amount = _base(plan, others), amount_saved(plan, others)
    if base is None or amount is None:
        return None
    return phrase("Saves %(amount)s against %(price)s", amount=amount, price=base.price_words)


def _most_saved(cadence: Cadence, offered: Sequence[tuple[PricingCard, Sequence[PlanCard]]]) -> Phrase | None:
    saved = {
        percent_saved(plan, plans)
        for _, plans in offered
        if len(plans) > 1
        for plan in plans
        if plan.billed == cadence and not plan.is_free
    }
    if not saved or max(saved) < 1:
        return None
    if len(saved) > 1:
        return phrase("save up to %(percent)s%%", percent=max(saved))
    return phrase("save %(percent)s%%", percent=max(saved))


def _base(plan: PlanCard, others: Sequence[PlanCard]) -> PlanCard | None:
    """Return the plan of shortest cadence that a price can be compared with, if the price is the lower one."""
    comparable = [
        other
        for other in others
        if other.price.currency == plan.price.currency
        and bool(other.service.months) is bool(plan.service.months)
        and bool(other.billed.months) is bool(plan.billed.months)
    ]
    base = min(comparable, key=lambda other: _length(other.billed), default=plan)
    usual, asked = base.price.minor * _length(plan.service), plan.price.minor * _length(base.service)
    return base if base is not plan and usual > asked else None


def _length(cadence: Cadence) -> int:
    """Return the length in months, or in days where it is counted in those."""
    return cadence.months or cadence.days
