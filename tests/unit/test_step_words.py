"""The steps of calculations in words: every one there is, in every language, numbers as that writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import InvoiceLine
from billing_sdk.server.domain.invoicing.priced import in_part
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import (
    Charged,
    RatingPolicy,
    StepName,
    Usage,
    charge,
    terms_from_document,
)
from billing_sdk.server.pages.reason_words import told_words
from billing_sdk.server.pages.step_words import WORDS, step_words, told_steps
from billing_sdk.server.words import languages_in

D = Decimal
LANGUAGES = languages_in().offered
ENGLISH, GERMAN = languages_in().best(["en"]), languages_in().best(["de"])
TIERS = [{"up_to": 10, "unit_amount": 50, "flat_amount": 100}, {"up_to": None, "unit_amount": "30.5"}]
EACH = {"model": "per_unit", "unit_amount": "0.02"}
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def charged(used: str | Usage, **document: Any) -> Charged:
    """Return what usage comes to by terms, in dollars."""
    usage = used if isinstance(used, Usage) else Usage(D(used))
    return charge(terms_from_document(document), usage, currency="USD")


def calculations() -> dict[str, Charged]:
    """Return calculations that have every step among them."""
    by_model = {"model": "by_dimension", "dimensions": ["model"], "rates": [{"values": ["small"], "price": EACH}]}
    used = Usage(D(7), (((("model", "small"),), D(3)), ((("model", "large"),), D(4))))
    share = {"model": "percentage", "percent": "2.9", "minimum": 30, "maximum": 1_000}
    uses = Usage(D(2_000_100), uses=(D(100), D(50_000), D(1_950_000)))
    fee = charged("1", price={"model": "flat", "amount": "2900"})
    return {
        "flat": fee,
        "per unit": charged("1234.5", price=EACH),
        "package": charged("110", price={"model": "package", "units_per_package": 100, "package_amount": 4}),
        "graduated": charged("25", price={"model": "graduated", "tiers": TIERS}),
        "volume": charged("5", price={"model": "volume", "tiers": TIERS}),
        "nothing used": charged("0", price={"model": "graduated", "tiers": TIERS}),
        "overage": charged("1500", price={"model": "overage", "included": 1000, "price": EACH}),
        "percentage": charged(uses, price=share),
        "dimensions": charged(used, price=by_model),
        "the rest": charged(used, price=by_model | {"otherwise": EACH}),
        "terms": charged("5", price=EACH, discount_units="1", discount_percent="12.5", minimum="500"),
        "at most": charged("90000", price=EACH, maximum="500"),
        "converted": charged(
            "2500",
            price={"model": "per_unit", "unit_amount": "25"},
            conversion={"operation": "divide", "factor": "1000", "rounding": "ceiling", "display_unit": "GB"},
        ),
        "in part": in_part(fee, 1, Fraction(16, 31), RatingPolicy()),
        "many times": in_part(fee, 3, Fraction(1), RatingPolicy()),
        "many times in part": in_part(fee, 3, Fraction(1_209_599, 2_419_200), RatingPolicy()),
    }


def said(found: Charged, language: Any = ENGLISH) -> list[str]:
    return [language.say(step.sentence) for step in told_steps(found.derivation.document(), "USD")]


def test_every_step_that_a_calculation_can_have_has_words() -> None:
    assert set(WORDS) == set(get_args(StepName))
    met = {step.name for found in calculations().values() for step in found.derivation.steps}
    assert met == set(WORDS)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.tag)
@pytest.mark.parametrize("name", calculations())
def test_each_step_is_said_in_every_language(name: str, language: Any) -> None:
    for step in calculations()[name].derivation.document()["steps"]:
        sentence = language.say(step_words(step, "USD"))
        assert sentence
        assert "%(" not in sentence
        if language.tag != "en":
            assert sentence != ENGLISH.say(step_words(step, "USD"))


@pytest.mark.parametrize(
    ("name", "in_english"),
    [
        ("per unit", ["Used: 1,234.5", "1,234.5 at US$0.0002 each = US$0.2469", "Rounded from US$0.2469 to US$0.25"]),
        ("volume", ["Used: 5", "All at tier 1: 5 at US$0.50 each, and US$1.00 once = US$3.50"]),
        ("nothing used", ["Used: 0", "Nothing was used: the flat price of the first tier, US$1.00, is not charged"]),
        (
            "at most",
            ["Used: 90,000", "90,000 at US$0.0002 each = US$18.00", "Lowered from US$18.00 to at most US$5.00"],
        ),
        ("converted", ["2,500, converted by 1,000 to 3 GB", "Used: 3", "3 at US$0.25 each = US$0.75"]),
        ("in part", ["Flat price = US$29.00", "16/31 of the interval: US$14.97 instead of US$29.00"]),
        ("many times", ["Flat price = US$29.00", "3 times US$29.00: US$87.00"]),
        ("many times in part", ["Flat price = US$29.00", "50% of the interval, 3 times: US$43.50 instead of US$29.00"]),
    ],
)
def test_a_step_says_what_it_comes_to(name: str, in_english: list[str]) -> None:
    assert said(calculations()[name]) == in_english


def test_numbers_and_shares_are_written_as_the_language_writes_them() -> None:
    assert said(calculations()["terms"], GERMAN)[2].startswith("12,5\N{NO-BREAK SPACE}% Rabatt auf 0,0008")
    assert said(calculations()["dimensions"], GERMAN)[1] == "Für model=small: 3"


def test_a_step_that_nobody_knows_is_shown_by_its_name() -> None:
    assert (
        ENGLISH.say(step_words({"name": "something_new", "facts": {"odd": "x"}, "amount": "1"}, "USD"))
        == "something_new"
    )


def test_rounding_by_nothing_is_no_step_to_people() -> None:
    found = calculations()["flat"]
    assert [step.name for step in found.derivation.steps] == ["flat", "round"]
    assert said(found) == ["Flat price = US$29.00"]


@pytest.mark.parametrize(
    ("kind", "facts", "in_english"),
    [
        (
            "usage",
            {"billed_before": {"amount_minor": "500", "quantity": "1500"}},
            "Less US$5.00 for 1,500, billed before.",
        ),
        (
            "one_off",
            {"corrected": {"number": "INV-000001", "from_minor": "500"}},
            "INV-000001 has asked for US$5.00, which was wrong.",
        ),
        (
            "licence_fee",
            {"given_back": {"of_minor": "5000", "share": "1/2"}},
            "1/2 of the US$50.00 that was paid for the time to come.",
        ),
        (
            "discount",
            {"of_minor": "2900", "amount_off_minor": "1000"},
            "US$10.00 off the invoice, of which US$5.00 from the US$29.00 of this line.",
        ),
        (
            "credit_grant",
            {"line": "2", "left_minor": "700", "owed_minor": "200"},
            "US$7.00 was left of this credit, and US$2.00 of line 2 was to be paid.",
        ),
        (
            "credit_grant",
            {"line": "2", "unit": {"id": "unit_1", "name": "Sparks", "millionths": "1500000"}},
            "1.5 Sparks of line 2 were paid with this credit.",
        ),
        (
            "overage",
            {"line": "2", "unit_amount": "0.5", "unit": {"id": "unit_1", "name": "Sparks", "millionths": "1500000000"}},
            "1,500 Sparks of line 2 that no credit covers, at US$0.005 each.",
        ),
        (
            "adjustment",
            {"unit": {"id": "unit_1", "name": "Sparks", "millionths": "1500000"}},
            "1.5 Sparks, which credit in that unit pays for.",
        ),
    ],
)
def test_what_has_no_steps_is_told_in_a_sentence_of_every_language(kind: str, facts: Any, in_english: str) -> None:
    line = InvoiceLine("Line", Money(-500, "USD"), Period(NOON, NOON), None, "c", derivation={"kind": kind, **facts})
    (sentence,) = told_words(line)
    assert ENGLISH.say(sentence) == in_english
    assert len({language.say(sentence) for language in LANGUAGES}) == len(LANGUAGES)
