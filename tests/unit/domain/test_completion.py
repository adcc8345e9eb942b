"""Completion: what comes last on every invoice, whatever put it together."""

from __future__ import annotations

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import COMPLETION, InvoiceLine
from tests.unit.domain.things import JANUARY, completed


def lines(*amounts: int) -> tuple[InvoiceLine, ...]:
    return tuple(InvoiceLine("Fee", Money(amount, "USD"), JANUARY, "version_1", "fee_1") for amount in amounts)


def amounts_of(*amounts: int, balance: int = 0) -> list[int]:
    return [line.amount.minor for line in completed(lines(*amounts), balance)]


def test_the_order_of_what_comes_last_is_a_tuple_of_steps():
    assert [step.__name__ for step in COMPLETION] == [
        "credit_grants",
        "overage",
        "taxes",
        "surplus_kept",
        "customer_balance",
    ]


@pytest.mark.parametrize(("balance", "last"), [(0, None), (500, -500), (2_900, -2_900), (9_999, -2_900)])
def test_the_credit_balance_pays_what_is_left_and_no_more(balance, last):
    assert amounts_of(2_900, balance=balance) == [2_900] + ([] if last is None else [last])


def test_no_invoice_comes_to_less_than_nothing():
    assert amounts_of(2_900, -3_400, balance=100) == [2_900, -3_400, 500]


def test_an_invoice_without_lines_stays_without():
    assert amounts_of(balance=500) == []
