"""A derivation in sentences."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from billing_sdk.server.domain.rating import (
    Derivation,
    Price,
    RatingPolicy,
    Step,
    Terms,
    Usage,
    charge,
    explain,
)
from tests.unit.domain.rating.prices import policies, terms, usages
from tests.unit.domain.rating.rating import CHARGE, D, priced, rated

SCALE = [{"up_to": 10, "unit_amount": 50, "flat_amount": 100}, {"up_to": None, "unit_amount": "30.5"}]


@pytest.mark.parametrize(
    ("price", "quantity", "sentences"),
    [
        (priced("flat", amount="199900"), "3", ["Flat price: 1,999.00 USD.", "In all: 1,999.00 USD."]),
        (
            priced("per_unit", unit_amount="0.04"),
            "1234.5",
            [
                "Usage: 1,234.5.",
                "1,234.5 x 0.0004 USD = 0.4938 USD.",
                "In all: 0.49 USD, rounded half up from 0.4938 USD.",
            ],
        ),
        (
            priced("package", units_per_package=100, package_amount=4),
            "110",
            ["Usage: 110.", "110 in packages of 100, every one begun: 2 x 0.04 USD = 0.08 USD.", "In all: 0.08 USD."],
        ),
        (
            priced("graduated", tiers=SCALE),
            "25",
            [
                "Usage: 25.",
                "At tier 1 (up to 10): 10 x 0.50 USD + 1.00 USD = 6.00 USD.",
                "At tier 2 (above 10): 15 x 0.305 USD = 4.575 USD.",
                "In all: 10.58 USD, rounded half up from 10.575 USD.",
            ],
        ),
        (
            priced("volume", tiers=SCALE),
            "10",
            ["Usage: 10.", "All of it at tier 1 (up to 10): 10 x 0.50 USD + 1.00 USD = 6.00 USD.", "In all: 6.00 USD."],
        ),
        (
            priced("overage", included=1000, price={"model": "per_unit", "unit_amount": "2"}),
            "1500",
            [
                "Usage: 1,500.",
                "1,000 of 1,500 are included, 500 go beyond.",
                "500 x 0.02 USD = 10.00 USD.",
                "In all: 10.00 USD.",
            ],
        ),
        (
            priced("percentage", percent="2.9"),
            "10000",
            ["Usage: 10,000.", "2.9% of 100.00 USD = 2.90 USD.", "In all: 2.90 USD."],
        ),
        (
            priced("per_unit", unit_amount="2"),
            "-3",
            ["Usage: -3, billed as 0.", "0 x 0.02 USD = 0.00 USD.", "In all: 0.00 USD."],
        ),
    ],
    ids=lambda value: "" if isinstance(value, list) else str(value)[:24],
)
def test_every_model_is_told_with_its_arithmetic(price: Price, quantity: str, sentences: list[str]) -> None:
    assert list(explain(rated(price, quantity).derivation)) == sentences


def test_discounts_and_commitments_are_told_with_what_was_before() -> None:
    agreed = Terms(priced("per_unit", unit_amount="10"), D(2), D(25), D(10), D(40))
    assert list(explain(rated(agreed, "10", currency="EUR").derivation, unit_name="MAU")) == [
        "Usage: 10 MAU, of which 2 cost nothing: 8.",
        "8 x 0.10 EUR = 0.80 EUR.",
        "25% off 0.80 EUR: -0.20 EUR.",
        "Lowered from 0.60 EUR to the maximum of 0.40 EUR.",
        "In all: 0.40 EUR.",
    ]
    assert "Raised from 0.00 EUR to the minimum of 0.10 EUR." in explain(rated(agreed, "0", currency="EUR").derivation)


def test_usage_by_dimension_is_told_part_by_part() -> None:
    price = priced(
        "by_dimension",
        dimensions=["model"],
        rates=[{"values": ["small"], "price": {"model": "per_unit", "unit_amount": "5"}}],
    )
    used = Usage(D(10), (((("model", "small"),), D(3)), ((("model", "huge"),), D(7))))
    assert list(explain(rated(price, used).derivation, unit_name="tokens"))[1:-1] == [
        "For model=small: 3 tokens.",
        "3 x 0.05 USD = 0.15 USD.",
        "There is no rate for model=huge: 7 tokens cost nothing.",
    ]


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (RatingPolicy(), "No usage; the flat amount of the first tier, 1.00 USD, is not charged."),
        (CHARGE, "No usage; the flat amount of the first tier is charged all the same: 1.00 USD."),
    ],
)
def test_the_policy_that_decided_is_told(policy: RatingPolicy, sentence: str) -> None:
    assert explain(rated(priced("volume", tiers=SCALE), "0", policy=policy).derivation)[1] == sentence


@pytest.mark.parametrize(("currency", "shown"), [("JPY", "1,235 JPY"), ("KWD", "1.235 KWD"), ("USD", "12.35 USD")])
def test_amounts_are_told_in_the_main_unit_of_their_currency(currency: str, shown: str) -> None:
    assert explain(rated(priced("flat", amount="1235"), "1", currency=currency).derivation)[-1] == f"In all: {shown}."


@pytest.mark.parametrize(
    ("share", "times", "told"),
    [
        ("2/3", "1", "For 2/3 of the interval: 6.67 USD instead of 10.00 USD."),
        ("43177/129600", "2", "For 43177/129600 of the interval, about 33.3%, 2 times: 6.67 USD instead of 10.00 USD."),
        ("1", "3", "For the whole interval, 3 times: 6.67 USD."),
    ],
)
def test_a_part_of_an_interval_is_told_instead_of_the_rounding(share: str, times: str, told: str) -> None:
    facts = (("before", "1000"), ("currency", "USD"), ("fraction", share), ("rounding", "half_up"), ("times", times))
    sentences = explain(Derivation((Step("flat", (("flat_amount", "1000"),), "1000"), Step("prorate", facts, "-333"))))
    assert sentences == ("Flat price: 10.00 USD.", told)


def test_a_step_of_another_calculation_is_told_by_its_facts() -> None:
    step = Step("unused_days", (("days", "12"), ("of", "30")), "-400")
    assert explain(Derivation((step,))) == ("Unused days (days 12, of 30): -4.00.",)


def test_braces_in_a_mark_of_usage_are_only_text() -> None:
    price = priced("by_dimension", dimensions=["model"], rates=[])
    used = Usage(D(1), (((("model", "{quantity}{0}"),), D(1)),))
    assert "There is no rate for model={quantity}{0}: 1 cost nothing." in explain(rated(price, used).derivation)


@settings(max_examples=40, deadline=None)
@given(terms(), usages, policies)
def test_whatever_was_rated_can_be_told_and_ends_with_the_amount(
    agreed: Terms, usage: Usage, policy: RatingPolicy
) -> None:
    charged = charge(agreed, usage, currency="USD", policy=policy)
    sentences = explain(charged.derivation)
    assert len(sentences) == len(charged.derivation.steps)
    assert sentences[-1].startswith(f"In all: {charged.amount}")
