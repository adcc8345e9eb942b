"""Late usage: what is kept of each service interval, and what usage that comes after its end is billed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.rating import Graduated, PerUnit, Tier
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.delete_user import delete_user
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import balance_of, bills, decide, invoices_of, timers_of
from tests.contract.late import charged, notes_of, rated_of, recomputed, sell_by_use, use
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, engine_on, payer

FIRST_WEEK = NOON + timedelta(days=5)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


@pytest.fixture
def customer(engine):
    return payer(engine)


def begin(engine, customer, **plan):
    sell_by_use(engine, **plan)
    return subscribe(engine, customer_id=customer.id, plan_key="metered")


def pass_days(engine, days):
    advance(engine, days=days)
    run_due(engine)


def test_a_renewal_keeps_what_each_service_interval_came_to(engine, customer):
    agreement = begin(engine, customer, service="week")
    use(engine, agreement, 10)
    advance(engine, days=8)
    use(engine, agreement, 5)

    pass_days(engine, 20)

    kept = rated_of(engine, agreement)
    assert [(one.period.start.day, int(one.quantity), one.billed.minor) for one in kept] == [
        (31, 10, 10),
        (7, 5, 5),
        (14, 0, 0),
        (21, 0, 0),
    ]
    assert {one.is_closed for one in kept} == {True}
    assert {one.invoice_id for one in kept} == {invoices_of(engine, customer)[-1].id}


def test_usage_that_comes_after_its_invoice_is_billed_a_day_later_by_an_invoice_that_names_what_it_corrects(
    engine, customer
):
    agreement = begin(engine, customer)
    use(engine, agreement, 100)
    pass_days(engine, 28)
    use(engine, agreement, 7, FIRST_WEEK)
    assert timers_of(engine, customer)["adjust"] == engine.now() + timedelta(days=1)

    advance(engine, hours=23)
    use(engine, agreement, 5, FIRST_WEEK)
    pass_days(engine, 1)

    assert charged(engine, customer) == [("renewal", [100]), ("adjustment", [12])]
    renewal, adjustment = invoices_of(engine, customer)
    (line,) = adjustment.lines
    assert line.kind == "adjustment"
    assert line.period == renewal.lines[0].period
    assert line.derivation["corrects"] == {"invoice": renewal.id, "number": renewal.number, "line": 1}
    assert line.derivation["billed_before"] == {"amount_minor": "100", "quantity": "100"}
    assert bills(engine, customer) == [("paid", 100), ("paid", 12)]
    assert "adjust" not in timers_of(engine, customer)


def test_late_usage_of_an_interval_that_came_to_nothing_is_billed_beyond_what_was_included(engine, customer):
    agreement = begin(engine, customer, discount_units=Decimal(100))
    use(engine, agreement, 60)
    pass_days(engine, 28)
    assert charged(engine, customer) == []

    use(engine, agreement, 50, FIRST_WEEK)
    pass_days(engine, 2)

    assert charged(engine, customer) == [("adjustment", [10])]
    assert "corrects" not in invoices_of(engine, customer)[0].lines[0].derivation


def test_late_usage_is_rated_in_its_own_period_and_not_in_the_present_one(engine, customer):
    tiers = Graduated((Tier(Decimal(10), Decimal(100)), Tier(None, Decimal(1))))
    agreement = begin(engine, customer, price=tiers)
    use(engine, agreement, 10)
    pass_days(engine, 28)

    use(engine, agreement, 5, FIRST_WEEK)
    use(engine, agreement, 2)
    pass_days(engine, 31)

    assert charged(engine, customer) == [("renewal", [1_000]), ("adjustment", [5]), ("renewal", [200])]


def test_usage_that_came_before_its_renewal_was_attended_to_is_on_its_invoice(engine, customer):
    agreement = begin(engine, customer)
    advance(engine, days=29)

    use(engine, agreement, 7, FIRST_WEEK)
    run_due(engine)

    assert charged(engine, customer) == [("renewal", [7])]
    assert "adjust" not in timers_of(engine, customer)


def test_usage_can_be_corrected_several_times_and_all_lines_come_to_what_was_used(engine, customer):
    agreement = begin(engine, customer, price=PerUnit(Decimal("33.5")))
    use(engine, agreement, 1)
    pass_days(engine, 28)
    for _ in range(2):
        advance(engine, hours=1)
        use(engine, agreement, 1, FIRST_WEEK)
        pass_days(engine, 2)

    assert charged(engine, customer) == [("renewal", [34]), ("adjustment", [33]), ("adjustment", [34])]
    assert recomputed(engine, customer) == charged(engine, customer)
    (one, _) = (*rated_of(engine, agreement), None)
    assert (one.billed.minor, int(one.quantity), one.is_dirty) == (101, 3, False)


def test_a_total_that_is_corrected_upwards_is_billed(engine, customer):
    agreement = begin(engine, customer)
    use(engine, agreement, 40, NOON + timedelta(0))
    pass_days(engine, 28)

    use(engine, agreement, 55, FIRST_WEEK, kind="absolute")
    pass_days(engine, 2)

    assert charged(engine, customer) == [("renewal", [40]), ("adjustment", [15])]


def test_an_agreement_that_has_ended_is_adjusted_where_its_usage_was_charged(engine, customer):
    decide(engine, unpaid_usage="charge")
    agreement = begin(engine, customer)
    use(engine, agreement, 10)
    advance(engine, days=10)
    cancel_agreement(engine, agreement_id=agreement.id)

    use(engine, agreement, 4, FIRST_WEEK)
    pass_days(engine, 2)

    assert charged(engine, customer) == [("end", [10]), ("adjustment", [4])]
    assert bills(engine, customer)[-1] == ("paid", 4)


def test_what_an_end_has_forgiven_stays_forgiven(engine, customer):
    agreement = begin(engine, customer)
    use(engine, agreement, 10)
    pass_days(engine, 38)
    cancel_agreement(engine, agreement_id=agreement.id)

    use(engine, agreement, 4, NOON + timedelta(days=30))
    assert "adjust" not in timers_of(engine, customer)
    use(engine, agreement, 3, FIRST_WEEK)
    pass_days(engine, 2)

    assert charged(engine, customer) == [("renewal", [10]), ("adjustment", [3])]


def test_usage_from_before_the_agreement_is_refused_since_nobody_had_agreed_to_its_price(engine, customer):
    agreement = begin(engine, customer)
    pass_days(engine, 10)
    for earlier in (NOON - timedelta(days=16), NOON - timedelta(minutes=6)):
        with pytest.raises(InvalidRequest) as refusal:
            use(engine, agreement, 500, earlier)
        assert refusal.value.facts["parameter"] == "used_at"
    use(engine, agreement, 5, NOON - timedelta(minutes=5))  # clocks differ
    pass_days(engine, 18)
    assert charged(engine, customer) == [("renewal", [5])]


def test_usage_under_a_plan_that_was_left_is_billed_by_its_prices(engine, customer):
    agreement = begin(engine, customer)
    sell_by_use(engine, "dearer", price=PerUnit(Decimal(9)))
    use(engine, agreement, 10)
    advance(engine, days=10)
    options = ChangeOptions(is_invoice_now=True)
    changed = change_plan(engine, customer_id=customer.id, plan_key="dearer", options=options)
    use(engine, changed, 1)

    use(engine, agreement, 4, FIRST_WEEK)
    pass_days(engine, 2)

    assert charged(engine, customer) == [("change", [10]), ("adjustment", [4])]
    pass_days(engine, 30)
    assert charged(engine, customer)[-1] == ("renewal", [9])


def test_an_adjustment_that_a_card_declines_is_owed(engine):
    customer = payer(engine, number=DECLINED_WHEN_CHARGED)
    agreement = begin(engine, customer)
    pass_days(engine, 28)

    use(engine, agreement, 4, FIRST_WEEK)
    pass_days(engine, 2)

    assert [(status, amount) for status, amount in bills(engine, customer)] == [("issued", 4)]


def test_late_usage_counts_in_the_present_period_where_that_was_decided(engine, customer):
    decide(engine, late_usage="next_period")
    agreement = begin(engine, customer)
    use(engine, agreement, 10)
    pass_days(engine, 28)

    assert use(engine, agreement, 4, FIRST_WEEK) == 4
    pass_days(engine, 31)

    assert charged(engine, customer) == [("renewal", [10]), ("renewal", [4])]


def test_a_total_that_is_corrected_downwards_is_credited_to_the_balance_and_pays_what_comes_next(engine, customer):
    agreement = begin(engine, customer)
    use(engine, agreement, 40)
    pass_days(engine, 28)

    use(engine, agreement, 25, FIRST_WEEK, kind="absolute")
    pass_days(engine, 2)

    assert notes_of(engine, customer) == [(invoices_of(engine, customer)[0].id, "balance", {1: 15})]
    assert balance_of(engine, customer) == 15
    use(engine, agreement, 100)
    pass_days(engine, 31)
    assert charged(engine, customer) == [("renewal", [40]), ("renewal", [100, -15])]


def test_what_is_owed_is_lowered_where_less_was_used(engine):
    customer = payer(engine, number=DECLINED_WHEN_CHARGED)
    agreement = begin(engine, customer)
    use(engine, agreement, 40)
    pass_days(engine, 28)

    use(engine, agreement, 25, FIRST_WEEK, kind="absolute")
    pass_days(engine, 2)

    (invoice,) = invoices_of(engine, customer)
    assert notes_of(engine, customer) == [(invoice.id, "invoice", {1: 15})]
    assert invoice.amount_due.minor == 25


def test_what_was_billed_last_is_credited_first(engine, customer):
    agreement = begin(engine, customer)
    use(engine, agreement, 40)
    pass_days(engine, 28)
    use(engine, agreement, 10, FIRST_WEEK)
    pass_days(engine, 2)

    use(engine, agreement, 25, FIRST_WEEK + timedelta(days=1), kind="absolute")
    pass_days(engine, 2)

    renewal, adjustment = invoices_of(engine, customer)
    assert sorted(notes_of(engine, customer)) == sorted(
        [(adjustment.id, "balance", {1: 10}), (renewal.id, "balance", {1: 15})]
    )
    use(engine, agreement, 3, FIRST_WEEK + timedelta(days=2))
    pass_days(engine, 2)
    assert charged(engine, customer)[-1] == ("adjustment", [3, -3])
    assert (rated_of(engine, agreement)[0].billed.minor, balance_of(engine, customer)) == (28, 22)


def test_a_coupon_counts_for_late_usage_and_for_what_is_credited(engine, customer):
    create_coupon(engine, key="fifth", name="A fifth", percent_off=Decimal(20), duration="forever")
    sell_by_use(engine)
    options = ChangeOptions(coupon_key="fifth")
    agreement = change_plan(engine, customer_id=customer.id, plan_key="metered", options=options)
    use(engine, agreement, 100)
    pass_days(engine, 28)
    advance(engine, hours=1)
    use(engine, agreement, 10, FIRST_WEEK)
    pass_days(engine, 2)
    advance(engine, hours=1)
    use(engine, agreement, 60, FIRST_WEEK, kind="absolute")
    pass_days(engine, 2)

    assert charged(engine, customer) == [("renewal", [100, -20]), ("adjustment", [10, -2])]
    assert recomputed(engine, customer) == charged(engine, customer)
    assert balance_of(engine, customer) == 8 + 32


def test_more_in_one_interval_and_less_in_another_are_an_invoice_and_a_credit_note(engine, customer):
    agreement = begin(engine, customer)
    use(engine, agreement, 40)
    pass_days(engine, 28)
    use(engine, agreement, 40)
    pass_days(engine, 31)

    use(engine, agreement, 50, FIRST_WEEK, kind="absolute")
    use(engine, agreement, 15, NOON + timedelta(days=40), kind="absolute")
    pass_days(engine, 2)

    assert charged(engine, customer)[2:] == [("adjustment", [10])]
    assert [lines for _, _, lines in notes_of(engine, customer)] == [{1: 25}]


def test_usage_that_comes_to_more_than_can_be_billed_holds_up_nothing_else(engine, customer):
    agreement = begin(engine, customer)
    pass_days(engine, 28)

    use(engine, agreement, "9" * 20, FIRST_WEEK)
    use(engine, agreement, 5)
    pass_days(engine, 31)

    assert charged(engine, customer) == [("renewal", [5])]
    assert set(timers_of(engine, customer)) & {"adjust"} == set()


def test_nobody_is_billed_whose_account_has_been_deleted(engine, customer):
    agreement = begin(engine, customer)
    use(engine, agreement, 10)
    pass_days(engine, 28)
    advance(engine, hours=1)
    delete_user(engine, user_id=customer.user_id)

    use(engine, agreement, 4, FIRST_WEEK)
    pass_days(engine, 2)

    assert charged(engine, customer) == [("renewal", [10])]
