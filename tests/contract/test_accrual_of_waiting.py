"""Invoices that are made and not issued are accrued when a month ends, and so is what was given on credit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import LicenceFee, Rate, VersionContent
from billing_sdk.server.domain.collection import BUILT_IN_ID, TaxSettings
from billing_sdk.server.domain.ledger import revenue_tables
from billing_sdk.server.domain.periods import Cadence, Duration, Period
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import IN_MEMORY, NOON, advance, be_patient, card, engine_on, payer

USD = "USD"


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        add_feature(opened, key="calls", name="Calls", feature_type="metered", unit_name="call")
        offer(opened, "fee", fee(3_000))
        offer(opened, "metered", Rate("rate_calls", "calls", "Calls", USD, Terms(PerUnit(Decimal(1)))))
        offer(opened, "both", fee(3_000), Rate("rate_both", "calls", "Calls", USD, Terms(PerUnit(Decimal(1)))))
        offer(opened, "yearly", fee(120_000), cadence=Cadence("year"))
        yield opened


def fee(amount_minor):
    return LicenceFee(f"fee_{amount_minor}", "base", "Base", USD, Terms(Flat(Decimal(amount_minor))))


def offer(engine, key, *components, cadence=None):
    create_plan(engine, key=key, name=key, content=VersionContent(components, cadence=cadence or Cadence("month")))
    publish_plan(engine, plan_key=key)


def until(engine, month, day=1, hour=0, *, year=2026):
    advance(engine, seconds=(datetime(year, month, day, hour, tzinfo=UTC) - engine.now()).total_seconds())
    run_due(engine)


def changes(engine, customer_id, account="revenue"):
    """Return what was posted to an account in each month, by month; nothing where that is nothing."""
    with engine.read() as tx:
        (table,) = revenue_tables(tx.ledger.sums_by_month(customer_id=customer_id))
    found = {row.account: row.changes_minor for row in table.rows}.get(account, ())
    return {month: minor for (_, month), minor in zip(table.months, found, strict=False) if minor}


def use(engine, agreement, calls, at=None):
    record_usage(engine, agreement_id=agreement.id, feature_key="calls", value=str(calls), used_at=at)


def test_fees_of_an_invoice_that_waits_are_earned_month_by_month_where_nothing_is_used(engine):
    update_profile(engine, BUILT_IN_ID, wait_before_sending=Duration(days=70))
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="fee")

    until(engine, 4)

    assert changes(engine, agreement.customer_id, "unbilled_receivable") == {2: 48, 3: 3_002}
    until(engine, 5, 20)
    earned = changes(engine, agreement.customer_id)
    assert (earned[2], earned[3]) == (2_946 + 48, 3_002)


def test_fees_of_an_invoice_that_is_held_are_earned_month_by_month(engine):
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="fee")
    update_profile(engine, BUILT_IN_ID, tax=TaxSettings(is_enabled=True, is_enforced=True))

    for month in (3, 4):
        until(engine, month)

    assert changes(engine, agreement.customer_id)[3] == 3_002


def test_usage_of_an_invoice_that_is_held_counts_to_the_month_that_ends_with_it(engine):
    advance(engine, hours=12)
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="metered")
    update_profile(engine, BUILT_IN_ID, tax=TaxSettings(is_enabled=True, is_enforced=True))
    use(engine, agreement, 7)

    until(engine, 3, 5)

    assert changes(engine, agreement.customer_id) == {2: 7}


def test_an_invoice_takes_back_only_what_it_has_where_others_still_wait(engine):
    update_profile(engine, BUILT_IN_ID, wait_before_sending=Duration(days=70))
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="both")
    for month in (2, 3, 4):
        until(engine, month, 10)
        use(engine, agreement, 1_000)
    until(engine, 5)
    before = changes(engine, agreement.customer_id, "unbilled_receivable")
    assert sum(before.values()) > 6_000

    until(engine, 5, 20)  # the invoice of Feb 28 was sent on May 9

    after = changes(engine, agreement.customer_id, "unbilled_receivable")
    # Its fee, and the usage of February, are on it; those of March and April are not.
    assert after[5] == -(3_000 + 1_000)
    earned = changes(engine, agreement.customer_id)
    assert earned.get(5, 0) == 0
    until(engine, 6)
    assert changes(engine, agreement.customer_id)[5] == pytest.approx(3_000, abs=60)


def test_a_one_off_charge_takes_back_no_accrued_usage(engine):
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="metered")
    use(engine, agreement, 500)
    until(engine, 2, 10)
    charge = OneOff("Setup", Money(2_000, USD), Period(NOON, NOON + timedelta(days=2)), agreement_id=agreement.id)

    add_charge(engine, customer_id=agreement.customer_id, charge=charge, bill_now=True)

    assert changes(engine, agreement.customer_id) == {1: 500, 2: 2_000}
    assert changes(engine, agreement.customer_id, "unbilled_receivable") == {1: 500}


def test_a_charge_that_gathers_for_an_agreement_is_earned_when_it_was_delivered(engine):
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="yearly")
    charge = OneOff("Setup", Money(2_000, USD), agreement_id=agreement.id)
    add_charge(engine, customer_id=agreement.customer_id, charge=charge)

    until(engine, 2)

    assert changes(engine, agreement.customer_id, "unbilled_receivable") == {1: 2_000}


def test_usage_that_still_gets_on_a_waiting_invoice_counts_to_the_month_that_it_was_reported_in(engine):
    update_profile(engine, BUILT_IN_ID, wait_for_late_usage=Duration(days=2))
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="metered")
    use(engine, agreement, 1)
    until(engine, 2, 28, 13)
    use(engine, agreement, 2_000, at=datetime(2026, 2, 28, 10, tzinfo=UTC))

    until(engine, 3, 5)

    assert changes(engine, agreement.customer_id) == {1: 1, 2: 2_000}


def test_a_year_on_credit_is_earned_month_by_month_and_taken_back_by_its_first_invoice(engine):
    agreement = on_credit(engine, "yearly")

    until(engine, 1, 31, 11, year=2027)

    earned = changes(engine, agreement.customer_id)
    assert len(earned) == 12
    assert sum(earned.values()) == sum(changes(engine, agreement.customer_id, "unbilled_receivable").values())
    until(engine, 1, 31, 13, year=2027)
    with engine.read() as tx:
        assert tx.ledger.find_accrued(agreement.id) is None
        balance = tx.ledger.sums_by_month(customer_id=agreement.customer_id)
    assert sum(one.amount_minor for one in balance if one.account == "unbilled_receivable") == 0


def test_what_is_on_credit_is_accrued_no_more_once_a_card_has_paid_it(engine):
    agreement = on_credit(engine, "both")
    use(engine, agreement, 40)
    until(engine, 2, 10)
    assert changes(engine, agreement.customer_id) == {1: 54 + 40}
    add_card(engine, customer_id=agreement.customer_id, card=card())

    with engine.read() as tx:
        [due] = changes_unpaid(tx, tx.customers.get(agreement.customer_id), at=engine.now())
    collect_pending(engine, customer_id=agreement.customer_id, terms=due.terms)

    # The fee is billed, and its share of January is known since then; the usage is not billed yet.
    assert changes(engine, agreement.customer_id, "unbilled_receivable") == {1: 94, 2: -54}
    assert changes(engine, agreement.customer_id)[1] == 94


def test_what_was_on_credit_and_is_forgiven_is_taken_back_when_the_month_is_over(engine):
    agreement = on_credit(engine, "fee")
    until(engine, 2, 10)
    cancel_agreement(engine, agreement_id=agreement.id, timing="now")

    until(engine, 3)

    assert changes(engine, agreement.customer_id) == {1: 54, 2: -54}


def on_credit(engine, plan_key):
    """Return the agreement of somebody without a card."""
    be_patient(engine)
    return assign_plan(engine, customer_id=payer(engine, number=None).id, plan_key=plan_key)
