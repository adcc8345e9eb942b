"""Plans that were assigned on credit: owed until they are paid, each by itself, at the price that was shown."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import CardDeclined, NotFound, PaymentMethodRequired, PriceChanged
from billing_sdk.server.domain.catalog import LicenceFee, Plan, PlanGroup
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.delete_user import delete_user
from billing_sdk.server.usecases.pause_agreement import pause_agreement
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import DECLINED_WHEN_CHARGED, NOON, advance, card, payer
from tests.trip import Trip


def unpaid(engine, customer):
    """Return what a customer owes, by plan."""
    with engine.read() as tx:
        return {change.plan.key: change for change in changes_unpaid(tx, customer, at=engine.now())}


def settle(engine, customer, plan_key):
    return collect_pending(engine, customer_id=customer.id, terms=unpaid(engine, customer)[plan_key].terms)


def paid(engine, customer):
    with engine.read() as tx:
        return [invoice.amount.minor for invoice in tx.invoices.page(customer_id=customer.id).items]


def live_of(engine, customer):
    with engine.read() as tx:
        return [agreement.plan_key for agreement in tx.agreements.live_of(customer.id)]


def publish_support_plan(engine):
    """Publish a plan of a second group for people, so that somebody can be on two."""
    with engine.begin() as tx:
        like = tx.catalog.get_plan("pro_monthly")
        group = PlanGroup(new_id("sbg"), "extras", "Extras", "user", is_default=False)
        terms = Terms(Flat(Decimal(500)))
        fees = tuple(replace(fee, id=new_id("component"), terms=terms) for fee in like.version.of_kind(LicenceFee))
        version = replace(like.version, id=new_id("version"), plan_key="support", components=fees, created_at=NOON)
        tx.plan_groups.add(group)
        tx.catalog.add_plan(Plan.draft(version, name="Support", group=group).selling(version))


def test_a_plan_assigned_without_a_card_is_paid_once_there_is_one(engine):
    customer = payer(engine, number=None)
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    assert (live_of(engine, customer), list(unpaid(engine, customer))) == (["pro_monthly"], ["pro_monthly"])
    with pytest.raises(PaymentMethodRequired):
        settle(engine, customer, "pro_monthly")

    add_card(engine, customer_id=customer.id, card=card())
    agreement = settle(engine, customer, "pro_monthly")

    assert not agreement.is_unpaid
    assert (unpaid(engine, customer), paid(engine, customer)) == ({}, [2_900])


def test_a_declined_card_leaves_an_assigned_plan_unpaid(engine):
    customer = payer(engine, number=None)
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))

    with pytest.raises(CardDeclined):
        settle(engine, customer, "pro_monthly")

    assert list(unpaid(engine, customer)) == ["pro_monthly"]


def test_every_sign_in_asks_for_an_unpaid_plan_until_it_is_paid(engine):
    customer = payer(engine, number=None)
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    declined = Trip(engine)
    declined.sign_in()
    with pytest.raises(CardDeclined):
        declined.pay(DECLINED_WHEN_CHARGED)
    assert declined.step == "payment"
    later = Trip(engine)
    later.sign_in()
    assert later.step == "payment"

    later.pay()

    afterwards = Trip(engine)
    afterwards.sign_in()
    assert (later.step, afterwards.step, paid(engine, customer)) == ("finish", "finish", [2_900])


def test_what_is_owed_is_paid_once_and_at_the_price_that_was_shown(engine):
    customer = payer(engine, number=None)
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    shown = unpaid(engine, customer)["pro_monthly"].terms
    add_card(engine, customer_id=customer.id, card=card())
    with pytest.raises(PriceChanged):
        collect_pending(engine, customer_id=customer.id, terms=shown.replace("29.00", "1.00"))
    assert paid(engine, customer) == []

    collect_pending(engine, customer_id=customer.id, terms=shown)

    with pytest.raises(PriceChanged):
        collect_pending(engine, customer_id=customer.id, terms=shown)
    assert paid(engine, customer) == [2_900]


@pytest.mark.attack(165)
def test_a_plan_is_not_charged_at_another_price_than_the_one_shown(engine):
    customer = payer(engine)

    with pytest.raises(PriceChanged):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", terms="pro_monthly version_0 1.00 USD")

    assert (live_of(engine, customer), paid(engine, customer)) == ([], [])


def test_plans_of_two_groups_are_owed_and_paid_each_by_itself(engine):
    publish_support_plan(engine)
    customer = payer(engine, number=None)
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    assign_plan(engine, customer_id=customer.id, plan_key="support")
    assert list(unpaid(engine, customer)) == ["pro_monthly", "support"]
    trip = Trip(engine)
    trip.sign_in()

    trip.pay()
    assert (trip.step, list(unpaid(engine, customer))) == ("payment", ["support"])
    trip.pay()

    assert (trip.step, unpaid(engine, customer), paid(engine, customer)) == ("finish", {}, [2_900, 500])


def test_an_unpaid_plan_that_ends_is_not_owed_any_more(engine):
    customer = payer(engine, number=None)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")

    cancel_agreement(engine, agreement_id=agreement.id)

    assert unpaid(engine, customer) == {}


def test_an_unpaid_plan_that_is_paused_is_not_owed_meanwhile(engine):
    customer = payer(engine, number=None)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")

    pause_agreement(engine, agreement_id=agreement.id)

    assert unpaid(engine, customer) == {}


def test_the_present_period_is_owed_however_late_it_is_paid(engine):
    customer = payer(engine, number=None)
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")

    advance(engine, days=40)

    (line,) = unpaid(engine, customer)["pro_monthly"].lines
    assert line.period.start <= engine.now() < line.period.end


@pytest.mark.parametrize("plan_key", ["free", "pro_monthly"])
def test_usage_that_is_to_be_charged_is_not_forgotten_for_want_of_a_card(engine, plan_key):
    customer = payer(engine, number=None)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10000")

    with pytest.raises(PaymentMethodRequired):
        assign_plan(engine, customer_id=customer.id, plan_key=plan_key, options=ChangeOptions(is_invoice_now=True))

    assert live_of(engine, customer) == ["enterprise_monthly"]
    assert list(unpaid(engine, customer)) == ["enterprise_monthly"]


def test_nobody_can_be_put_on_a_plan_whose_account_is_deleted(engine):
    customer = payer(engine)
    delete_user(engine, user_id=customer.user_id)

    with pytest.raises(NotFound):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    assert (live_of(engine, customer), paid(engine, customer)) == ([], [])
