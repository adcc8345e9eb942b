"""Cards: one that has expired is not taken, and one that is good until the end of its month is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.errors import CardRefused
from billing_sdk.server.usecases.add_card import add_card
from tests.engines import NOON, card, payer


@pytest.mark.parametrize(("month", "year"), [(12, NOON.year - 1), (12, 2020), (1, 2000)])
def test_a_card_of_a_past_month_is_refused_and_the_one_before_stays(engine, month, year):
    customer = payer(engine)
    with engine.read() as tx:
        before = tx.customers.find_payment_method(customer.id)

    with pytest.raises(CardRefused) as refusal:
        add_card(engine, customer_id=customer.id, card=replace(card(), exp_month=month, exp_year=year))

    assert refusal.value.facts["parameter"] == "expiry"
    with engine.read() as tx:
        assert tx.customers.find_payment_method(customer.id) == before


def test_a_card_is_good_until_the_end_of_its_month(engine):
    customer = payer(engine, number=None)

    add_card(engine, customer_id=customer.id, card=replace(card(), exp_month=NOON.month, exp_year=NOON.year))

    with engine.read() as tx:
        assert tx.customers.find_payment_method(customer.id) is not None
