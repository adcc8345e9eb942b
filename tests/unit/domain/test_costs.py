"""What usage costs the business itself."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.costs import (
    PUBLISHED,
    ModelCost,
    Part,
    PriceBook,
    Pricing,
    costs_of,
    models_in,
    override,
    unit_cost_from,
)
from billing_sdk.server.domain.metering import UsageQuery, UsageRow
from billing_sdk.server.domain.periods import Period

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
FIRST = Period(JANUARY, FEBRUARY)
PRICING = Pricing(Decimal("0.1"), Decimal("0.2"))
NAMES = ("model", "kind")
BY_NAMES = ModelCost(Part("acme"), Part(dimension="model"), Part(dimension="kind"))


def price(model: str = "large", of: str = "1", **fields: object):
    wanted = {"provider": "acme", "model_id": model, "effective_from": JANUARY, "at": JANUARY, **fields}
    return override(f"llm_price_{model}", pricing=Pricing(Decimal(of), Decimal(2)), **wanted)


def row(*group: str | None, value: str = "10") -> UsageRow:
    return UsageRow(FIRST, group, Decimal(value))


def cost(*parts: UsageRow, book: PriceBook) -> tuple[Decimal | None, str | None]:
    whole = [UsageRow(FIRST, (), Decimal(1))]
    (found,) = costs_of(whole, parts, UsageQuery(FIRST), NAMES, BY_NAMES, book)
    return found.cost, found.detail


@pytest.mark.parametrize(
    ("token_type", "price"),
    [
        ("input", "0.1"),
        ("request", "0.1"),
        ("output", "0.2"),
        ("response", "0.2"),
        ("cache_read", None),
        ("thought", None),
    ],
)
def test_a_token_has_the_price_of_its_type(token_type, price):
    assert PRICING.of(token_type) == (None if price is None else Decimal(price))


@pytest.mark.parametrize("amount", ["-0.1", "1000001", "1E-25", "NaN", "Infinity"])
def test_a_price_is_a_number_that_can_be_a_price(amount):
    with pytest.raises(InvalidRequest, match="a token costs"):
        Pricing(Decimal(amount), Decimal(1))


def test_an_override_holds_from_its_beginning_to_before_its_end_and_what_is_built_in_else():
    book = PriceBook([price(of="5", effective_from=FEBRUARY, effective_to=MARCH)], [price()])

    found = [book.find("ACME", "Large", at) for at in (JANUARY, FEBRUARY, MARCH)]

    assert [one and one.pricing.input_per_token for one in found] == [1, 5, 1]
    assert book.changes([("acme", "large"), ("acme", "other")], Period(JANUARY, MARCH)) == [FEBRUARY]
    assert book.find("acme", "other", MARCH) is None


def test_parts_of_a_group_are_added_up_exactly():
    parts = [row("large", "input", value="0.1"), row("large", "output", value="1E-20")]

    assert cost(*parts, book=PriceBook([price()], [])) == (Decimal("0.10000000000000000002"), None)


@pytest.mark.parametrize(
    ("group", "detail"),
    [
        (("small", "input"), "no price of the model 'small' of 'acme' at that time"),
        (("large", "thought"), "'thought' is no type of token"),
        (("large", "cache_read"), "no price of tokens of the type cache_read of the model 'large'"),
        ((None, "input"), "usage without a model in 'model'"),
        (("large", ""), "usage without a token type in 'kind'"),
    ],
)
def test_usage_of_which_a_part_has_no_price_has_no_cost_and_says_why(group, detail):
    assert cost(row("large", "input"), row(*group), book=PriceBook([price()], [])) == (None, detail)


def test_many_reasons_are_counted_rather_than_told():
    parts = [row(f"m{number}", "input") for number in range(7)]

    assert cost(*parts, book=PriceBook([], []))[1].endswith("'m4' of 'acme' at that time; and 2 more")


def test_the_models_of_usage_are_those_that_it_names_whole():
    rows = [row("Large", "input"), row("large", "output"), row(None, "input")]

    assert models_in(rows, NAMES, BY_NAMES) == {("acme", "large")}


def test_a_unit_cost_is_read_as_it_is_kept():
    kept = {"type": "llm", "provider": "acme", "model_property": "model", "token_type_property": "kind"}

    assert unit_cost_from(kept) == BY_NAMES


def test_what_is_built_in_names_each_model_once_and_has_ids_of_its_own():
    assert len({one.model for one in PUBLISHED}) == len({one.id for one in PUBLISHED}) == len(PUBLISHED)
    assert {one.source for one in PUBLISHED} == {"system"}
