"""Why a line comes to what it comes to, in words that can be translated: one sentence for each step that led to it.

What programs read of the same is `domain.invoicing.tell`, in English.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing_sdk.money import round_money
from billing_sdk.server.domain.catalog import Units
from billing_sdk.server.domain.invoicing import InvoiceLine
from billing_sdk.server.pages.line_words import credit_name
from billing_sdk.server.pages.step_words import ALL_BUT_ALL, share_words, told_steps
from billing_sdk.server.words import Exact, Phrase, Value, phrase

CHARGES = ("licence_fee", "usage", "adjustment", "one_off")


def told_words(line: InvoiceLine) -> tuple[Phrase, ...]:
    """Return every step that led to the amount of a line; none where it has kept no steps."""
    rating = line.derivation.get("rating") if line.kind in CHARGES else None
    steps = tuple(step.sentence for step in told_steps(rating, line.amount.currency)) if rating else ()
    return (*steps, *beside_steps(line))


def beside_steps(line: InvoiceLine) -> tuple[Phrase, ...]:
    """Return what led to the amount of a line beside the steps of its calculation."""
    return tuple(_beside(line))


def share_sentence(fraction: str, by: str, whole: Value) -> Phrase:
    """Say what a share is of: what is charged, or given back, for the rest of an interval."""
    return phrase("%(share)s of %(amount)s, for the time that is left.", share=share_words(fraction, by), amount=whole)


def fee_reasons(line: InvoiceLine) -> tuple[Phrase, ...]:
    """Return how many of a fee, and for which part of the interval; every step where there is more than that."""
    steps = line.derivation["rating"]["steps"]
    if not all(step["name"] in ("usage", "flat", "per_unit", "prorate", "round") for step in steps):
        return told_words(line)
    found = [said for step in steps for said in _number_and_share(step, line.amount.currency)]
    return (*found, *_charged_already(line))


def _number_and_share(step: Mapping[str, Any], currency: str) -> Iterator[Phrase]:
    facts = step["facts"]
    if step["name"] == "per_unit" and facts["quantity"] != "1":
        yield _each(facts["quantity"], facts["unit_amount"], currency)
    if step["name"] == "prorate" and facts.get("times", "1") != "1":
        yield _each(facts["times"], facts["before"], currency)
    if step["name"] == "prorate" and Fraction(facts["fraction"]) < ALL_BUT_ALL:
        yield share_sentence(facts["fraction"], "", Exact(Decimal(facts["before"]), currency))


def _each(number: str, amount: str, currency: str) -> Phrase:
    return phrase("%(number)s at %(each)s each.", number=Decimal(number), each=Exact(Decimal(amount), currency))


def _beside(line: InvoiceLine) -> Iterator[Phrase]:
    document = line.derivation
    match line.kind:
        case "licence_fee" if "given_back" in document:
            given_back = document["given_back"]
            paid = round_money(Fraction(given_back["of_minor"]), line.amount.currency)
            share = share_words(given_back["share"])
            yield phrase("%(share)s of the %(paid)s that was paid for the time to come.", share=share, paid=paid)
        case "usage" | "adjustment" if "unit" in document:
            yield phrase("%(units)s, which credit in that unit pays for.", units=_units(document["unit"]))
        case "licence_fee" | "usage" | "adjustment" | "one_off":
            yield from _charged_already(line)
            yield from _billed_before(line)
            yield from _corrected(line)
        case "overage":
            yield phrase(
                "%(units)s of line %(line)s that no credit covers, at %(each)s each.",
                units=_units(document["unit"]),
                line=str(document["line"]),
                each=_amount(document["unit_amount"], line),
            )
        case "discount" if "of_minor" in document:
            yield from _discount(line)
        case "unused_time" if "of_minor" in document:
            share = document["proration"]
            yield share_sentence(share["fraction"], share["by"], _amount(document["of_minor"], line))
        case "credit_grant":
            yield from _credit(line)
        case "credit_balance" if "balance_minor" in document:
            balance = _amount(document["balance_minor"], line)
            yield phrase("The credit balance was %(balance)s.", balance=balance)
        case "tax" if "base_minor" in document:
            base = _amount(document["base_minor"], line)
            yield phrase("%(percent)s%% of %(amount)s.", percent=Decimal(document["percent"]), amount=base)


def _discount(line: InvoiceLine) -> Iterator[Phrase]:
    document = line.derivation
    of = _amount(document["of_minor"], line)
    if "percent_off" in document:
        yield phrase("%(percent)s%% off %(amount)s.", percent=Decimal(document["percent_off"]), amount=of)
    elif "amount_off_minor" in document:
        whole = _amount(document["amount_off_minor"], line)
        yield phrase(
            "%(whole)s off the invoice, of which %(part)s from the %(amount)s of this line.",
            whole=whole,
            part=-line.amount,
            amount=of,
        )


def _credit(line: InvoiceLine) -> Iterator[Phrase]:
    document = line.derivation
    number = str(document["line"])
    if "unit" in document:
        yield phrase(
            "%(units)s of line %(line)s were paid with this credit.", units=_units(document["unit"]), line=number
        )
        return
    left, owed = (_amount(document[name], line) for name in ("left_minor", "owed_minor"))
    yield phrase(
        "%(left)s was left of this credit, and %(owed)s of line %(line)s was to be paid.",
        left=left,
        owed=owed,
        line=number,
    )


def taken_before(document: Mapping[str, Any]) -> Iterator[Phrase]:
    """Say what had been taken of the credit that an explanation is about before its invoice was issued."""
    for one in document["calculation"].get("adjustments", ()):
        amount = Exact(-Decimal(one["amount_minor"]), document["currency"])
        yield phrase("%(amount)s of it was taken before: %(name)s.", amount=amount, name=credit_name(one["name"]))


def _charged_already(line: InvoiceLine) -> Iterator[Phrase]:
    """Say what a larger number costs less because of the number that is charged already."""
    instead = line.derivation.get("instead_of", {})
    if "amount_minor" in instead:
        yield phrase("Less %(amount)s, charged already.", amount=_amount(instead["amount_minor"], line))


def _billed_before(line: InvoiceLine) -> Iterator[Phrase]:
    """Say what earlier invoices have billed of the same usage."""
    before = line.derivation.get("billed_before")
    if before is not None:
        amount, number = _amount(before["amount_minor"], line), Decimal(before["quantity"])
        yield phrase("Less %(amount)s for %(number)s, billed before.", amount=amount, number=number)


def _corrected(line: InvoiceLine) -> Iterator[Phrase]:
    """Say that the line of an invoice in whose place this one was issued was wrong."""
    said = line.derivation.get("corrected")
    if said is not None:
        asked = _amount(said["from_minor"], line)
        yield phrase("%(invoice)s has asked for %(amount)s, which was wrong.", invoice=said["number"], amount=asked)


def _units(said: Mapping[str, Any]) -> Phrase:
    number = Units(int(said["millionths"]), said["id"]).value
    return phrase("%(number)s %(unit)s", number=number, unit=said["name"])


def _amount(minor: str, line: InvoiceLine) -> Exact:
    return Exact(Decimal(minor), line.amount.currency)
