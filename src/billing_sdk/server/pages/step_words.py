"""The steps of a calculation in words that can be translated, each with the numbers that it went by."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from billing_sdk.server.pages.price_words import exact
from billing_sdk.server.words import Phrase, Value, phrase

# Which facts of a step are exact minor units of the currency.
MONEY = frozenset(
    {"unit_amount", "flat_amount", "package_amount", "each", "before", "maximum", "minimum", "value"},
)
WORDS: Mapping[str, Phrase] = {
    "conversion": phrase("%(measured)s, converted by %(factor)s to %(converted)s"),
    "discount_percentage": phrase("%(percent)s%% off %(before)s"),
    "dimension": phrase("For %(values)s: %(quantity)s"),
    "flat": phrase("Flat price"),
    "included": phrase("%(covered)s of %(quantity)s are included, %(beyond)s go beyond"),
    "maximum": phrase("Lowered from %(before)s to at most %(maximum)s"),
    "maximum_per_use": phrase("%(uses)s uses at the most that one costs, %(each)s"),
    "minimum": phrase("Raised from %(before)s to at least %(minimum)s"),
    "minimum_per_use": phrase("%(uses)s uses at the least that one costs, %(each)s"),
    "otherwise": phrase("Without a rate of their own (%(values)s): %(quantity)s"),
    "package": phrase("%(packages)s packages of %(units_per_package)s at %(package_amount)s each"),
    "per_unit": phrase("%(quantity)s at %(unit_amount)s each"),
    "percentage": phrase("%(percent)s%% of %(value)s"),
    "prorate": phrase("%(fraction)s of the interval, from %(before)s"),
    "round": phrase("Rounded from %(before)s"),
    "unrated": phrase("There is no rate for %(values)s: %(quantity)s cost nothing"),
    "usage": phrase("Used: %(measured)s"),
}
TIERED = phrase("Tier %(tier)s: %(quantity)s at %(unit_amount)s each")
TIERED_WITH_FLAT = phrase("Tier %(tier)s: %(quantity)s at %(unit_amount)s each, and %(flat_amount)s once")
BILLED = phrase("Used: %(measured)s, of which %(billed)s are billed")
NOTHING_USED = phrase("Nothing was used: the flat price of the first tier")


def step_words(step: Mapping[str, Any], currency: str) -> Value:
    """Return one step in words; one that is not known here by its name."""
    facts: Mapping[str, str] = step["facts"]
    said = _said(step["name"], facts)
    if said is None:
        return str(step["name"])
    return Phrase(said.message, {name: _value(name, fact, currency) for name, fact in facts.items()})


def exact_amount(step: Mapping[str, Any], currency: str) -> Value:
    """Return what a step adds, exactly, which may be less than the smallest coin."""
    return exact(Decimal(step["amount"]), currency)


def _said(name: str, facts: Mapping[str, str]) -> Phrase | None:
    if name in ("volume", "graduated"):
        return TIERED if facts.get("flat_amount", "0") == "0" else TIERED_WITH_FLAT
    if name == "zero_usage":
        return NOTHING_USED
    if name == "usage" and facts.get("billed", facts.get("measured")) != facts.get("measured"):
        return BILLED
    return WORDS.get(name)


def _value(name: str, fact: str, currency: str) -> Value:
    return exact(Decimal(fact), currency) if name in MONEY and _is_number(fact) else fact


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdecimal()
