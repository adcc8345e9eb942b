"""Whose turn it is: what a customer uses stays with the agreement that included the feature when it was used."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.server.domain.catalog import Rate
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.late import sell_by_use
from tests.contract.test_add_ons import add, add_on, remove
from tests.contract.usage_events import report
from tests.engines import NOON, advance, payer


@pytest.fixture
def customer(memory_engine):
    add_on(memory_engine)
    group = add_plan_group(memory_engine, key="more", name="More", scope="user")
    seats = Rate("rate_two", "seats", "Seats", "USD", Terms(PerUnit(Decimal(2))))
    sell_by_use(memory_engine, "by_seat", beside=(seats,), group=group)
    return payer(memory_engine)


@pytest.fixture
def older(memory_engine, customer):
    return subscribe(memory_engine, customer_id=customer.id, plan_key="pro_monthly")


def seats_used(engine, *agreements):
    window = Period(NOON, NOON + timedelta(days=28))
    with engine.read() as tx:
        return [tx.usage.total(one.id, "seats", window) for one in agreements]


def test_an_add_on_takes_over_what_is_used_from_then_on_and_nothing_before(memory_engine, customer, older):
    advance(memory_engine, days=1)
    younger = subscribe(memory_engine, customer_id=customer.id, plan_key="by_seat")
    report(memory_engine, customer.id, 100, type="seats", id="before")
    advance(memory_engine, days=1)
    add(memory_engine, older)

    report(memory_engine, customer.id, 5, type="seats", id="after")

    assert seats_used(memory_engine, older, younger) == [5, 100]


def test_what_was_used_with_an_add_on_stays_with_it_when_it_goes(memory_engine, customer, older):
    add(memory_engine, older)
    advance(memory_engine, days=1)
    younger = subscribe(memory_engine, customer_id=customer.id, plan_key="by_seat")
    report(memory_engine, customer.id, 100, type="seats", id="before")
    advance(memory_engine, days=1)
    remove(memory_engine, older)

    report(memory_engine, customer.id, 5, type="seats", id="after")

    assert seats_used(memory_engine, older, younger) == [100, 5]


def test_what_is_used_in_a_pause_counts_under_no_agreement(memory_engine, customer):
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key="by_seat")
    advance(memory_engine, days=1)
    report(memory_engine, customer.id, 1, type="seats", id="before")
    advance(memory_engine, days=1)
    pause_agreement(memory_engine, agreement_id=agreement.id)
    report(memory_engine, customer.id, 10, type="seats", id="in the pause")
    assert seats_used(memory_engine, agreement) == [1]
    advance(memory_engine, days=1)
    resume_agreement(memory_engine, agreement_id=agreement.id)

    report(memory_engine, customer.id, 100, type="seats", id="after")

    assert seats_used(memory_engine, agreement) == [101]
