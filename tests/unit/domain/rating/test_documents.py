"""Prices and terms as JSON: read strictly, written in one spelling."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing_sdk.errors import APIError, InvalidAmount, InvalidPrice, InvalidTiers
from billing_sdk.server.domain.rating import (
    Graduated,
    PerUnit,
    Price,
    Terms,
    document_of,
    price_from_document,
    terms_from_document,
)
from tests.unit.domain.rating.rating import D, tier

# One of each model, in the spelling that is written.
SPELLINGS: list[dict[str, Any]] = [
    {"model": "flat", "amount": "1999"},
    {"model": "per_unit", "unit_amount": "0.5"},
    {"model": "package", "units_per_package": "100", "package_amount": "4", "rounding": "down"},
    {"model": "volume", "tiers": [{"up_to": "5", "unit_amount": "7"}, {"up_to": None, "flat_amount": "6"}]},
    {"model": "graduated", "tiers": [{"up_to": "5", "unit_amount": "7", "flat_amount": "1"}, {"up_to": "10"}]},
    {"model": "graduated", "tiers": [{"up_to": None, "flat_amount": "1"}], "zero_usage_flat_fee": "charge"},
    {"model": "overage", "included": "1000", "price": {"model": "per_unit", "unit_amount": "2"}},
    {"model": "percentage", "percent": "2.9", "minimum": "30", "maximum": "500"},
    {
        "model": "by_dimension",
        "dimensions": ["model"],
        "rates": [{"values": ["small"], "price": {"model": "per_unit", "unit_amount": "5"}}],
        "otherwise": {"model": "flat", "amount": "1"},
    },
]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling["model"])
def test_what_is_written_is_what_was_read(spelling: dict[str, Any]) -> None:
    assert document_of(price_from_document(spelling)) == spelling
    terms = {"price": spelling, "discount_percent": "5", "minimum": "0", "maximum": "100.5"}
    assert document_of(terms_from_document(json.loads(json.dumps(terms)))) == terms


def test_one_value_has_one_spelling() -> None:
    spelt = [price_from_document({"model": "per_unit", "unit_amount": text}) for text in ("5", "5.0", "005.000", 5)]
    assert {json.dumps(document_of(price)) for price in spelt} == {'{"model": "per_unit", "unit_amount": "5"}'}


def test_what_is_usual_can_be_left_out_and_is_left_out() -> None:
    assert document_of(Terms(PerUnit(D(1)))) == {"price": {"model": "per_unit", "unit_amount": "1"}}
    assert document_of(Graduated((tier(None),))) == {"model": "graduated", "tiers": [{"up_to": None}]}


@pytest.mark.parametrize("end", [None, "inf"])
def test_an_open_tier_is_spelt_null_or_inf(end: str | None) -> None:
    price = price_from_document({"model": "volume", "tiers": [{"up_to": end, "unit_amount": "1"}]})
    assert document_of(price)["tiers"] == [{"up_to": None, "unit_amount": "1"}]


@pytest.mark.parametrize("begins", [(0, 10, 20), (1, 11, 21), (0, 11, 20)])
def test_tiers_may_say_where_they_begin_in_whole_units_or_at_the_end_of_the_one_before(begins: tuple[int, ...]) -> None:
    assert _tiers(*zip(begins, (10, 20, None), strict=True)) == _tiers_without_from(10, 20, None)


@pytest.mark.parametrize(
    ("ranges", "wrong", "words"),
    [
        pytest.param([(1, 10), (9, 20)], 2, "overlaps tier 1", id="overlap"),
        pytest.param([(1, 10), (12, 20)], 2, "leaves a gap above 10", id="gap"),
        pytest.param([(1, 10), (11, 20), (31, None)], 3, "leaves a gap above 20", id="gap before the last"),
        pytest.param([(5, 10), (11, None)], 1, "leaves a gap above 0", id="gap before the first"),
        pytest.param([(1, 10), (11, 5)], 2, "not above the 10", id="out of order"),
        pytest.param([(1, None), (11, 20)], 1, "only the last", id="open before the last"),
    ],
)
def test_tiers_that_overlap_or_leave_a_gap_are_refused_with_the_tier_named(ranges: Any, wrong: int, words: str) -> None:
    with pytest.raises(InvalidTiers, match=words) as refusal:
        _tiers(*ranges)
    assert refusal.value.facts["tier"] == wrong
    assert refusal.value.facts["member"].startswith(f"tiers[{wrong - 1}].")


def _tiers(*ranges: tuple[Any, Any]) -> Price:
    tiers = [{"from": begin, "up_to": end, "unit_amount": "1"} for begin, end in ranges]
    return price_from_document({"model": "graduated", "tiers": tiers})


def _tiers_without_from(*ends: int | None) -> Price:
    return price_from_document({"model": "graduated", "tiers": [{"up_to": end, "unit_amount": "1"} for end in ends]})


RATE = {"values": ["a"], "price": SPELLINGS[0]}
RATES = {"model": "by_dimension", "dimensions": ["m"], "rates": [RATE]}
BACKWARDS = {"model": "volume", "tiers": [{"up_to": 2}, {"up_to": 1}]}

WRONG_TERMS: list[tuple[Any, str, type[APIError]]] = [
    ([], "", InvalidPrice),
    ({}, "price", InvalidPrice),
    ({"price": None}, "price", InvalidPrice),
    ({"price": SPELLINGS[0], "cap": "1"}, "cap", InvalidPrice),
    ({"price": SPELLINGS[1], "discount_percent": "101"}, "discount_percent", InvalidPrice),
    ({"price": SPELLINGS[1], "minimum": "-1"}, "minimum", InvalidAmount),
    ({"price": BACKWARDS}, "price.tiers[1].up_to", InvalidTiers),
]
WRONG_PRICES: list[tuple[Any, str, type[APIError]]] = [
    ({"model": "free"}, "model", InvalidPrice),
    ({"model": ["flat"]}, "model", InvalidPrice),
    ({"model": "flat"}, "amount", InvalidPrice),
    ({"model": "flat", "amount": None}, "amount", InvalidPrice),
    ({"model": "flat", "amount": 19.99}, "amount", InvalidPrice),
    ({"model": "flat", "amount": True}, "amount", InvalidPrice),
    ({"model": "flat", "amount": "1e3"}, "amount", InvalidPrice),
    ({"model": "flat", "amount": "1_000"}, "amount", InvalidPrice),
    ({"model": "flat", "amount": "\u0661"}, "amount", InvalidPrice),
    ({"model": "flat", "amount": " 1"}, "amount", InvalidPrice),
    ({"model": "flat", "amount": "NaN"}, "amount", InvalidPrice),
    ({"model": "flat", "amount": 10**41}, "amount", InvalidPrice),
    ({"model": "flat", "amount": "-1"}, "amount", InvalidAmount),
    ({"model": "flat", "amount": -1}, "amount", InvalidAmount),
    ({"model": "flat", "amount": "0.1234567890123"}, "amount", InvalidAmount),
    ({"model": "flat", "amount": "1", "unit_amount": "1"}, "unit_amount", InvalidPrice),
    ({**SPELLINGS[2], "units_per_package": "0"}, "units_per_package", InvalidPrice),
    ({**SPELLINGS[2], "rounding": "nearest"}, "rounding", InvalidPrice),
    ({**SPELLINGS[2], "rounding": ["up"]}, "rounding", InvalidPrice),
    ({"model": "volume", "tiers": []}, "tiers", InvalidTiers),
    ({"model": "volume", "tiers": {}}, "tiers", InvalidPrice),
    ({"model": "volume", "tiers": [{}]}, "tiers[0].up_to", InvalidTiers),
    ({"model": "volume", "tiers": [5]}, "tiers[0]", InvalidTiers),
    ({"model": "volume", "tiers": [{"up_to": "5", "price": "1"}]}, "tiers[0].price", InvalidTiers),
    ({"model": "volume", "tiers": [{"up_to": "0"}]}, "tiers[0].up_to", InvalidTiers),
    ({"model": "volume", "tiers": [{"up_to": 5.5}]}, "tiers[0].up_to", InvalidTiers),
    ({"model": "volume", "tiers": [{"up_to": 5, "unit_amount": -1}]}, "tiers[0].unit_amount", InvalidAmount),
    ({"model": "overage", "included": "1", "price": SPELLINGS[0]}, "price", InvalidPrice),
    ({"model": "overage", "included": "1", "price": {"model": "x"}}, "price.model", InvalidPrice),
    ({**RATES, "dimensions": "m"}, "dimensions", InvalidPrice),
    ({**RATES, "dimensions": [1]}, "dimensions", InvalidPrice),
    ({**RATES, "rates": [RATE, RATE]}, "rates[1].values", InvalidPrice),
    ({**RATES, "rates": [{"values": ["a"], "price": BACKWARDS}]}, "rates[0].price.tiers[1].up_to", InvalidTiers),
    ({**RATES, "rates": [{"values": ["a"], "price": RATES}]}, "rates[0].price", InvalidPrice),
    ({**RATES, "otherwise": 5}, "otherwise", InvalidPrice),
]


@pytest.mark.parametrize(
    ("document", "member", "refusal"),
    [*WRONG_TERMS, *(({"price": price}, f"price.{member}", kind) for price, member, kind in WRONG_PRICES)],
    ids=lambda value: str(value)[:70],
)
def test_what_can_not_be_read_is_refused_by_the_path_of_the_member(
    document: Any, member: str, refusal: type[APIError]
) -> None:
    with pytest.raises(refusal) as caught:
        terms_from_document(document)
    assert type(caught.value) is refusal
    assert caught.value.facts["member"] == member
    assert member in caught.value.detail


def test_terms_in_a_larger_document_are_refused_by_their_whole_path() -> None:
    with pytest.raises(InvalidTiers) as caught:
        terms_from_document({"price": BACKWARDS}, path="components[2].terms")
    assert caught.value.facts["member"] == "components[2].terms.price.tiers[1].up_to"
    assert caught.value.detail.startswith("components[2].terms.price.tiers[1].up_to is 1")


def test_a_fault_in_a_tier_carries_the_number_of_the_tier() -> None:
    with pytest.raises(InvalidAmount) as caught:
        price_from_document({"model": "volume", "tiers": [{"up_to": 5}, {"up_to": None, "unit_amount": "-1"}]})
    assert caught.value.facts == {"tier": 2, "member": "tiers[1].unit_amount"}


def test_the_name_of_an_unknown_member_is_not_repeated_at_any_length() -> None:
    with pytest.raises(InvalidPrice) as caught:
        price_from_document({"model": "flat", "amount": "1", "x" * 10_000: 1})
    assert len(caught.value.detail) < 100
