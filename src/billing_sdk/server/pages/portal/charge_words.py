"""What is charged, line by line, with the reason of each: of an invoice to come, or of a change before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import InvoiceLine, Lines, balance_change, tell
from billing_sdk.server.pages.price_words import exact
from billing_sdk.server.paper.lines import name_of
from billing_sdk.server.usecases.preview_change import Preview
from billing_sdk.server.words import Phrase, phrase

# A share of so many days can be read as it is; one of seconds is told as a percentage.
MOST_DAYS = 366
# A larger share would be told as all of it.
ALL_BUT_ALL = Fraction(19_999, 20_000)


@dataclass(frozen=True, slots=True)
class Told:
    """One line, and why it comes to what it comes to."""

    description: Phrase
    amount: Money
    reasons: tuple[Phrase, ...]


def told_lines(lines: Lines) -> tuple[Told, ...]:
    """Return what is charged and given back, in its order; what comes to nothing is left out."""
    return tuple(Told(line_name(line), line.amount, reasons_of(line)) for line in lines if line.amount)


def line_name(line: InvoiceLine) -> Phrase:
    """Return what a line is called: the name that the catalogue has, with the reader's words around it."""
    name, document = name_of(line), line.derivation
    if line.kind == "unused_time":
        return phrase("Unused time on %(name)s", name=name)
    if line.kind == "discount" and "coupon" in document:
        return phrase("Discount %(coupon)s: %(name)s", coupon=str(document["coupon"]), name=name)
    if name != line.description and isinstance(before := document.get("instead_of"), dict):
        now = line.quantity if line.quantity is not None else Decimal(before.get("becomes", 0))
        was = Decimal(before.get("quantity", 0))
        return phrase("%(name)s, %(number)s instead of %(before)s", name=name, number=now, before=was)
    return phrase("%(name)s", name=name)


def kept_of(shown: Preview) -> Money | None:
    """Return what of a change is kept on the credit balance, because more is given back than charged; None for none."""
    kept = balance_change(shown.lines, shown.amount.currency)
    return kept if kept.minor > 0 else None


def reasons_of(line: InvoiceLine) -> tuple[Phrase, ...]:
    """Return the reasons of an amount: those that are short, as they are; a longer calculation in English only."""
    document, currency = line.derivation, line.amount.currency
    match line.kind:
        case "unused_time" if "of_minor" in document:
            share = document["proration"]
            return (_share_of(share["fraction"], share["by"], exact(Decimal(document["of_minor"]), currency)),)
        case "tax" if "base_minor" in document:
            base = exact(Decimal(document["base_minor"]), currency)
            return (phrase("%(percent)s%% of %(amount)s.", percent=str(document["percent"]), amount=base),)
        case "discount" if "percent_off" in document:
            of = exact(Decimal(document["of_minor"]), currency)
            return (phrase("%(percent)s%% off %(amount)s.", percent=str(document["percent_off"]), amount=of),)
        case "credit_balance" if "balance_minor" in document:
            balance = exact(Decimal(document["balance_minor"]), currency)
            return (phrase("The credit balance was %(balance)s.", balance=balance),)
        case "licence_fee" if "rating" in document:
            return _licence_fee(line, document["rating"]["steps"])
        case _:
            return tuple(_in_english(told) for told in tell(line))


def steps_of(line: InvoiceLine, language_tag: str) -> tuple[Phrase | str, ...]:
    """Return how an amount has come about: readers of English get every step, others the reasons in their language.

    What can be told in English only is told in English to everybody.
    """
    reasons = reasons_of(line)
    if language_tag.partition("-")[0] == "en" or any(reason.in_english for reason in reasons):
        return tell(line)
    return reasons


def _licence_fee(line: InvoiceLine, steps: Any) -> tuple[Phrase, ...]:
    """Say how many, and for which part of the interval; what says more than that is told in English."""
    if not all(step["name"] in ("usage", "flat", "per_unit", "prorate", "round") for step in steps):
        return tuple(_in_english(told) for told in tell(line))
    found = []
    for step in steps:
        facts = step["facts"]
        if step["name"] == "per_unit" and facts["quantity"] != "1":
            each = exact(Decimal(facts["unit_amount"]), line.amount.currency)
            found.append(phrase("%(number)s at %(each)s each.", number=Decimal(facts["quantity"]), each=each))
        if step["name"] == "prorate" and facts.get("times", "1") != "1":
            each = exact(Decimal(facts["before"]), line.amount.currency)
            found.append(phrase("%(number)s at %(each)s each.", number=Decimal(facts["times"]), each=each))
        if step["name"] == "prorate" and Fraction(facts["fraction"]) < ALL_BUT_ALL:
            whole = exact(Decimal(facts["before"]), line.amount.currency)
            found.append(_share_of(facts["fraction"], "", whole))
    instead = line.derivation.get("instead_of", {})
    if "amount_minor" in instead:
        less = exact(Decimal(instead["amount_minor"]), line.amount.currency)
        found.append(phrase("Less %(amount)s, charged already.", amount=less))
    return tuple(found)


def _share_of(fraction: str, by: str, whole: Money | Phrase) -> Phrase:
    share = Fraction(fraction)
    if by != "second" and share.denominator <= MOST_DAYS:
        return phrase("%(fraction)s of %(amount)s, for the time that is left.", fraction=fraction, amount=whole)
    percent = Decimal(round(share * 10_000)) / 100
    return phrase("%(percent)s%% of %(amount)s, for the time that is left.", percent=percent, amount=whole)


def _in_english(told: str) -> Phrase:
    return Phrase("Worked out step by step; its invoice will show how.", in_english=told)
