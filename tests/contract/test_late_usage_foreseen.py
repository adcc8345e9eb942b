"""What comes late is foreseen before it is billed: by previews of invoices, and by gates that ask for credit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import CreditExhausted
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.reserve_usage import reserve_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.upcoming_invoices import upcoming_invoices
from tests.contract.agreements import invoices_of, rows
from tests.contract.late import TOKENS, sell_by_use, use
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
