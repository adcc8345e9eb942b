"""Figures by month: worked out from what there is, kept, and worked out again whenever somebody wants."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest

from billing_sdk.errors import CardDeclined
from billing_sdk.money import Money
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.roll_up_revenue import RevenueWatch, roll_up_revenue
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.pages.plan_worlds import seat_plan
from tests.engines import DECLINED_WHEN_CHARGED, advance, card, payer


def dollars(engine, month):
    (found,) = (one for one in roll_up_revenue(engine, month) if one.currency == "USD")
    return found


@pytest.fixture
def two_months(engine):
    """January with Ada on Pro; in February Bo comes, who gives up, and a card of Ada's is declined."""
    ada = payer(engine)
    first = subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    record_usage(engine, agreement_id=first.id, feature_key="ai_tokens", value="1200")
    advance(engine, days=5)
    bo = payer(engine, "bo@example.com")
    subscribe(engine, customer_id=bo.id, plan_key="enterprise_monthly")
    advance(engine, days=27)
    with engine.read() as tx:
        second = tx.agreements.live_of(bo.id)[0]
    cancel_agreement(engine, agreement_id=second.id)
    add_card(engine, customer_id=ada.id, card=card(DECLINED_WHEN_CHARGED))
    with suppress(CardDeclined):
        add_charge(engine, customer_id=ada.id, charge=OneOff("Setup", Money(1_900, "USD")), bill_now=True)
    return engine


def test_a_month_tells_of_recurring_revenue_new_customers_and_those_who_are_gone(two_months):
    january, february, march = (dollars(two_months, month) for month in ("2026-01", "2026-02", "2026-03"))
    assert (january.recurring_minor, january.new_minor, january.customers) == (2_900, 2_900, 1)
    assert (february.recurring_minor, february.new_minor, february.customers) == (12_800, 9_900, 2)
    assert (march.recurring_minor, march.churned_minor, march.customers) == (2_900, 9_900, 1)
    assert (march.customer_churn, march.customers_before) == (Decimal("50.0"), 2)


def test_a_month_tells_what_payments_failed_to_pay_and_what_is_still_owed(two_months):
    march = dollars(two_months, "2026-03")
    assert (march.failed_minor, march.recovered_minor, march.open_minor) == (1_900, 0, 1_900)


def test_what_was_earned_is_what_the_books_say(two_months):
    february = dollars(two_months, "2026-02")
    with two_months.read() as tx:
        booked = [one for one in tx.ledger.sums_by_month() if one.month == (2026, 2) and one.account == "revenue"]
    assert february.recognised_minor == -sum(one.amount_minor for one in booked) > 0


def test_what_is_kept_is_worked_out_again_and_stays_one_row(two_months):
    before = dollars(two_months, "2026-02")
    assert dollars(two_months, "2026-02") == before
    with two_months.read() as tx:
        assert tx.revenue_months.list_since("2026-02") == (before,)


def test_a_server_fills_in_what_is_missing_and_lets_fresh_figures_be(two_months):
    watch = RevenueWatch(two_months)
    watch.look()
    with two_months.read() as tx:
        found = tx.revenue_months.list_since("2025-01")
    assert len({one.month for one in found}) == 12
    watch.look()
    with two_months.read() as tx:
        assert tx.revenue_months.list_since("2025-01") == found


def test_more_seats_are_expansion_of_the_month_in_which_they_come(engine):
    seat_plan(engine)
    customer = payer(engine)
    agreement = subscribe(
        engine, customer_id=customer.id, plan_key="desks", options=ChangeOptions(quantities={"desk": 2})
    )
    advance(engine, days=35)
    january, february = dollars(engine, "2026-01"), dollars(engine, "2026-02")
    set_quantity(engine, agreement_id=agreement.id, fee_key="desk", quantity=5)
    march = dollars(engine, "2026-03")

    assert (january.recurring_minor, february.recurring_minor) == (2_000, 2_000)
    assert (march.recurring_before_minor, march.expansion_minor, march.recurring_minor) == (2_000, 3_000, 5_000)
    assert march.new_minor == march.contraction_minor == march.churned_minor == 0
