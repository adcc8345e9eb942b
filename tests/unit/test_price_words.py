"""What a card says of a price, a cadence and a trial, and which language it says the rest in."""

from __future__ import annotations

from decimal import Decimal

import pytest
from starlette.requests import Request

from billing_sdk.server.domain.catalog import Trial
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    Overage,
    Package,
    Percentage,
    PerUnit,
    Tier,
    Volume,
)
from billing_sdk.server.pages.price_words import name_of_cadence, words_of_cadence, words_of_price, words_of_trial
from billing_sdk.server.web.languages import languages_of
from billing_sdk.server.words import languages_in

TIERS = (Tier(Decimal(1_000)), Tier(Decimal(5_000), Decimal("0.5")), Tier(None, Decimal("0.25"), Decimal(100)))
WORDS = (
    "up to 1,000: included",
    "1,000 to 5,000: US$0.005 for each token",
    "above 5,000: US$0.0025 for each token and US$1.00",
)
ENGLISH = languages_in().best(["en"])


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (Flat(Decimal(0)), ()),
        (Flat(Decimal(250)), ("US$2.50",)),
        (PerUnit(Decimal(0)), ()),
        (PerUnit(Decimal("0.02")), ("US$0.0002 for each token",)),
        (Package(Decimal(1_000), Decimal(500)), ("US$5.00 for each 1,000 token",)),
        (Graduated(TIERS), WORDS),
        (Volume(TIERS), ("all at the price of the amount reached:", *WORDS)),
        (Overage(Decimal(100), PerUnit(Decimal(2))), ("100 token included, then", "US$0.02 for each token")),
        (Percentage(Decimal("2.5")), ("2.5% of each token",)),
        (
            ByDimension(("region",), ((("eu",), PerUnit(Decimal(2))),), otherwise=PerUnit(Decimal(3))),
            ("eu: US$0.02 for each token", "otherwise: US$0.03 for each token"),
        ),
    ],
)
def test_each_price_model_has_words(price, words):
    assert tuple(ENGLISH.say(line) for line in words_of_price(price, "USD", "token")) == words


@pytest.mark.parametrize(
    ("cadence", "words"),
    [(Cadence("month"), "per month"), (Cadence("month", 3), "every 3 months"), (Cadence("year"), "per year")],
)
def test_a_cadence_is_said_as_people_say_it(cadence, words):
    assert ENGLISH.say(words_of_cadence(cadence)) == words
    assert ENGLISH.say(words_of_cadence(cadence, cadence)) == words


@pytest.mark.parametrize(
    ("cadence", "name"),
    [(Cadence("month"), "Monthly"), (Cadence("year"), "Yearly"), (Cadence("month", 6), "every 6 months")],
)
def test_a_cadence_that_is_chosen_has_a_name(cadence, name):
    assert ENGLISH.say(name_of_cadence(cadence)) == name


def test_a_price_for_a_shorter_interval_says_how_often_it_is_billed():
    assert ENGLISH.say(words_of_cadence(Cadence("month"), Cadence("year"))) == "per month, billed per year"
    assert (
        ENGLISH.say(words_of_cadence(Cadence("day", 10), Cadence("month", 3))) == "every 10 days, billed every 3 months"
    )


@pytest.mark.parametrize(
    ("trial", "words"),
    [(Trial(1, remind_days_before=0), "1 day free"), (Trial(14, False, 3), "14 days free, no card needed")],
)
def test_a_trial_says_how_long_it_is_and_whether_a_card_is_needed(trial, words):
    assert ENGLISH.say(words_of_trial(trial)) == words


@pytest.mark.parametrize(
    ("query", "header", "chosen", "languages"),
    [
        ("", "", None, ()),
        ("lang=de", "en", None, ("de", "en")),
        ("lang=de", "en", "fr", ("de", "fr", "en")),
        ("lang=%22onload", "", None, ()),
        ("", "en;q=0.5, de-AT, fr;q=0, *;q=0.1", None, ("de-AT", "en")),
        ("", "en; q=nonsense", None, ()),
    ],
)
def test_the_language_that_is_asked_for_comes_before_those_of_the_browser(query, header, chosen, languages):
    scope = {"type": "http", "query_string": query.encode(), "headers": [(b"accept-language", header.encode())]}

    assert languages_of(Request(scope), chosen) == languages
