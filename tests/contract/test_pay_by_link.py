"""An invoice paid by whoever has its address: with which card, once, and without a trace of how the customer pays."""

from __future__ import annotations

import pytest

from billing_sdk.errors import (
    AuthenticationRequired,
    BillingError,
    CardDeclined,
    CardRefused,
    Conflict,
    InvoiceNotPayable,
    PaymentPending,
    PriceChanged,
    RateLimited,
)
from billing_sdk.money import Money, zero
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.confirm_payment import confirm_payment
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.pay_by_link import ACTOR, pay_by_link
from billing_sdk.server.usecases.pay_now import pay_now
from billing_sdk.server.usecases.void_invoice import void_invoice
from tests.contract.agreements import rows
from tests.contract.test_usecases_at_once import at_once
from tests.engines import BUILT_IN_ID, DECLINED_WHEN_CHARGED, advance, card, events_of, payer

DUE = Money(1_900, "USD")
ALWAYS_ASKS = "4000002760003184"


def owed_by(engine, email="ada@example.com", *, number=None):
    """Return an invoice that is owed by somebody whose card is declined, or who has none."""
    customer = payer(engine, email, number=number)
    return add_charge(engine, customer_id=customer.id, charge=OneOff("Setup", DUE), bill_now=True)


def pay(engine, invoice, number="5555555555554444", shown=DUE, **more):
    return pay_by_link(engine, invoice_id=invoice.id, card=card(number), shown=shown, **more)


def payments_of(engine, invoice):
    with engine.read() as tx:
        found = tx.invoices.list_payments(customer_id=invoice.customer_id).items
    return [f"{one.status} {one.amount} {one.method.label}" for one in found]


def methods_of(engine, invoice):
    with engine.read() as tx:
        return tx.customers.methods_of(invoice.customer_id), tx.customers.find_payment_method(invoice.customer_id)


def test_a_card_that_pays_by_the_address_is_charged_and_becomes_nobodys_payment_method(engine):
    invoice = owed_by(engine)
    assert pay(engine, invoice).status == "paid"
    assert payments_of(engine, invoice) == ["succeeded 19.00 USD Mastercard ending in 4444"]
    assert methods_of(engine, invoice) == ((), None)
    assert "customer.dunning_ended" in events_of(engine, invoice.customer_id)
    with engine.read() as tx:
        assert ACTOR in {record["actor"] for record in tx.audit.of(invoice.id)}


def test_the_customers_own_card_stays_what_is_charged_from_then_on(memory_engine):
    invoice = owed_by(memory_engine, number=DECLINED_WHEN_CHARGED)
    before = methods_of(memory_engine, invoice)
    pay(memory_engine, invoice)
    assert methods_of(memory_engine, invoice) == before


def test_an_invoice_that_is_paid_by_its_address_many_times_at_once_is_paid_once(engine):
    invoice = owed_by(engine)

    def attempt(_):
        try:
            return pay(engine, invoice).status
        except (Conflict, PriceChanged) as error:
            return error.code

    assert "paid" in at_once(attempt, 4)
    assert payments_of(engine, invoice) == ["succeeded 19.00 USD Mastercard ending in 4444"]


@pytest.mark.attack(210)
def test_what_was_not_shown_and_what_is_not_owed_is_not_charged_and_leaves_nothing_behind(memory_engine):
    engine = memory_engine
    invoice, voided, paid = (owed_by(engine, f"{name}@example.com") for name in "abc")
    credit_invoice(engine, invoice_id=invoice.id, wanted=Money(500, "USD"), reason="Late")
    void_invoice(engine, invoice_id=voided.id)
    pay(engine, paid)
    before = rows(engine)
    for shown in (DUE, zero("USD"), Money(1_400, "EUR")):
        with pytest.raises(PriceChanged):
            pay(engine, invoice, shown=shown)
    for one in (voided, paid):
        with pytest.raises(InvoiceNotPayable):
            pay(engine, one)
    assert rows(engine) == before
    assert pay(engine, invoice, shown=Money(1_400, "USD")).status == "paid"


@pytest.mark.attack(210)
def test_nobody_tries_out_cards_by_the_address_of_an_invoice(memory_engine):
    engine, refusals = memory_engine, []
    invoice, other = owed_by(engine), owed_by(engine, "other@example.com")
    for _ in range(12):
        with pytest.raises(BillingError) as refused:
            pay(engine, invoice, DECLINED_WHEN_CHARGED, address="192.0.2.1")
        refusals.append(type(refused.value))
    assert refusals == [CardDeclined] * 10 + [RateLimited] * 2
    with pytest.raises(RateLimited):
        pay(engine, other, address="192.0.2.1")
    assert pay(engine, other, address="192.0.2.2").status == "paid"
    advance(engine, minutes=1)
    assert pay(engine, invoice, address="192.0.2.2").status == "paid"


def test_a_card_that_is_not_taken_leaves_everything_as_it_was(memory_engine):
    invoice = owed_by(memory_engine)
    for number, year, error in (("4000000000009995", 2034, CardDeclined), ("4242424242424242", 2020, CardRefused)):
        entry = CardEntry(number=number, exp_month=12, exp_year=year, cvc="123")
        with pytest.raises(error):
            pay_by_link(memory_engine, invoice_id=invoice.id, card=entry, shown=DUE)
    assert (payments_of(memory_engine, invoice), methods_of(memory_engine, invoice)) == ([], ((), None))


def test_a_payment_that_its_payer_confirms_pays_and_one_given_up_makes_way_for_another_card(engine):
    invoice = owed_by(engine)
    places = []
    for _ in range(2):
        with pytest.raises(AuthenticationRequired) as waits:
            pay(engine, invoice, ALWAYS_ASKS)
        places.append(str(waits.value.facts["url"]).rpartition("/")[2])
    assert confirm_payment(engine, places[0], is_confirmed=True) == "over"
    assert confirm_payment(engine, places[1], is_confirmed=True) == "paid"
    assert [one.partition(" ")[0] for one in payments_of(engine, invoice)] == ["failed", "succeeded"]
    assert methods_of(engine, invoice) == ((), None)


@pytest.mark.attack(210)
def test_whoever_pays_by_the_address_is_not_led_to_where_the_customers_own_card_waits(memory_engine, monkeypatch):
    engine = memory_engine
    invoice = owed_by(engine, number=ALWAYS_ASKS)
    with engine.read() as tx:
        own = tx.charges.of_invoice(invoice.id)
    assert own.awaits.reason == "authentication"
    # Somebody who pays at the same moment: the attempt has begun once others were given up.
    monkeypatch.setattr("billing_sdk.server.usecases.pay_now.make_way", lambda *_, **__: None)
    with pytest.raises(PaymentPending) as told:
        pay(engine, invoice)
    assert "url" not in told.value.facts
    monkeypatch.undo()
    assert pay(engine, invoice).status == "paid"


def test_an_early_attempt_that_is_declined_starts_no_reminders(memory_engine):
    engine = memory_engine
    update_profile(engine, BUILT_IN_ID, collection_method="send_invoice")
    invoice = owed_by(engine, number=DECLINED_WHEN_CHARGED)
    assert invoice.status == "issued"
    with pytest.raises(CardDeclined):
        pay(engine, invoice, DECLINED_WHEN_CHARGED)
    with pytest.raises(CardDeclined):
        pay_now(engine, invoice_id=invoice.id)
    with engine.read() as tx:
        assert tx.dunnings.find(invoice.id) is None
    assert pay(engine, invoice).status == "paid"
