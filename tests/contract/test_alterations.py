"""Other numbers in mid period: charged for the rest, once, and given back no further than they were paid."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import CardDeclined, PaymentMethodRequired
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Phase
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.storage.tables.billing import payment_methods
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.apply_coupon import apply_coupon
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_add_on import set_add_on
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import balance_of, bills, invoices_of, sell, stored
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, advance, card, engine_on, payer


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        sell(opened, "team", seat=700)
        yield opened


@pytest.fixture
def customer(engine):
    return payer(engine)


def on(engine, customer, plan_key="team", seats=5, **options):
    wish = ChangeOptions(quantities={"seats": seats}, **options)
    return subscribe(engine, customer_id=customer.id, plan_key=plan_key, options=wish)


def seats(engine, agreement, number, **how):
    return set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=number, **how)


def extras(engine, agreement, number, **how):
    """Take so many of the add-on that costs 5.00 a month."""
    return set_add_on(engine, agreement_id=agreement.id, plan_key="onboarding_help", quantity=number, **how)


def pass_days(engine, days):
    advance(engine, days=days)
    run_due(engine)


def sell_by_the_month(engine):
    """Publish a plan that is billed every three months, with seats for 7.00 a month."""
    _sell_changed(engine, "quarterly", cadence=Cadence("month", 3), service=Cadence("month"))


def sell_with_phase(engine):
    """Publish a plan whose seats cost 1.00 in the first month, and 7.00 from then on."""
    _sell_changed(engine, "phased", opening=Terms(PerUnit(Decimal(100))))


def _sell_changed(engine, key, *, service=None, opening=None, **version):
    sell(engine, f"like_{key}", seat=700)
    with engine.begin() as tx:
        like = tx.catalog.get_plan(f"like_{key}")
        fees = tuple(
            replace(one, id=f"fee_{key}", service=service) if hasattr(one, "terms") else one
            for one in like.version.components
        )
        if opening is not None:
            cheaper = tuple(
                replace(one, id=f"fee_{key}_opening", terms=opening) if hasattr(one, "terms") else one for one in fees
            )
            version["opening_phases"] = (Phase("opening", "Opening", 1, cheaper),)
        made = replace(like.version, id=f"version_of_{key}", plan_key=key, components=fees, **version)
        tx.catalog.add_plan(replace(like, key=key, version=made, latest_version_id=made.id, live_version_id=made.id))


def with_declined_renewal(engine, customer):
    """Return an agreement for one seat whose renewal of a moment ago was declined."""
    agreement = on(engine, customer, seats=1)
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    pass_days(engine, 28)
    assert bills(engine, customer) == [("paid", 700), ("issued", 700)]
    return agreement


def test_seats_that_are_added_while_an_invoice_is_open_are_charged_like_any_others(engine, customer):
    agreement = with_declined_renewal(engine, customer)
    with pytest.raises(CardDeclined):
        seats(engine, agreement, 1_000)
    with pytest.raises(CardDeclined):
        extras(engine, agreement, 50)
    assert (stored(engine, agreement).quantities, stored(engine, agreement).add_ons) == ({"seats": 1}, ())

    add_card(engine, customer_id=customer.id, card=card())
    more = seats(engine, agreement, 11)
    assert (more.is_unpaid, bills(engine, customer)[1:]) == (True, [("issued", 700), ("paid", 7_000)])


def test_seats_that_are_added_while_an_invoice_is_open_need_a_card(engine, customer):
    agreement = with_declined_renewal(engine, customer)
    with engine.begin() as tx:
        tx.agreements._connection.execute(payment_methods.delete())

    with pytest.raises(PaymentMethodRequired):
        seats(engine, agreement, 1_000)


def test_what_an_open_invoice_asks_for_is_not_given_back(engine, customer):
    agreement = on(engine, customer, seats=20)
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    pass_days(engine, 28)

    seats(engine, agreement, 1, is_prorate=True)
    assert balance_of(engine, customer) == 0
    assert bills(engine, customer) == [("paid", 14_000), ("issued", 14_000)]

    seats(engine, agreement, 20)  # they are still asked for, so they cost nothing more
    assert len(bills(engine, customer)) == 2


@pytest.mark.parametrize(
    ("coupon", "given_back"),
    [
        pytest.param({"percent_off": Decimal(100)}, 0, id="nothing was paid"),
        pytest.param({"amount_off": [Money(7_000, "USD")]}, 7_000 * 19 // 20 // 2, id="half was paid"),
    ],
)
def test_no_more_is_given_back_for_seats_than_was_paid_for_them(engine, customer, coupon, given_back):
    create_coupon(engine, key="OFF", name="Off", duration="once", **coupon)
    agreement = on(engine, customer, seats=20, coupon_key="OFF")
    advance(engine, days=14)

    seats(engine, agreement, 1, is_prorate=True)

    assert balance_of(engine, customer) == given_back


def test_a_coupon_of_later_does_not_lower_what_is_given_back(engine, customer):
    create_coupon(engine, key="HALF", name="Half", percent_off=Decimal(50), duration="forever")
    agreement = on(engine, customer, seats=20)
    apply_coupon(engine, agreement_id=agreement.id, coupon_key="HALF")
    advance(engine, days=14)

    seats(engine, agreement, 1, is_prorate=True)

    assert balance_of(engine, customer) == 19 * 700 // 2


def test_seats_in_an_opening_phase_cost_what_they_cost_in_it(engine, customer):
    sell_with_phase(engine)
    agreement = on(engine, customer, "phased", seats=1)
    advance(engine, days=14)

    seats(engine, agreement, 11)
    assert bills(engine, customer) == [("paid", 100), ("paid", 500)]
    seats(engine, agreement, 1, is_prorate=True)
    assert balance_of(engine, customer) == 500

    pass_days(engine, 14)
    assert bills(engine, customer)[-1] == ("paid", 700 - 500)


def test_monthly_seats_of_a_quarter_are_charged_by_the_number_at_each_start_and_what_came_within(engine, customer):
    """From January 31: one seat; 1000 from the start of the second month; one again a day before the quarter ends."""
    sell_by_the_month(engine)
    agreement = on(engine, customer, "quarterly", seats=1)
    advance(engine, days=28)
    seats(engine, agreement, 1_000)
    assert bills(engine, customer) == [("paid", 700)]  # the second month is billed with the quarter
    advance(engine, days=60)
    seats(engine, agreement, 1)
    pass_days(engine, 1)

    assert [line.amount.minor for line in invoices_of(engine, customer)[-1].lines] == [700_000, 700_000, 700]


def test_monthly_seats_that_come_within_a_month_are_charged_for_the_rest_of_it_and_not_before(engine, customer):
    sell_by_the_month(engine)
    agreement = on(engine, customer, "quarterly", seats=1)
    advance(engine, days=28 + 15)  # 16 of the 31 days to March 31 are left
    seats(engine, agreement, 32)

    assert bills(engine, customer)[-1] == ("paid", 31 * 700 * 16 // 31)
    pass_days(engine, 16 + 30)
    amounts = sorted(line.amount.minor for line in invoices_of(engine, customer)[-1].lines)
    assert amounts == [700, 32 * 700, 32 * 700]


def test_monthly_seats_that_are_given_up_within_a_month_are_billed_until_then_where_they_are_given_back(
    engine, customer
):
    sell_by_the_month(engine)
    agreement = on(engine, customer, "quarterly", seats=31)
    advance(engine, days=28 + 15)
    seats(engine, agreement, 1, is_prorate=True)

    assert balance_of(engine, customer) == 0  # nothing of the month was paid yet
    pass_days(engine, 16 + 30)
    amounts = [line.amount.minor for line in invoices_of(engine, customer)[-1].lines]
    assert sorted(amounts) == sorted([round(31 * 700 * 15 / 31), round(700 * 16 / 31), 700, 700])


def test_a_month_that_is_under_way_is_charged_in_part_when_the_agreement_ends_and_the_rest_is_given_back(
    engine, customer
):
    sell_by_the_month(engine)
    agreement = on(engine, customer, "quarterly", seats=31)
    advance(engine, days=28 + 15)

    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)

    assert bills(engine, customer)[-1] == ("paid", 31 * 700 * 15 // 31)


@pytest.mark.parametrize("change", [seats, extras])
def test_what_is_given_up_and_not_given_back_can_be_had_again_for_nothing(engine, customer, change):
    agreement = on(engine, customer)
    advance(engine, days=7)
    change(engine, agreement, 10)
    paid = bills(engine, customer)

    change(engine, agreement, 1)
    change(engine, agreement, 10)
    assert bills(engine, customer) == paid

    change(engine, agreement, 11)
    assert len(bills(engine, customer)) == len(paid) + 1


def test_an_add_on_that_was_removed_and_kept_paid_is_added_again_for_nothing(engine, customer):
    agreement = on(engine, customer)
    extras(engine, agreement, 2)
    paid = bills(engine, customer)

    extras(engine, agreement, 0)
    extras(engine, agreement, 2)

    assert bills(engine, customer) == paid


@pytest.mark.parametrize("periods_on", [0, 1])
def test_seats_are_discounted_as_the_period_that_they_come_in(engine, customer, periods_on):
    create_coupon(engine, key="TWO", name="Two", percent_off=Decimal(50), duration="repeating", periods=2)
    agreement = on(engine, customer, coupon_key="TWO")
    pass_days(engine, 28 * periods_on)

    seats(engine, agreement, 6)

    assert bills(engine, customer)[-1] == ("paid", 350)


def test_a_pause_that_outlasts_the_period_is_resumed_at_a_price_though_an_invoice_is_open(engine, customer):
    agreement = with_declined_renewal(engine, customer)  # on February 28, until March 31
    pause_agreement(engine, agreement_id=agreement.id)
    pass_days(engine, 31 + 15)
    with pytest.raises(CardDeclined):
        resume_agreement(engine, agreement_id=agreement.id)

    add_card(engine, customer_id=customer.id, card=card())
    resumed = resume_agreement(engine, agreement_id=agreement.id)

    assert bills(engine, customer)[1:] == [("overdue", 700), ("paid", 350)]
    assert (resumed.status, resumed.is_unpaid) == ("active", True)


def test_seats_that_come_and_go_on_credit_are_on_the_invoice_once_there_is_one(engine):
    customer = payer(engine, "bob@example.com", number=None)
    wish = ChangeOptions(quantities={"seats": 1}, may_owe=True)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="team", options=wish)
    advance(engine, days=7)
    seats(engine, agreement, 9)
    advance(engine, days=14)
    seats(engine, agreement, 1, is_prorate=True)
    assert bills(engine, customer) == []

    add_card(engine, customer_id=customer.id, card=card())
    with engine.read() as tx:
        (owed,) = changes_unpaid(tx, customer, at=engine.now())
    collect_pending(engine, customer_id=customer.id, terms=owed.terms)

    assert [line.amount.minor for line in invoices_of(engine, customer)[0].lines] == [175, 3_150, 175]
    seats(engine, agreement, 2)
    assert bills(engine, customer)[-1] == ("paid", 175)


def test_an_add_on_that_comes_on_credit_is_on_the_invoice_once_there_is_one(engine):
    customer = payer(engine, "bob@example.com", number=None)
    wish = ChangeOptions(quantities={"seats": 1}, may_owe=True)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="team", options=wish)
    advance(engine, days=14)
    extras(engine, agreement, 2)
    pass_days(engine, 14)

    (invoice,) = invoices_of(engine, customer)
    assert (invoice.status, sorted(line.amount.minor for line in invoice.lines)) == ("overdue", [500, 700, 700, 1_000])


def test_an_add_on_that_comes_and_goes_on_credit_is_billed_for_the_time_in_between(engine):
    customer = payer(engine, "bob@example.com", number=None)
    wish = ChangeOptions(quantities={"seats": 1}, may_owe=True)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="team", options=wish)
    advance(engine, days=7)
    extras(engine, agreement, 2)
    advance(engine, days=14)
    extras(engine, agreement, 0, is_prorate=True)
    pass_days(engine, 7)
    pass_days(engine, 31)

    first, second = invoices_of(engine, customer)
    assert sorted(line.amount.minor for line in first.lines) == [500, 700, 700]
    assert second.amount.minor == 700


def test_a_pause_on_credit_that_outlasts_the_period_needs_a_card_and_is_then_paid_for(engine):
    customer = payer(engine, "bob@example.com", number=None)
    wish = ChangeOptions(quantities={"seats": 1}, may_owe=True)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="team", options=wish)
    pause_agreement(engine, agreement_id=agreement.id)
    pass_days(engine, 28)
    with pytest.raises(PaymentMethodRequired):
        resume_agreement(engine, agreement_id=agreement.id)

    add_card(engine, customer_id=customer.id, card=card())
    resumed = resume_agreement(engine, agreement_id=agreement.id)

    assert (resumed.is_unpaid, bills(engine, customer)) == (False, [("paid", 700)])


def test_what_the_first_invoice_settles_of_the_plan_before_is_not_given_back_with_the_new_one(engine, customer):
    sell_by_the_month(engine)
    on(engine, customer, "quarterly", seats=1)
    advance(engine, days=28 + 15)
    agreement = on(engine, customer, seats=1)
    assert bills(engine, customer)[-1] == ("paid", 700 + 700)  # a month of the old plan, and one of the new

    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)

    assert balance_of(engine, customer) == 700
