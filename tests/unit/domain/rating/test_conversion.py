"""Units that are billed as others: converted first, and everything else is said in what they become."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import InvalidAmount, InvalidPrice
from billing_sdk.money import Money
from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    PerUnit,
    Terms,
    UnitConversion,
    Usage,
    charge,
    document_of,
    explain,
    terms_from_document,
)
from tests.unit.domain.rating.rating import D, exact, rated, steps_named, tier

TEN_EACH = PerUnit(D(10))


@pytest.mark.parametrize(
    ("conversion", "measured", "converted"),
    [
        pytest.param(UnitConversion("divide", D(1_000)), "2500", "2.5", id="parts of a unit are kept"),
        pytest.param(UnitConversion("divide", D(1_000), "ceiling"), "2001", "3", id="every one begun"),
        pytest.param(UnitConversion("divide", D(1_000), "ceiling"), "2000", "2", id="a full one is one"),
        pytest.param(UnitConversion("divide", D(1_000), "floor"), "2999", "2", id="only full ones"),
        pytest.param(UnitConversion("divide", D(1_000), "half_up", 1), "2250", "2.3", id="half up, to a tenth"),
        pytest.param(UnitConversion("multiply", D("1.5")), "3", "4.5", id="multiplied"),
        pytest.param(UnitConversion("multiply", D("1.5"), "floor"), "3", "4", id="multiplied and rounded"),
        pytest.param(UnitConversion("divide", D(3)), "1", "0.333333333333", id="without an end: to 12 decimals"),
        pytest.param(UnitConversion("divide", D(7), "ceiling"), "0", "0", id="nothing stays nothing"),
    ],
)
def test_a_measured_quantity_becomes_the_one_that_is_priced(conversion, measured, converted):
    assert conversion.of(D(measured)) == D(converted)
    assert exact(Terms(TEN_EACH, conversion=conversion), measured) == D(converted) * 10


def test_tiers_and_units_given_away_are_in_what_it_becomes():
    scale = Graduated((tier("5", "10"), tier(None, "1")))
    terms = Terms(scale, discount_units=D(2), conversion=UnitConversion("divide", D(1_000)))
    assert exact(terms, "9000") == 5 * 10 + 2 * 1


def test_the_step_is_the_first_one_and_names_both_quantities():
    terms = Terms(TEN_EACH, conversion=UnitConversion("divide", D(1_000), "ceiling", display_unit="GB"))
    charged = rated(terms, "1500")
    (step,) = steps_named(charged, "conversion")
    assert step == charged.derivation.steps[0]
    assert (step.fact("measured"), step.fact("converted"), step.amount) == ("1500", "2", "0")
    assert explain(charged.derivation)[0] == "1,500 / 1,000 = 2 GB, rounded up."


def test_a_quantity_that_becomes_more_than_there_can_be_is_refused():
    with pytest.raises(InvalidAmount):
        rated(Terms(TEN_EACH, conversion=UnitConversion("multiply", D(10) ** 20)), "1" + "0" * 30)


@pytest.mark.parametrize(
    ("members", "member"),
    [
        ({"operation": "add", "factor": 1}, "operation"),
        ({"operation": "divide", "factor": 0}, "factor"),
        ({"operation": "divide", "factor": -1}, "factor"),
        ({"operation": "divide", "factor": 1, "rounding": "up"}, "rounding"),
        ({"operation": "divide", "factor": 1, "precision": 13}, "precision"),
        ({"operation": "divide", "factor": 1, "precision": True}, "precision"),
        ({"operation": "divide", "factor": 1, "display_unit": 3}, "display_unit"),
        ({"operation": "divide"}, "factor"),
        ({"operation": "divide", "factor": 1, "unit": "GB"}, "unit"),
    ],
)
def test_a_conversion_that_cannot_be_is_refused_by_its_path(members, member):
    with pytest.raises(InvalidPrice) as refused:
        terms_from_document({"price": {"model": "per_unit", "unit_amount": 1}, "conversion": members})
    assert refused.value.facts["member"] == f"conversion.{member}"


@pytest.mark.parametrize("price", [Flat(D(1)), ByDimension(("region",), ((("eu",), Flat(D(1))),))])
def test_what_has_no_one_quantity_has_none_to_be_converted(price):
    with pytest.raises(InvalidPrice, match="conversion"):
        Terms(price, conversion=UnitConversion("divide", D(2)))


def test_parts_with_prices_of_their_own_are_converted_each_by_itself():
    price = ByDimension(("model",), ((("large",), TEN_EACH),), otherwise=PerUnit(D(1)))
    terms = Terms(price, conversion=UnitConversion("divide", D(1_000), "ceiling"))
    parts = (((("model", "large"),), D(1_001)), ((("model", "small"),), D(1)), ((("model", "tiny"),), D(1_000)))
    charged = charge(terms, Usage(D(2_002), parts), currency="USD")
    assert [one.fact("converted") for one in steps_named(charged, "conversion")] == ["2", "2"]
    assert charged.amount == Money(2 * 10 + 2 * 1, "USD")
    assert terms_from_document(document_of(terms)) == terms


@settings(max_examples=60)
@given(
    st.builds(
        UnitConversion,
        st.sampled_from(["multiply", "divide"]),
        st.decimals("0.001", 10_000, places=3),
        st.sampled_from(["none", "ceiling", "floor", "half_up"]),
        st.integers(0, 6),
        st.sampled_from(["", "GB"]),
    ),
    st.integers(0, 10**9),
    st.integers(0, 10**6),
)
def test_it_reads_back_as_it_was_written_and_more_is_never_less(conversion, measured, further):
    terms = Terms(TEN_EACH, conversion=conversion)
    assert terms_from_document(document_of(terms)) == terms
    assert conversion.of(D(measured)) <= conversion.of(D(measured + further))
