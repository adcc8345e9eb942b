"""Gates that require credit: what is admitted is what the invoice will have paid with credit, and no unit more."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import CreditExhausted, LimitReached
from billing_sdk.money import Money
from billing_sdk.server.usecases.commit_reservation import commit_reservation
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.release_reservation import release_reservation
from billing_sdk.server.usecases.reserve_usage import lease_usage, reserve_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import rows
from tests.e2e.test_credits import PLAN, credit, last_bill, sell
from tests.engines import advance, payer


@pytest.fixture
def customer(memory_engine):
    return payer(memory_engine)


@pytest.fixture
def agreement(memory_engine, customer):
    """Tokens at 5 cents, and 10 dollars of credit for them every month."""
    sell(memory_engine)
    return subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)


def reserve(engine, agreement, units):
    return reserve_usage(
        engine, feature_key="ai_tokens", units=str(units), agreement_id=agreement.id, requires_credit=True
    )


def test_units_are_admitted_as_long_as_credit_pays_for_them(memory_engine, agreement, customer):
    for _ in range(2):
        commit_reservation(
            memory_engine, reservation_id=reserve(memory_engine, agreement, 100).id, agreement_id=agreement.id
        )
    assert credit(memory_engine, customer) == [(1_000, 1_000, 0)]
    before = rows(memory_engine)
    with pytest.raises(CreditExhausted) as caught:
        reserve(memory_engine, agreement, 1)
    assert rows(memory_engine) == before
    assert caught.value.facts == {
        "feature": "ai_tokens",
        "asked": "1",
        "currency": "USD",
        "missing_minor": 5,
        "available_minor": 0,
    }
    advance(memory_engine, days=31)
    run_due(memory_engine)
    assert last_bill(memory_engine, customer) == [("licence_fee", 50_000), ("usage", 1_000), ("credit_grant", -1_000)]


def test_what_others_have_reserved_is_spoken_for_until_it_is_given_back(memory_engine, agreement):
    held = reserve(memory_engine, agreement, 150)
    with pytest.raises(CreditExhausted) as caught:
        reserve(memory_engine, agreement, 51)
    assert (caught.value.facts["missing_minor"], caught.value.facts["available_minor"]) == (5, 250)
    reserve(memory_engine, agreement, 50)
    release_reservation(memory_engine, reservation_id=held.id, agreement_id=agreement.id)
    reserve(memory_engine, agreement, 150)


def test_a_lease_is_as_large_as_it_is_wished_for_if_credit_pays_for_all_of_it_else_as_what_is_needed(
    memory_engine, agreement
):
    def lease(units, least):
        found = lease_usage(
            memory_engine,
            feature_key="ai_tokens",
            units=units,
            least=least,
            agreement_id=agreement.id,
            requires_credit=True,
        )
        return found.units

    assert [lease("150", "1"), lease("60", "20"), lease("60", "30")] == [150, 20, 30]
    with pytest.raises(CreditExhausted):
        lease("60", "1")


def test_units_that_have_expired_need_credit_once_more(memory_engine, agreement):
    held = reserve(memory_engine, agreement, 200)
    advance(memory_engine, seconds=timedelta(minutes=6).total_seconds())
    other = reserve(memory_engine, agreement, 1)
    with pytest.raises(CreditExhausted):
        commit_reservation(memory_engine, reservation_id=held.id, agreement_id=agreement.id)
    release_reservation(memory_engine, reservation_id=other.id, agreement_id=agreement.id)
    assert commit_reservation(memory_engine, reservation_id=held.id, agreement_id=agreement.id).status == "committed"


def test_usage_that_credit_does_not_cover_leaves_nothing_for_a_gate_until_more_is_granted(
    memory_engine, agreement, customer
):
    record_usage(memory_engine, agreement_id=agreement.id, feature_key="ai_tokens", value="300")
    with pytest.raises(CreditExhausted):
        reserve(memory_engine, agreement, 1)
    grant_credit(memory_engine, customer_id=customer.id, name="More", amount=Money(510, "USD"))
    reserve(memory_engine, agreement, 2)
    with pytest.raises(CreditExhausted):
        reserve(memory_engine, agreement, 1)


def test_a_gate_that_requires_no_credit_lets_usage_be_invoiced(memory_engine, agreement):
    record_usage(memory_engine, agreement_id=agreement.id, feature_key="ai_tokens", value="300")

    held = reserve_usage(memory_engine, feature_key="ai_tokens", units="1", agreement_id=agreement.id)

    assert (held.status, held.units) == ("held", Decimal(1))


def test_units_that_cost_nothing_need_no_credit_but_room(memory_engine, customer):
    free = subscribe(memory_engine, customer_id=customer.id, plan_key="free")
    reserve(memory_engine, free, 1)
    with pytest.raises(LimitReached):
        reserve(memory_engine, free, 10**9)
