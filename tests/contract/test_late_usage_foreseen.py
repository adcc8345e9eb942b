"""What comes late is foreseen before it is billed: by previews of invoices, and by gates that ask for credit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import CreditExhausted
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.invoicing import CreditEntry
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.delete_user import delete_user
from billing_sdk.server.usecases.expire_credit import expire_credit
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.reserve_usage import reserve_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.upcoming_invoices import upcoming_invoices
from tests.contract.agreements import invoices_of, rows
from tests.contract.late import TOKENS, charged, sell_by_use, use
from tests.engines import NOON, advance, payer

IN_FEBRUARY = NOON + timedelta(days=20)


@pytest.fixture
def engine(memory_engine):
    return memory_engine


@pytest.fixture
def customer(engine):
    return payer(engine)


def wait_for_usage(engine, days):
    profile = BillingProfile("profile_1", "Slow", NOON, is_default=True, wait_for_late_usage=Duration(days=days))
    with engine.begin() as tx:
        tx.billing_profiles.add(profile)


def billed(engine, customer):
    """Return an agreement whose first month is over: 100 units of a cent, beside a fee of 10.00."""
    sell_by_use(engine, flat=1_000)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="metered")
    grant_credit(engine, customer_id=customer.id, name="Welcome", amount=Money(200, "USD"))
    use(engine, agreement, 100)
    pass_days(engine, 28)
    return agreement


def pass_days(engine, days):
    advance(engine, days=days)
    run_due(engine)


def foreseen(engine, customer):
    """Return what each invoice to come is for, and comes to."""
    with engine.read() as tx:
        found = upcoming_invoices(tx, engine, customer)
    return [([line.amount.minor for line in one.lines], one.amount.minor) for one in found]


def credit(engine, customer):
    [left] = look_up_credit(engine, customer_id=customer.id)
    return left.ledger.minor, left.pending.minor, left.available.minor


def reserve(engine, agreement, units):
    reserve_usage(engine, agreement_id=agreement.id, feature_key=TOKENS, units=str(units), requires_credit=True)


def test_an_invoice_that_waits_is_foreseen_with_the_usage_that_has_come_since(engine, customer):
    wait_for_usage(engine, days=2)
    agreement = billed(engine, customer)
    use(engine, agreement, 50, IN_FEBRUARY)
    before = rows(engine)

    [waiting, _] = foreseen(engine, customer)

    assert rows(engine) == before
    assert credit(engine, customer) == (200, 150, 50)
    with pytest.raises(CreditExhausted):
        reserve(engine, agreement, 51)
    pass_days(engine, 2)
    [_, issued] = invoices_of(engine, customer)
    assert ([line.amount.minor for line in issued.lines], issued.amount.minor) == waiting
    assert credit(engine, customer) == (50, 0, 50)


def test_an_adjustment_is_foreseen_as_soon_as_its_usage_has_come(engine, customer):
    agreement = billed(engine, customer)
    use(engine, agreement, 30, IN_FEBRUARY)
    before = rows(engine)

    [adjustment, _] = foreseen(engine, customer)

    assert rows(engine) == before
    assert adjustment == ([30, -30], 0)
    assert credit(engine, customer) == (100, 30, 70)
    with pytest.raises(CreditExhausted):
        reserve(engine, agreement, 71)
    pass_days(engine, 1)
    issued = invoices_of(engine, customer)[-1]
    assert (issued.reason, [line.amount.minor for line in issued.lines]) == ("adjustment", [30, -30])
    assert credit(engine, customer) == (70, 0, 70)


def test_usage_that_is_taken_back_is_no_invoice_to_come(engine, customer):
    agreement = billed(engine, customer)
    use(engine, agreement, 40, IN_FEBRUARY, kind="absolute")

    assert len(foreseen(engine, customer)) == 1


def test_an_adjustment_is_foreseen_to_take_the_balance_before_the_renewal(engine, customer):
    sell_by_use(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="metered")
    use(engine, agreement, 300)
    pass_days(engine, 28)
    with engine.begin() as tx:
        tx.credits.add(CreditEntry("credit_1", customer.id, Money(37, "USD"), "unused_time", NOON))
    use(engine, agreement, 33, IN_FEBRUARY)
    use(engine, agreement, 3_000)

    coming = foreseen(engine, customer)
    for _ in range(2):
        pass_days(engine, 31)

    assert coming == [([33, -33], 0), ([3_000, -4], 2_996)]
    assert charged(engine, customer)[1:3] == [("adjustment", [33, -33]), ("renewal", [3_000, -4])]


def test_what_waits_is_foreseen_to_be_paid_with_credit_before_an_adjustment_that_is_issued_first(engine, customer):
    grant_credit(engine, customer_id=customer.id, name="Gift", amount=Money(700, "USD"))
    sell_by_use(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="metered")
    use(engine, agreement, 300)
    pass_days(engine, 28)
    wait_for_usage(engine, days=2)
    use(engine, agreement, 350)
    pass_days(engine, 31)
    use(engine, agreement, 100, IN_FEBRUARY)

    coming = foreseen(engine, customer)
    for _ in range(3):
        pass_days(engine, 1)

    assert coming == [([100, -50], 50), ([350, -350], 0)]
    assert sorted(charged(engine, customer)[1:]) == [("adjustment", [100, -50]), ("renewal", [350, -350])]


def test_credit_that_an_adjustment_needs_stays_until_then_and_is_looked_at_again(engine, customer):
    agreement = billed(engine, customer)
    use(engine, agreement, 30, IN_FEBRUARY)
    with engine.read() as tx:
        [grant] = tx.grants.unused_of(customer.id)
        adjusted = tx.timers.find("adjust", agreement.id)

    expire_credit(engine, grant_id=grant.id)

    assert credit(engine, customer) == (30, 30, 0)
    with engine.read() as tx:
        assert tx.timers.find("expire_credit", grant.id).due_at == adjusted.due_at
    pass_days(engine, 1)
    assert charged(engine, customer)[-1] == ("adjustment", [30, -30])


def test_nothing_that_came_late_is_foreseen_for_an_account_that_was_deleted(engine, customer):
    agreement = billed(engine, customer)
    use(engine, agreement, 30, IN_FEBRUARY)
    known = len(charged(engine, customer))
    delete_user(engine, user_id=customer.user_id)

    assert foreseen(engine, customer) == []
    pass_days(engine, 2)
    assert [reason for reason, _ in charged(engine, customer)[known:]].count("adjustment") == 0
