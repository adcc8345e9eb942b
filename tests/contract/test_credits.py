"""Credit for usage: granted, taken back, ended; what is refused leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import (
    CreditGrantEnded,
    CreditGrantUsed,
    InvalidAmount,
    InvalidCreditGrant,
    InvalidRequest,
    NotFound,
    TooManyCreditGrants,
    UnknownCreditGrant,
    UnknownFeature,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.credits import CreditMovement
from billing_sdk.server.storage.tables.credits import credit_grants
from billing_sdk.server.usecases.expire_credit import expire_credit
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.void_credit import void_credit
from tests.contract.agreements import rows, timers_of
from tests.engines import NOON, advance, events_of, payer

DAY = timedelta(days=1)


@pytest.fixture
def customer(memory_engine):
    return payer(memory_engine)


def give(engine, customer, minor=1_000, **more):
    made = {"customer_id": customer.id, "name": "Welcome", "amount": Money(minor, "USD"), **more}
    return grant_credit(engine, **made)


def history(engine, grant):
    with engine.read() as tx:
        found = tx.grants.get(grant.id)
        return (
            found.status,
            found.left.minor,
            [(one.kind, one.amount.minor) for one in tx.grants.movements_of_grant(grant.id)],
        )


def balance(engine, customer):
    return [
        (one.ledger.minor, one.pending.minor, one.available.minor)
        for one in look_up_credit(engine, customer_id=customer.id)
    ]


def test_what_is_granted_is_there_at_once_and_announced(memory_engine, customer):
    grant = give(memory_engine, customer)
    assert history(memory_engine, grant) == ("granted", 1_000, [("granted", 1_000)])
    assert balance(memory_engine, customer) == [(1_000, 0, 1_000)]
    assert events_of(memory_engine, customer.id)[-1] == "customer.credit_granted"


def test_credit_of_two_currencies_has_two_balances_and_none_has_none(memory_engine, customer):
    assert balance(memory_engine, customer) == []
    give(memory_engine, customer)
    give(memory_engine, customer, amount=Money(700, "EUR"), effective_at=NOON + DAY)
    assert balance(memory_engine, customer) == [(700, 0, 0), (1_000, 0, 1_000)]


def test_credit_that_nobody_has_used_ends_with_its_time_and_once(memory_engine, customer):
    grant = give(memory_engine, customer, expires_at=NOON + DAY)
    assert timers_of(memory_engine, customer) == {"expire_credit": NOON + DAY}
    advance(memory_engine, days=1)
    assert run_due(memory_engine) == 1
    assert history(memory_engine, grant) == ("expired", 0, [("granted", 1_000), ("expired", -1_000)])
    assert events_of(memory_engine, customer.id)[-1] == "customer.credit_expired"
    assert timers_of(memory_engine, customer) == {}
    with pytest.raises(CreditGrantEnded):
        expire_credit(memory_engine, grant_id=grant.id)
    with pytest.raises(CreditGrantEnded):
        void_credit(memory_engine, grant_id=grant.id)


def test_credit_can_be_ended_before_its_time(memory_engine, customer):
    grant = give(memory_engine, customer, expires_at=NOON + DAY)
    expired = expire_credit(memory_engine, grant_id=grant.id)
    assert (expired.status, expired.left.minor, expired.expires_at) == ("expired", 0, NOON)
    assert timers_of(memory_engine, customer) == {}


def test_credit_that_is_taken_back_was_never_used_and_does_not_come_again(memory_engine, customer):
    grant = give(memory_engine, customer, expires_at=NOON + DAY)
    assert void_credit(memory_engine, grant_id=grant.id).voided_at == NOON
    assert history(memory_engine, grant) == ("voided", 0, [("granted", 1_000), ("voided", -1_000)])
    assert events_of(memory_engine, customer.id)[-1] == "customer.credit_voided"
    assert timers_of(memory_engine, customer) == {}
    with pytest.raises(CreditGrantEnded):
        void_credit(memory_engine, grant_id=grant.id)


def test_credit_that_was_used_is_not_taken_back(memory_engine, customer):
    grant = give(memory_engine, customer)
    with memory_engine.begin() as tx:
        tx.grants.move([CreditMovement("movement_1", grant.id, customer.id, "applied", Money(-1, "USD"), NOON)])
    before = rows(memory_engine)
    with pytest.raises(CreditGrantUsed):
        void_credit(memory_engine, grant_id=grant.id)
    assert rows(memory_engine) == before


REFUSED = [
    ({"amount": Money(0, "USD")}, InvalidAmount),
    ({"amount": Money(-100, "USD")}, InvalidAmount),
    ({"amount": Money(10**15 + 1, "USD")}, InvalidAmount),
    ({"expires_at": NOON - DAY}, InvalidCreditGrant),
    ({"expires_at": NOON}, InvalidCreditGrant),
    ({"effective_at": NOON + 2 * DAY, "expires_at": NOON + DAY}, InvalidCreditGrant),
    ({"effective_at": NOON.replace(tzinfo=None)}, InvalidRequest),
    ({"expires_at": NOON.replace(tzinfo=None)}, InvalidRequest),
    ({"name": "  "}, InvalidRequest),
    ({"priority": 1_001}, InvalidRequest),
    ({"category": "free"}, InvalidRequest),
    ({"applies_to": ["no_such_feature"]}, UnknownFeature),
    ({"applies_to": ["sso"]}, UnknownFeature),
    ({"customer_id": "customer_none"}, NotFound),
]


@pytest.mark.parametrize(("fault", "error"), REFUSED)
def test_a_grant_that_makes_no_sense_is_refused_and_leaves_nothing(memory_engine, customer, fault, error):
    before = rows(memory_engine)
    with pytest.raises(error):
        give(memory_engine, customer, **fault)
    assert rows(memory_engine) == before


def test_a_customer_has_a_hundred_unused_grants_at_most(memory_engine, customer):
    first = give(memory_engine, customer)
    with memory_engine.begin() as tx:
        for number in range(99):
            made = replace(first, id=f"grant_{number}", left=Money(0, "USD"))
            tx.grants.add(made)
            tx.grants.move([CreditMovement(f"movement_{number}", made.id, customer.id, "granted", made.amount, NOON)])
    before = rows(memory_engine)
    with pytest.raises(TooManyCreditGrants):
        give(memory_engine, customer)
    assert rows(memory_engine) == before
    void_credit(memory_engine, grant_id=first.id)
    give(memory_engine, customer)


def test_a_grant_that_is_not_there_can_t_be_ended(memory_engine):
    for end in (void_credit, expire_credit):
        with pytest.raises(UnknownCreditGrant):
            end(memory_engine, grant_id="grant_none")


@pytest.mark.parametrize("minor", [-1, 1_001])
def test_the_database_itself_keeps_a_grant_from_going_below_zero_or_above_what_was_granted(
    memory_engine, customer, minor
):
    grant = give(memory_engine, customer)
    change = update(credit_grants).where(credit_grants.c.id == grant.id).values(left_minor=minor)
    with memory_engine.database.begin() as tx, pytest.raises(IntegrityError):
        tx.grants._connection.execute(change)
