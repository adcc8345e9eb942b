"""Adjustments of credit: they take what usage leaves, and explanations say what they have taken."""

from __future__ import annotations

import pytest

from billing_sdk.errors import InsufficientCredit
from billing_sdk.money import Money
from billing_sdk.server.usecases.adjust_credit import adjust_credit
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.subscribe import subscribe
from tests.e2e.test_credits import PLAN, credit, last_bill, renew, sell, use
from tests.engines import payer
from tests.explaining import recomputed_amount


@pytest.fixture
def customer(memory_engine):
    """Somebody with 10 dollars of credit that come with the month, and 7 to keep."""
    sell(memory_engine)
    found = payer(memory_engine)
    subscribe(memory_engine, customer_id=found.id, plan_key=PLAN)
    grant_credit(memory_engine, customer_id=found.id, name="Welcome", amount=Money(700, "USD"))
    return found


def adjust(engine, customer, minor):
    return adjust_credit(engine, customer_id=customer.id, name="Correction", amount=Money(minor, "USD"))


def agreement_of(engine, customer):
    with engine.read() as tx:
        return tx.agreements.live_of(customer.id)[0]


def test_what_usage_needs_that_is_billed_later_is_left(memory_engine, customer):
    use(memory_engine, agreement_of(memory_engine, customer), 300)
    assert credit(memory_engine, customer) == [(1_700, 1_500, 200)]
    with pytest.raises(InsufficientCredit):
        adjust(memory_engine, customer, -201)
    adjust(memory_engine, customer, -200)
    assert credit(memory_engine, customer) == [(1_500, 1_500, 0)]
    renew(memory_engine)
    assert last_bill(memory_engine, customer)[-2:] == [("credit_grant", -1_000), ("credit_grant", -500)]


def test_an_explanation_says_what_was_taken_of_the_credit_before(memory_engine, customer):
    adjust(memory_engine, customer, -1_200)
    use(memory_engine, agreement_of(memory_engine, customer), 300)
    renew(memory_engine)
    with memory_engine.read() as tx:
        invoice = tx.invoices.newest_of(customer.id)[0]
        [number] = [place for place, line in enumerate(invoice.lines, 1) if line.kind == "credit_grant"]
        told = explain_line(tx, invoice.id, number)
    assert told["amount_minor"] == recomputed_amount(told) == -500
    [taken] = told["calculation"]["adjustments"]
    assert (taken["name"], taken["amount_minor"]) == ("Correction", -200)
    assert told["told"][-1] == "2.00 USD of it was taken before: Correction."
