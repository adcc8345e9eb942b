"""What taxes come to: worked examples, and what holds for any bill."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.money import Money, round_money, total
from billing_sdk.server.domain.tax import (
    REVERSE_CHARGE,
    AppliedRate,
    Taxable,
    apportioned,
    assess,
    share_of_part,
)

VAT = AppliedRate("taxrate_vat", "VAT", Decimal(19))
REDUCED = AppliedRate("taxrate_reduced", "VAT", Decimal(7))
GST = AppliedRate("taxrate_gst", "GST", Decimal(5))
QST = AppliedRate("taxrate_qst", "QST", Decimal("9.975"))
EXEMPT = AppliedRate("taxrate_exempt", "VAT", Decimal(0))
RATES = (VAT, REDUCED, GST, QST, EXEMPT)


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def on(minor: int, *rates: AppliedRate, is_inclusive: bool = False) -> Taxable:
    return Taxable(euros(minor), rates, is_inclusive)


# Each: what is charged, and then for every rate its base, its amount, and whether prices include it.
EXAMPLES = {
    "a price without tax has it added": ([on(10_000, VAT)], [(10_000, 1_900, False)]),
    "a price that includes tax keeps its amount": ([on(11_900, VAT, is_inclusive=True)], [(10_000, 1_900, True)]),
    "of a price that includes tax, the tax is rounded": ([on(1_000, VAT, is_inclusive=True)], [(840, 160, True)]),
    "a half is rounded away from zero": ([on(50, VAT)], [(50, 10, False)]),
    "a rate is rounded once for all lines": ([on(13, VAT), on(13, VAT), on(13, VAT)], [(39, 7, False)]),
    "each rate is rounded by itself": ([on(13, VAT), on(13, REDUCED)], [(13, 2, False), (13, 1, False)]),
    "rates of a country and of a region add up": ([on(10_000, GST, QST)], [(10_000, 500, False), (10_000, 998, False)]),
    "a price includes all of its rates": (
        [on(11_498, GST, QST, is_inclusive=True)],
        [(10_000, 500, True), (10_000, 998, True)],
    ),
    "one rate holds for one line and two for another": (
        [on(10_000, GST, QST), on(2_000, GST)],
        [(12_000, 600, False), (10_000, 998, False)],
    ),
    "a discount lowers the base": ([on(10_000, VAT), on(-2_500, VAT)], [(7_500, 1_425, False)]),
    "what is given back has its tax given back": ([on(-3_333, VAT)], [(-3_333, -633, False)]),
    "a half that is given back is rounded away from zero too": ([on(-50, VAT)], [(-50, -10, False)]),
    "of an inclusive price that is given back, too": ([on(-11_900, VAT, is_inclusive=True)], [(-10_000, -1_900, True)]),
    "the same rate is kept apart where prices include it": (
        [on(10_000, VAT), on(11_900, VAT, is_inclusive=True)],
        [(10_000, 1_900, False), (10_000, 1_900, True)],
    ),
    "what is exempt has a base and no tax": ([on(10_000, EXEMPT)], [(10_000, 0, False)]),
    "reverse charge has a base and no tax": ([on(10_000, REVERSE_CHARGE)], [(10_000, 0, False)]),
    "what no rate holds for is not taxed": ([on(10_000)], []),
    "without lines there is no tax": ([], []),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_examples_of_taxes(name: str) -> None:
    """Base, amount and kind of every rate, in the order in which the rates come up."""
    items, expected = EXAMPLES[name]
    taxes = assess(items, "EUR").taxes
    assert [(tax.base.minor, tax.amount.minor, tax.is_inclusive) for tax in taxes] == expected


def test_lines_have_shares_that_make_up_the_tax() -> None:
    """Three lines of 13 cents have 7 cents of tax between them: the first gets what is left over."""
    assessment = assess([on(13, VAT), on(13, VAT), on(13, VAT)], "EUR")
    assert [[share.amount.minor for share in shares] for shares in assessment.shares] == [[3], [2], [2]]


def test_a_line_that_cancels_another_cancels_its_share() -> None:
    """A charge and its complete discount have no tax between them, and opposite shares of it."""
    assessment = assess([on(50, VAT), on(-50, VAT)], "EUR")
    assert [shares[0].amount.minor for shares in assessment.shares] == [10, -10]


items_of_bills = st.lists(
    st.builds(
        lambda minor, rates, is_inclusive: Taxable(euros(minor), tuple(rates), is_inclusive),
        st.integers(-(10**9), 10**9),
        st.lists(st.sampled_from(RATES), unique=True, max_size=3),
        st.booleans(),
    ),
    max_size=8,
)


def net_of(item: Taxable) -> Fraction:
    percent = sum((Fraction(rate.percent) for rate in item.rates), Fraction(0)) if item.is_inclusive else Fraction(0)
    return item.amount.minor / (1 + percent / 100)


@settings(max_examples=100)
@given(items_of_bills)
def test_a_tax_is_its_base_times_its_rate_rounded_once(items: list[Taxable]) -> None:
    """For exclusive prices from the base, for inclusive ones from what is left of each price without its taxes."""
    for tax in assess(items, "EUR").taxes:
        mine = [item for item in items if item.is_inclusive == tax.is_inclusive and tax.rate in item.rates]
        net = sum((net_of(item) for item in mine), Fraction(0))
        assert tax.amount == round_money(net * Fraction(tax.percent) / 100, "EUR")
        if not tax.is_inclusive:
            assert tax.base.minor == net


@settings(max_examples=100)
@given(items_of_bills)
def test_shares_of_lines_add_up_to_bases_and_amounts(items: list[Taxable]) -> None:
    """And no share is a whole cent away from what the line alone would come to."""
    assessment = assess(items, "EUR")
    for tax in assessment.taxes:
        shares = [
            (item, share)
            for item, mine in zip(items, assessment.shares, strict=True)
            for share in mine
            if share.rate == tax.rate and item.is_inclusive == tax.is_inclusive
        ]
        assert total([share.amount for _, share in shares], "EUR") == tax.amount
        assert total([share.base for _, share in shares], "EUR") == tax.base
        assert all(abs(share.amount.minor - item.exact_tax(tax.rate)) < 1 for item, share in shares)


@settings(max_examples=100)
@given(items_of_bills)
def test_what_includes_tax_is_its_base_and_all_of_its_taxes(items: list[Taxable]) -> None:
    """Nothing of an inclusive price is lost between base and taxes."""
    for item, shares in zip(items, assess(items, "EUR").shares, strict=True):
        if item.is_inclusive and shares:
            assert item.amount == shares[0].base + total([share.amount for share in shares], "EUR")


@settings(max_examples=100)
@given(items_of_bills)
def test_the_opposite_of_a_bill_has_the_opposite_taxes(items: list[Taxable]) -> None:
    """So a credit note for everything gives back every cent, line by line."""
    opposite = [Taxable(-item.amount, item.rates, item.is_inclusive) for item in items]
    there, back = assess(items, "EUR"), assess(opposite, "EUR")
    assert [-tax.amount for tax in there.taxes] == [tax.amount for tax in back.taxes]
    assert [[-share.amount for share in shares] for shares in there.shares] == [
        [share.amount for share in shares] for shares in back.shares
    ]


@settings(max_examples=60)
@given(st.integers(-(10**6), 10**6), st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
def test_parts_that_make_up_a_line_have_all_of_its_share(share: int, parts: list[int]) -> None:
    """However a line is credited in parts, its tax is credited once."""
    whole, given_back, before = euros(sum(parts)), euros(0), euros(0)
    for part in map(euros, parts):
        given_back += share_of_part(euros(share), whole=whole, part=part, before=before)
        before += part
    assert given_back == euros(share)


def test_shares_of_nothing_are_nothing() -> None:
    """A tax without parts, and parts without a tax."""
    assert apportioned(euros(0), []) == ()
    assert apportioned(euros(0), [Fraction(0), Fraction(0)]) == (euros(0), euros(0))
