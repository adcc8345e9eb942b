"""Cards: one that has expired is not taken, and one that is good until the end of its month is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.errors import CardRefused
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.payment_methods import remove_method
from tests.contract.test_usecases_at_once import at_once
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


def test_a_form_that_is_sent_many_times_at_once_adds_its_card_once(engine):
    customer_id = payer(engine, number=None).id
    typed = replace(card(), form_key="a" * 22)
    added = at_once(lambda _: add_card(engine, customer_id=customer_id, card=typed).id, 4)
    other = add_card(engine, customer_id=customer_id, card=replace(typed, number="5555555555554444"))
    again = add_card(engine, customer_id=customer_id, card=replace(typed, form_key="b" * 22))
    assert {one.id for one in methods(engine, customer_id)} == {*added, other.id, again.id}
    assert len({*added}) == 1


def test_a_copy_of_a_form_does_not_bring_back_its_card_after_that_was_removed(engine):
    customer_id = payer(engine, number=None).id
    typed = replace(card(), form_key="a" * 22)
    added = add_card(engine, customer_id=customer_id, card=typed)
    remove_method(engine, customer_id=customer_id, method_id=added.id)
    add_card(engine, customer_id=customer_id, card=typed)
    assert methods(engine, customer_id) == ()


def methods(engine, customer_id):
    with engine.read() as tx:
        return tx.customers.methods_of(customer_id)
