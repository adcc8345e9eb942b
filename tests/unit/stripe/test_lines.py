"""The lines of a bill as Stripe takes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.errors import TooManyLines
from billing_sdk.money import Money, total
from billing_sdk.server.gateways import BillLine
from billing_sdk.server.gateways.stripe.lines import (
    as_item,
    blocks,
    fingerprint,
    is_sent_alone,
    lines_to_send,
    position_of,
    to_line,
)
from tests.linked import bill, line, payer

ADA = payer("customer_1")


def test_up_to_250_lines_are_sent_as_they_are() -> None:
    wanted = bill(ADA, *[10] * 250)
    assert lines_to_send(wanted) == wanted.lines


def test_of_251_lines_the_last_one_adds_up_the_rest_and_the_sum_is_the_same() -> None:
    sent = lines_to_send(bill(ADA, *range(1, 252)))
    assert len(sent) == 250
    assert sent[-1].description == "2 further items"
    assert sent[-1].amount == Money(250 + 251, "EUR")
    assert total([one.amount for one in sent], "EUR") == bill(ADA, *range(1, 252)).amount


def test_lines_that_are_taxed_differently_are_not_added_up() -> None:
    many = bill(ADA, *[10] * 251, tax="by_gateway")
    mixed = replace(many, lines=(*many.lines[:-1], replace(many.lines[-1], tax_code="txcd_10000000")))

    sent = lines_to_send(mixed)

    assert [(one.tax_code, one.amount.minor) for one in sent[-2:]] == [(None, 200), ("txcd_10000000", 10)]
    assert total([one.amount for one in sent], "EUR") == many.amount


def test_lines_that_are_taxed_in_too_many_ways_to_be_added_up_are_refused() -> None:
    many = bill(ADA, *[10] * 251, tax="by_gateway")
    last = tuple(replace(one, tax_code=f"txcd_{one.position:08}") for one in many.lines[-11:])
    with pytest.raises(TooManyLines):
        lines_to_send(replace(many, lines=(*many.lines[:-11], *last)))


def test_taxes_that_stripe_works_out_itself_are_left_to_it() -> None:
    tax = BillLine(1, "VAT 19 %", Money(190, "EUR"), "tax", line(0, 1).period)
    with_tax = replace(bill(ADA, 1000), lines=(line(0, 1000), tax))
    assert lines_to_send(with_tax) == with_tax.lines
    assert lines_to_send(replace(with_tax, tax="by_gateway")) == (line(0, 1000),)


def test_a_line_says_its_place_so_that_it_is_known_again() -> None:
    wanted = bill(ADA, 1000, -200)
    sent = to_line(wanted, wanted.lines[1])
    assert sent["amount"] == -200
    assert position_of(sent["metadata"]) == 1  # type: ignore[arg-type]  # ours has strings only
    assert position_of({}) is None
    assert position_of({"billing_position": "x"}) is None


def test_a_taxed_line_says_how_and_a_discount_on_it_is_sent_by_itself() -> None:
    wanted = bill(ADA, 1000, -200, tax="by_gateway")
    plain, discount = wanted.lines
    taxed = replace(plain, tax_code="txcd_1", is_tax_included=True)
    price = to_line(wanted, taxed)["price_data"]
    assert (price["unit_amount"], price["tax_behavior"], price["product_data"]["tax_code"]) == (
        1000,
        "inclusive",
        "txcd_1",
    )
    assert [is_sent_alone(wanted, one) for one in wanted.lines] == [False, True]
    assert as_item(wanted, discount, invoice="in_1", customer="cus_1")["tax_behavior"] == "exclusive"


def test_lines_stay_in_their_blocks_and_other_content_is_another_request() -> None:
    lines = bill(ADA, *[10] * 230).lines
    assert [len(block) for block in blocks(lines)] == [100, 100, 30]
    assert fingerprint([{"amount": 1}]) != fingerprint([{"amount": 2}])
