"""The steps of a calculation in words that can be translated, each with the numbers that it went by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from billing_sdk.money import EXACT
from billing_sdk.server.domain.rating import StepName
from billing_sdk.server.words import Exact, Phrase, Value, phrase

# Which facts of a step are exact minor units of the currency, and which are names.
MONEY: Final = frozenset(
    {"unit_amount", "flat_amount", "package_amount", "each", "before", "after", "maximum", "minimum", "value"},
)
NAMES: Final = frozenset(
    {"values", "display_unit", "currency", "operation", "rounding", "zero_usage_flat_fee", "up_to"}
)
# A share of so many days can be read as it is; one of seconds is told as a percentage.
MOST_DAYS: Final = 366
# A larger share would be told as all of it.
ALL_BUT_ALL: Final = Fraction(19_999, 20_000)

WORDS: Final[Mapping[StepName, Phrase]] = {
    "conversion": phrase("%(measured)s, converted by %(factor)s to %(converted)s"),
    "discount_percentage": phrase("%(percent)s%% off %(before)s"),
    "dimension": phrase("For %(values)s: %(quantity)s"),
    "flat": phrase("Flat price"),
    "graduated": phrase("Tier %(tier)s: %(quantity)s at %(unit_amount)s each"),
    "included": phrase("%(covered)s of %(quantity)s are included, %(beyond)s go beyond"),
    "maximum": phrase("Lowered from %(before)s to at most %(maximum)s"),
    "maximum_per_use": phrase("%(uses)s uses at the most that one costs, %(each)s"),
    "minimum": phrase("Raised from %(before)s to at least %(minimum)s"),
    "minimum_per_use": phrase("%(uses)s uses at the least that one costs, %(each)s"),
    "otherwise": phrase("Without a rate of their own (%(values)s): %(quantity)s"),
    "package": phrase("%(packages)s packages of %(units_per_package)s at %(package_amount)s each"),
    "per_unit": phrase("%(quantity)s at %(unit_amount)s each"),
    "percentage": phrase("%(percent)s%% of %(value)s"),
    "prorate": phrase("%(share)s of the interval: %(after)s instead of %(before)s"),
    "round": phrase("Rounded from %(before)s to %(after)s"),
    "unrated": phrase("There is no rate for %(values)s: %(quantity)s cost nothing"),
    "usage": phrase("Used: %(measured)s"),
    "volume": phrase("All at tier %(tier)s: %(quantity)s at %(unit_amount)s each"),
    "zero_usage": phrase("Nothing was used: the flat price of the first tier"),
}
# What some of them say in place of that, where there is more to be said.
WITH_FLAT: Final[Mapping[str, Phrase]] = {
    "graduated": phrase("Tier %(tier)s: %(quantity)s at %(unit_amount)s each, and %(flat_amount)s once"),
    "volume": phrase("All at tier %(tier)s: %(quantity)s at %(unit_amount)s each, and %(flat_amount)s once"),
}
BILLED: Final = phrase("Used: %(measured)s, of which %(billed)s are billed")
NOT_CHARGED: Final = phrase("Nothing was used: the flat price of the first tier, %(flat_amount)s, is not charged")
TIMES: Final = phrase("%(times)s times %(before)s: %(after)s")
SHARE_TIMES: Final = phrase("%(share)s of the interval, %(times)s times: %(after)s instead of %(before)s")
# These say themselves what they come to.
SAYS_ALL: Final = frozenset({"maximum", "minimum", "prorate", "round"})


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One step in words.

    Attributes:
        words: what is done.
        adds: what it adds to the amount, exactly, which may be less than the smallest coin.
        is_whole: the words say what it comes to, or it adds nothing.
    """

    words: Phrase
    adds: Value
    is_whole: bool

    @property
    def sentence(self) -> Phrase:
        """The step with what it comes to, where it does not say that itself."""
        return self.words if self.is_whole else phrase("%(what)s = %(amount)s", what=self.words, amount=self.adds)


def told_steps(rating: Mapping[str, Any], currency: str) -> Iterator[ToldStep]:
    """Yield the steps of a calculation; those that change nothing about an amount which is whole are left out.

    Args:
        rating: as a line keeps it.
        currency: what its amounts are minor units of.
    """
    for step in shown_steps(rating["steps"]):
        amount = Decimal(step["amount"])
        is_whole = step["name"] in SAYS_ALL or not amount
        yield ToldStep(step_words(step, currency), Exact(amount, currency), is_whole)


def shown_steps(steps: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the steps that say something to people: rounding by nothing does not."""
    return (step for step in steps if step["name"] != "round" or Decimal(step["amount"]))


def step_words(step: Mapping[str, Any], currency: str) -> Phrase:
    """Return one step in words; one that no calculation of ours has, by its name."""
    if step["name"] not in WORDS:
        return phrase("%(name)s", name=str(step["name"]))
    facts: Mapping[str, str] = step["facts"]
    values = {name: _value(name, fact, currency) for name, fact in facts.items()}
    if step["name"] in SAYS_ALL:
        values["after"] = Exact(EXACT.add(Decimal(facts["before"]), Decimal(step["amount"])), currency)
    if "fraction" in facts:
        values["share"] = share_words(facts["fraction"])
    if facts.get("display_unit"):
        values["converted"] = phrase("%(number)s %(unit)s", number=values["converted"], unit=facts["display_unit"])
    return Phrase(_said(step["name"], facts).message, values)


def share_words(fraction: str, by: str = "") -> Value:
    """Return a share of an interval: of days as a fraction, of seconds as a percentage."""
    share = Fraction(fraction)
    if by != "second" and share.denominator <= MOST_DAYS:
        return fraction
    return phrase("%(percent)s%%", percent=Decimal(round(share * 10_000)) / 100)


def _said(name: StepName, facts: Mapping[str, str]) -> Phrase:
    match name:
        case "volume" | "graduated" if facts.get("flat_amount", "0") != "0":
            return WITH_FLAT[name]
        case "zero_usage" if facts.get("zero_usage_flat_fee") == "skip":
            return NOT_CHARGED
        case "usage" if facts.get("billed", facts.get("measured")) != facts.get("measured"):
            return BILLED
        case "prorate" if facts.get("times", "1") != "1":
            return TIMES if Fraction(facts["fraction"]) >= ALL_BUT_ALL else SHARE_TIMES
        case _:
            return WORDS[name]


def _value(name: str, fact: str, currency: str) -> Value:
    if name in NAMES or name == "fraction":
        return fact
    return Exact(Decimal(fact), currency) if name in MONEY else Decimal(fact)
