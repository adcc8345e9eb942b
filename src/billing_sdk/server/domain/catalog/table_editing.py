"""What an operator does with the cards of a pricing table; each returns the cards as they are then."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from billing_sdk.errors import UnknownPlan
from billing_sdk.server.domain.catalog.pricing_table import CardContent, PricingCard, PricingTable

Direction = Literal["up", "down"]
STEPS: dict[Direction, int] = {"up": -1, "down": 1}

Cards = tuple[PricingCard, ...]


def card_in(table: PricingTable, plan_key: str) -> PricingCard:
    """Return the card of a plan.

    Raises:
        UnknownPlan: the plan has none on the table.
    """
    found = next((card for card in table.cards if card.plan_key == plan_key), None)
    if found is None:
        raise UnknownPlan(f"the plan {plan_key[:64]!r} has no card on the table {table.key!r}", plan=plan_key[:64])
    return found


def with_card(table: PricingTable, card: PricingCard) -> Cards:
    """Return the cards with one in the place of that of the same plan, or at their end."""
    if all(known.plan_key != card.plan_key for known in table.cards):
        return (*table.cards, card)
    return tuple(card if known.plan_key == card.plan_key else known for known in table.cards)


def without_card(table: PricingTable, plan_key: str) -> Cards:
    """Return the cards without one, and so without what it says in any language."""
    return tuple(card for card in table.cards if card.plan_key != plan_key)


def moved_card(table: PricingTable, plan_key: str, direction: Direction) -> Cards:
    """Return the cards with one a place further up or down; at an end it stays where it is.

    Raises:
        UnknownPlan: the plan has no card on the table.
    """
    card = card_in(table, plan_key)
    others = list(without_card(table, plan_key))
    others.insert(max(0, table.cards.index(card) + STEPS[direction]), card)
    return tuple(others)


def saying(table: PricingTable, card: PricingCard, language: str, content: CardContent | None) -> PricingCard:
    """Return a card that says something else in one language.

    Args:
        table: whose own language a card always speaks.
        card: as it was.
        language: the tag of the language.
        content: what it says; None where it is not to speak another language any more.
    """
    if language == table.language:
        return card if content is None else replace(card, content=content)
    others = {tag: known for tag, known in card.translations.items() if tag != language}
    return replace(card, translations=others if content is None else {**others, language: content})
