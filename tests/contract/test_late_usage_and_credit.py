"""Usage that is corrected after credit, or a note of goodwill, has paid for some of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.top_up_credit import top_up_credit
from tests.contract.agreements import balance_of, invoices_of
from tests.contract.late import charged, notes_of, rated_of, sell_by_use, use
from tests.engines import DECLINED_WHEN_CHARGED, NOON, advance, payer

FIRST_WEEK = NOON + timedelta(days=5)


@pytest.fixture
def engine(memory_engine):
    return memory_engine


def usd(minor):
    return Money(minor, "USD")


def begin(engine, customer):
    sell_by_use(engine)
    return subscribe(engine, customer_id=customer.id, plan_key="metered")


def pass_days(engine, days):
    advance(engine, days=days)
    run_due(engine)


def correct(engine, agreement, total):
    """Say how much was used in the first month, and let it be billed."""
    advance(engine, hours=1)
    use(engine, agreement, total, FIRST_WEEK, kind="absolute")
    pass_days(engine, 2)


def ledger_credit(engine, customer):
    return [one.ledger.minor for one in look_up_credit(engine, customer_id=customer.id)]


def test_credit_that_has_paid_for_usage_which_there_was_not_is_there_again(engine):
    customer = payer(engine)
    agreement = begin(engine, customer)
    top_up_credit(engine, customer_id=customer.id, amount=usd(1_000))
    use(engine, agreement, 800)
    pass_days(engine, 28)
    assert ledger_credit(engine, customer) == [200]

    correct(engine, agreement, 0)

    assert ledger_credit(engine, customer) == [1_000]
    assert balance_of(engine, customer) == 0
    renewal = invoices_of(engine, customer)[-1]
    assert notes_of(engine, customer) == [(renewal.id, "credit", {1: 800, 2: -800})]
    with engine.read() as tx:
        told = explain_line(tx, renewal.id, 1)
        booked = tx.ledger.of_invoice(customer.id, renewal.id)
    entries = [entry for entry in booked if entry.kind in ("issue", "credit_note")]
    assert (told["net_minor"], told["left_minor"]) == (0, 0)
    assert sum(entry.amount_of("revenue") for entry in entries) == 0
    assert sum(entry.amount_of("credit_liability") for entry in entries) == 0


def test_usage_that_is_corrected_down_and_up_again_is_paid_with_the_credit_that_came_back(engine):
    customer = payer(engine, number=DECLINED_WHEN_CHARGED)
    agreement = begin(engine, customer)
    grant_credit(engine, customer_id=customer.id, name="Welcome", amount=usd(1_000))
    use(engine, agreement, 3_000)
    pass_days(engine, 28)
    correct(engine, agreement, 500)
    assert ledger_credit(engine, customer) == [500]
    assert [one.amount_due.minor for one in invoices_of(engine, customer)] == [0]

    correct(engine, agreement, 2_500)

    assert charged(engine, customer)[-1] == ("adjustment", [2_000, -500])
    assert sum(one.amount_due.minor for one in invoices_of(engine, customer)) == 1_500


def test_what_is_owed_is_lowered_before_credit_comes_back(engine):
    customer = payer(engine, number=DECLINED_WHEN_CHARGED)
    agreement = begin(engine, customer)
    grant_credit(engine, customer_id=customer.id, name="Welcome", amount=usd(100))
    use(engine, agreement, 150)
    pass_days(engine, 28)
    correct(engine, agreement, 60)
    assert ledger_credit(engine, customer) == [40]
    assert [one.status for one in invoices_of(engine, customer)] == ["paid"]


def test_what_was_given_back_in_goodwill_is_not_asked_for_again_by_a_correction(engine):
    customer = payer(engine)
    agreement = begin(engine, customer)
    use(engine, agreement, 100)
    pass_days(engine, 28)
    [renewal] = invoices_of(engine, customer)
    credit_invoice(engine, invoice_id=renewal.id, wanted={1: usd(80)}, reason="an outage")

    correct(engine, agreement, 40)
    assert (notes_of(engine, customer)[-1][2], rated_of(engine, agreement)[0].billed) == ({1: 20}, usd(80))
    correct(engine, agreement, 100)

    assert charged(engine, customer) == [("renewal", [100]), ("adjustment", [20, -20])]


def test_an_adjustment_is_issued_after_the_invoice_that_it_corrects(engine):
    slow = BillingProfile("profile_1", "Slow", NOON, is_default=True, wait_before_sending=Duration(days=5))
    with engine.begin() as tx:
        tx.billing_profiles.add(slow)
    customer = payer(engine)
    agreement = begin(engine, customer)
    use(engine, agreement, 100)
    pass_days(engine, 28)
    for total in (120, 40):
        advance(engine, hours=1)
        use(engine, agreement, total, FIRST_WEEK, kind="absolute")
        pass_days(engine, 2)
        assert invoices_of(engine, customer) == []
    pass_days(engine, 2)

    [renewal] = invoices_of(engine, customer)
    assert (renewal.is_issued, renewal.amount.minor) == (True, 100)
    assert notes_of(engine, customer) == [(renewal.id, "balance", {1: 60})]
    [one] = rated_of(engine, agreement)[:1]
    assert (one.billed, one.is_dirty) == (usd(40), False)


def test_usage_is_given_back_that_stands_beside_time_that_was_given_back_for_more(engine):
    customer = payer(engine)
    sell_by_use(engine, flat=3_000)
    sell_by_use(engine, "cheaper", flat=100)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="metered")
    use(engine, agreement, 40)
    advance(engine, days=14)
    options = ChangeOptions(is_invoice_now=True, is_prorate=True)
    change_plan(engine, customer_id=customer.id, plan_key="cheaper", options=options)
    kept = balance_of(engine, customer)
    assert kept == 1_500 - 100 - 40

    correct(engine, agreement, 0)

    assert balance_of(engine, customer) == kept + 40
