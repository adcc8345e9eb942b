"""What a later invoice has given back of an earlier one, no credit note for that one gives back again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.collection import Supplier, TaxSettings
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.create_tax_rate import create_tax_rate
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_customer import update_customer
from tests.contract.agreements import balance_of, bills, invoices_of, sell
from tests.engines import advance, payer

MISTAKE = "ordered by mistake"
BACK = ChangeOptions(is_prorate=True)


def usd(minor):
    return Money(minor, "USD")


@pytest.fixture
def engine(memory_engine):
    return memory_engine


@pytest.fixture
def customer(engine):
    return payer(engine)


def credited(engine, invoice, wanted=None):
    """Credit an invoice, all that is left of it if nothing is named; return the total of the note."""
    return credit_invoice(engine, invoice_id=invoice.id, wanted=wanted, reason=MISTAKE).note.amount.minor


def half_way(engine, customer, plan_key="pro_monthly", **options):
    """Return an agreement of which half a month of 28 days is over."""
    agreement = subscribe(engine, customer_id=customer.id, plan_key=plan_key, options=ChangeOptions(**options))
    advance(engine, days=14)
    return agreement


def test_what_a_change_of_plan_gave_back_is_not_credited_again(engine, customer):
    half_way(engine, customer)
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=BACK)
    first, second = invoices_of(engine, customer)
    assert bills(engine, customer) == [("paid", 2_900), ("paid", 9_900 - 1_450)]
    assert credited(engine, first) == 1_450
    assert credited(engine, second) == 9_900 - 1_450


def test_a_note_and_the_end_give_back_what_was_paid_once_in_either_order(engine, customer):
    agreement = half_way(engine, customer)
    [first] = invoices_of(engine, customer)
    assert credited(engine, first, usd(1_450)) == 1_450
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)
    assert balance_of(engine, customer) == 725
    assert credited(engine, first) == 725


def test_what_was_given_back_of_a_fee_with_a_coupon_is_what_was_paid_for_it(engine, customer):
    create_coupon(engine, key="HALF", name="Half", percent_off=Decimal(50), duration="forever")
    agreement = half_way(engine, customer, coupon_key="HALF")
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)
    assert (bills(engine, customer)[0], balance_of(engine, customer)) == (("paid", 1_450), 725)
    assert credited(engine, invoices_of(engine, customer)[0]) == 725


def test_tax_that_went_back_with_unused_time_is_not_credited_again(engine, customer):
    tax = TaxSettings(is_enabled=True)
    supplier = Supplier("Alpaca GmbH", Address("AT"), "ATU12345678")
    create_profile(engine, name="Everybody", is_default=True, supplier=supplier, tax=tax)
    create_tax_rate(engine, country="AT", percent=Decimal(20))
    update_customer(engine, customer.id, address=Address("AT"))
    agreement = half_way(engine, customer)
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)
    first, _ = invoices_of(engine, customer)
    assert (first.amount.minor, balance_of(engine, customer)) == (3_480, 1_740)
    assert credited(engine, first) == 1_740


def test_seats_that_were_given_back_are_not_credited_again_nor_given_back_twice_at_the_end(engine, customer):
    sell(engine, "team", seat=700)
    agreement = half_way(engine, customer, plan_key="team", quantities={"seats": 4})
    set_quantity(engine, agreement_id=agreement.id, fee_key="seats", quantity=2, is_prorate=True)
    assert balance_of(engine, customer) == 700
    first, _ = invoices_of(engine, customer)
    assert credited(engine, first, usd(1)) == 1

    advance(engine, days=7)
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)
    back = balance_of(engine, customer)
    assert 700 < back <= 1_050
    assert credited(engine, first) == 2_800 - 1 - back
