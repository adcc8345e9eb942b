"""Invoices that are sent: paid by other means than a card, until a due date, and what follows when they are not."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from billing_sdk.errors import InvoiceNotPayable, ProfileInUse, RefundDeclined
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import DunningPolicy
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.billing_profiles import create_profile, delete_profile
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means, write_off_invoice
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_customer import update_customer
from tests.engines import IN_MEMORY, NOON, advance, engine_on, events_of, payer

DAY = timedelta(days=1)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


@pytest.fixture
def profile(engine):
    policy = DunningPolicy(grace=Duration(days=7), at_end="cancel")
    return create_profile(
        engine, name="By invoice", collection_method="send_invoice", due_after=Duration(days=10), dunning=policy
    )


@pytest.fixture
def customer(engine, profile):
    """Somebody without a card, who pays by invoice."""
    return update_customer(engine, payer(engine, number=None).id, profile_id=profile.id)


def go(engine, days):
    for _ in range(days):
        advance(engine, days=1)
        run_due(engine)


def invoices(engine, customer):
    with engine.read() as tx:
        return tx.invoices.newest_of(customer.id, limit=100)[::-1]


def stored(engine, agreement):
    with engine.read() as tx:
        return tx.agreements.get(agreement.id)


def test_nobody_needs_a_card_to_sign_up(engine, customer):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    [invoice] = invoices(engine, customer)
    assert (invoice.status, invoice.due_at, invoice.amount_due.minor) == ("issued", NOON + 10 * DAY, 2_900)
    assert (agreement.status, agreement.grants, agreement.is_unpaid) == ("active", True, False)
    assert "customer.invoice_issued" in events_of(engine, customer.id)


def test_a_renewal_is_sent_and_due_later(engine, customer):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    pay_by_other_means(engine, invoices(engine, customer)[0].id, reference="wire 1")
    go(engine, 28)
    first, second = invoices(engine, customer)
    assert (first.status, second.status, second.due_at) == ("paid", "issued", NOON + 38 * DAY)
    assert stored(engine, agreement).is_unpaid is False


@pytest.mark.parametrize("is_end", [False, True])
def test_time_that_nobody_has_paid_for_is_not_given_back_and_a_credit_note_takes_it_off_the_open_invoice(
    engine, customer, is_end
):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    advance(engine, days=14)
    if is_end:
        cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)
    else:
        options = ChangeOptions(is_prorate=True)
        subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=options)
    first, *later = invoices(engine, customer)
    assert (first.amount_due.minor, [one.amount.minor for one in later]) == (2_900, [] if is_end else [9_900])

    credit_invoice(engine, invoice_id=first.id, wanted={1: Money(1_450, "USD")}, reason="Unused time")
    pay_by_other_means(engine, first.id, reference="wire 9")
    first, *_ = invoices(engine, customer)
    with engine.read() as tx:
        [payment] = tx.invoices.payments_for(first.id)
        assert (payment.amount.minor, tx.credits.balance(customer.id, "USD").minor) == (1_450, 0)


def test_what_is_not_paid_by_its_due_date_is_overdue_then_closes_access_and_ends_the_agreement(engine, customer):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    go(engine, 9)
    assert (invoices(engine, customer)[0].status, stored(engine, agreement).is_unpaid) == ("issued", False)
    go(engine, 1)
    found = stored(engine, agreement)
    assert (invoices(engine, customer)[0].status, found.is_unpaid, found.grants) == ("overdue", True, True)
    go(engine, 7)
    assert (stored(engine, agreement).status, invoices(engine, customer)[0].status) == ("cancelled", "overdue")
    told = [type_ for type_ in events_of(engine, customer.id) if "overdue" in type_ or "dunning" in type_]
    assert told == ["customer.invoice_overdue", "customer.dunning_started", "customer.dunning_ended"]


def test_a_transfer_that_arrives_in_time_leaves_nothing_to_follow(engine, customer):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    go(engine, 5)
    invoice = pay_by_other_means(engine, invoices(engine, customer)[0].id, reference="wire 7")
    go(engine, 20)
    assert (invoice.status, stored(engine, agreement).grants) == ("paid", True)
    with engine.read() as tx:
        [payment] = tx.invoices.payments_for(invoice.id)
        assert tx.dunnings.find(invoice.id) is None
    assert (payment.method.label, payment.reference) == ("Other means", "wire 7")


def test_no_card_is_asked_to_pay_back_what_came_by_other_means_whatever_was_noted_of_it(engine, customer):
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    invoice = pay_by_other_means(engine, invoices(engine, customer)[0].id, reference="wire 7")
    take_back = partial(
        credit_invoice, engine, invoice_id=invoice.id, wanted=Money(300, "USD"), reason="a mistake", source="api"
    )
    with pytest.raises(RefundDeclined, match="not paid by card"):
        take_back(destination="refund")
    done = take_back()
    assert (done.note.number, done.note.destination, done.refund) == ("CN-000001", "balance", None)


def test_a_late_transfer_brings_everything_back(engine, customer, profile):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    go(engine, 12)
    pay_by_other_means(engine, invoices(engine, customer)[0].id)
    found = stored(engine, agreement)
    assert (found.is_unpaid, found.grants) == (False, True)
    go(engine, 10)
    assert stored(engine, agreement).status == "active"


def test_what_is_paid_or_given_up_is_not_settled_again(engine, customer):
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    invoice = invoices(engine, customer)[0]
    pay_by_other_means(engine, invoice.id)
    before = events_of(engine, customer.id)
    for settle in (pay_by_other_means, write_off_invoice):
        with pytest.raises(InvoiceNotPayable, match="paid"):
            settle(engine, invoice.id)
    assert events_of(engine, customer.id) == before


def test_a_profile_is_in_use_until_its_invoices_are_settled(engine, customer, profile):
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    update_customer(engine, customer.id, profile_id=None)
    with pytest.raises(ProfileInUse, match="1 invoices"):
        delete_profile(engine, profile.id)
    pay_by_other_means(engine, invoices(engine, customer)[0].id)
    delete_profile(engine, profile.id)
